#!lua flags=allow-oom
-- sweep: moves everything that is due, hands out work, and says when the next thing is due.
--
-- KEYS  1 timeouts             zset  score: deadline
-- ARGV  1 prefix               `kefu:{S}:`
--       2 token                lease token for tasks handed back
--       3 lease                ms
--       4 capacity             tasks the caller can take, ≥ 0
--       5 called_back          comma-separated states
--       6 callback_capacity    callbacks the caller can take, ≥ 0
--       7 callback_hold        ms: how long a callback handed out stays with the caller
--       8 gateway_timeout      ms: how long the last holder of an expired lease may still be sending
--       9 retention            ms: how long what is finished is kept
-- Returns {more, next_due_in, backlog, claims, callbacks, timed_out, reclaimed, lost, cancelled, late, traces}
--         more: 1 when a batch was full; next_due_in: ms, false when nothing will be; timed_out to cancelled: ids;
--         late: ms, of each task that a time fired; traces: id, traceparent, … of timed_out to lost
-- Keeps: deadlines before times; nothing is early; a lost lease costs no retry but is counted.
-- Cost: O(moved · log n), at most BATCH of each kind; a few µs when nothing is due.

local BATCH = 100
-- A task that is lost with its holder this often fails: it may be what kills them.
local LOSSES = 5

local now = clock()
local called_back, lease = ARGV[5], tonumber(ARGV[3])
local more = 0

-- Ids of a queue that are due by `limit`, at most `most` of them, and their scores.
local function due(name, limit, most)
  local found = call('ZRANGE', P .. name, '-inf', text(limit), 'BYSCORE', 'LIMIT', 0, most, 'WITHSCORES')
  local ids, scores = {}, {}
  for i = 1, #found, 2 do
    ids[#ids + 1], scores[#scores + 1] = found[i], found[i + 1]
  end
  if #ids == BATCH then
    more = 1
  end
  return ids, scores
end

-- Calls `move` for each due task of a queue, and its score, after taking it out. A rest without a record is only
-- taken out.
local function each(name, move)
  local ids, scores = due(name, now, BATCH)
  local records = {}
  for i, id in ipairs(ids) do
    records[i] = load(id)
    if records[i] and (name == 'running' or records[i].cancel_requested) then
      load_losses(records[i])
    end
  end
  for i, id in ipairs(ids) do
    call('ZREM', P .. name, id)
    if records[i] then
      move(records[i], scores[i])
    end
  end
end

local timed_out, reclaimed, lost, cancelled, late, traces = {}, {}, {}, {}, {}, {}

-- Notes a task in one of the lists that are answered.
local function tell(list, r)
  list[#list + 1] = r.id
  add(traces, r.id, r.traceparent)
end

each('timeouts', function(r)
  disarm(r)
  settle(called_back, r, 'failed', now, { error = '任务超时：截止时间前触发条件没有出现', error_code = 'timeout' })
  tell(timed_out, r)
end)

each('scheduled', function(r, time)
  if r.status == 'waiting' and not r.triggered_at then
    trigger(r, event_at(TIME_EVENT, now), now)
    late[#late + 1] = now - time
  end
end)

local function end_cancel(r)
  if settle_cancel(called_back, r, now) == 'cancelled' then
    cancelled[#cancelled + 1] = r.id
  end
end

each('retrying', function(r)
  if r.cancel_requested then
    end_cancel(r)
  else
    call('HDEL', r.key, 'next_attempt_at')
    call('ZADD', P .. 'ready', ranks[r.priority] + r.triggered_at, r.id)
    publish(r, 'waiting', 'ready', now)
  end
end)

each('running', function(r)
  local losses = (tonumber(r.lost) or 0) + 1
  r.lost_until = text(now + tonumber(ARGV[8]))
  call('HSET', r.key, 'lost', text(losses), 'lost_until', r.lost_until)
  call('HDEL', r.key, 'owner')
  if r.cancel_requested then
    end_cancel(r)
  elseif losses >= LOSSES then
    settle(called_back, r, 'failed', now, { error = '执行任务的实例多次失联，任务不再重试', error_code = 'lost' })
    tell(lost, r)
  else
    local changes = { 'status', 'waiting', 'timeline', extended(r.timeline, 'waiting', now) }
    queue_callback(called_back, r, 'waiting', now, {}, now, changes)
    call('HSET', r.key, unpack(changes))
    call('ZADD', P .. 'ready', ranks[r.priority] + r.triggered_at, r.id)
    publish(r, 'waiting', 'lease_lost', now)
    tell(reclaimed, r)
  end
end)

-- Retention: what is finished long enough goes, with all that belongs to it.
local kept_since = now - tonumber(ARGV[9])
for _, name in ipairs({ 'completed', 'failed', 'cancelled' }) do
  local ids, records = due(name, kept_since, BATCH), {}
  for i, id in ipairs(ids) do
    records[i] = load(id) or false
  end
  for i, id in ipairs(ids) do
    call('ZREM', P .. name, id)
    call('ZREM', P .. 'created', id)
    if records[i] then
      call('ZREM', customer_key(records[i].customer_id), id)
      call('UNLINK', records[i].key, P .. 'attempts:' .. escaped(id), P .. 'deliveries:' .. escaped(id))
    end
  end
end
for _, callback in ipairs(due('callbacks:dead', kept_since, BATCH)) do
  call('ZREM', P .. 'callbacks:dead', callback)
  call('UNLINK', P .. 'callback:' .. callback)
end

-- The live stream keeps about this many changes, rounded up to whole blocks of Redis's.
call('XTRIM', P .. 'changes', 'MAXLEN', '~', '10000', 'LIMIT', '0')

local claims, left = claim(backlog(), tonumber(ARGV[4]), ARGV[2], lease, called_back, now)

-- Due callbacks: with the caller until now + callback_hold. Those it has no place for are due at its next call.
local callbacks = {}
local held_until = now + tonumber(ARGV[7])
local waiting = due('callbacks', now, math.min(tonumber(ARGV[6]), BATCH))
for i = 1, #waiting do
  local key = P .. 'callback:' .. waiting[i]
  local c = call('HMGET', key, 'task_id', 'status', 'at', 'generation', 'task_attempts', 'customer_id', 'attempts',
    'error', 'error_code', 'result', 'traceparent')
  if c[1] then
    call('HSET', key, 'attempts', text(c[7] + 1))
    call('ZADD', P .. 'callbacks', held_until, waiting[i])
    callbacks[#callbacks + 1] = {
      waiting[i], c[1], c[2], c[3], c[4], c[5], c[6], tonumber(c[7]), text(held_until), c[8], c[9], c[10], c[11],
    }
  else
    call('ZREM', P .. 'callbacks', waiting[i])
  end
end
-- The next moment of all queues. What is left due now (a full batch, callbacks without a place) is none to wait for.
local next_due = false
for _, name in ipairs({ 'timeouts', 'scheduled', 'retrying', 'running', 'callbacks' }) do
  local head = call('ZRANGE', P .. name, '(' .. text(now), '+inf', 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
  local score = tonumber(head[2])
  if score and (not next_due or score < next_due) then
    next_due = score
  end
end
return {
  more, next_due and next_due - now, left, claims, callbacks, timed_out, reclaimed, lost, cancelled,
  late, traces,
}
