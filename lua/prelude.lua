-- The prelude: what scripts share. It goes behind the first line (`#!lua …`) of every other script, or where that one
-- says `-- prelude`, so all of this is local to one call. Redis runs all of a script at each call: of the blocks here,
-- divided by blank lines, a script is given those that it names, and those that they name, each as late as it can be.
--
-- Conventions (the key table is in README.md):
--   * KEYS[1] places the call in its shard; every other key is built from the prefix P, which holds the same hash tag.
--   * Outcomes are words, absence is `false`, times are epoch milliseconds by Redis's clock.
--   * Each function that writes has read and checked before: Redis does not roll back.

local P = ARGV[1] -- `kefu:{S}:`
local call = redis.call
local floor, find, sub, byte, gsub = math.floor, string.find, string.sub, string.byte, string.gsub

-- Times as text, each made once a call: turning a number into text is among the dearest things that Lua does here.
local texts = {}

-- The one clock, read at most once a call. Tests replace exactly this read by one of a key of theirs.
local function clock()
  local time = redis.call('TIME')
  local at = time[1] .. sub('000000' .. time[2], -6, -4)
  local now = tonumber(at)
  texts[now] = at
  return now
end

-- Milliseconds as text: Lua's own conversion keeps 14 digits, which a score of `ready` fills.
local function text(ms)
  local known = texts[ms]
  if not known then
    known = string.format('%d', ms)
    texts[ms] = known
  end
  return known
end

-- Whether `a` stands before `b` among members of one score. (`<` would go by the locale that Redis was started with.)
local function precedes(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = byte(a, i), byte(b, i)
    if x ~= y then
      return x < y
    end
  end
  return #a < #b
end

-- One page of a sorted set from its end, members and scores by turns: what stands before the cursor, which is the last
-- member seen and its score, or from the very end when that is ''.
local function page_before(key, score, member, limit)
  if score == '' then
    return call('ZREVRANGE', key, 0, limit - 1, 'WITHSCORES')
  end
  local rank = call('ZSCORE', key, member) == score and call('ZREVRANK', key, member)
  if rank then
    return call('ZREVRANGE', key, rank + 1, rank + limit, 'WITHSCORES')
  end
  -- The member is gone (or issued anew): step over what stood before it.
  local skipped = 0
  for _, id in ipairs(call('ZRANGE', key, score, score, 'BYSCORE', 'REV')) do
    if not precedes(id, member) then
      skipped = skipped + 1
    end
  end
  return call('ZRANGE', key, score, '-inf', 'BYSCORE', 'REV', 'LIMIT', skipped, limit, 'WITHSCORES')
end

-- An id as it stands in a key: no two ids can build the same key.
local escapes = { ['%'] = '%25', [':'] = '%3A' }
local function escaped(id)
  if find(id, '[%%:]') then
    return (gsub(id, '[%%:]', escapes))
  end
  return id
end

local function task_key(id)
  return P .. 'task:' .. escaped(id)
end

local function customer_key(customer)
  return P .. 'customer:' .. escaped(customer)
end

-- Scores of `ready`: priority first, then the time it fired. One ZRANGE shows the order.
local ranks = { urgent = 1e13, high = 2e13, normal = 3e13 }

-- What every transition needs of a record, its key and id in it, or nil when there is none.
local function load(id)
  local key = task_key(id)
  local v = call('HMGET', key, 'status', 'customer_id', 'priority', 'trigger_type', 'generation', 'attempts',
    'created_at', 'triggered_at', 'timeline', 'callback_seq', 'armed', 'owner', 'retry_count', 'max_retry',
    'cancel_requested', 'traceparent')
  return v[1] and {
    id = id, key = key, status = v[1], customer_id = v[2], priority = v[3], trigger_type = v[4], generation = v[5],
    attempts = v[6], created_at = v[7], triggered_at = v[8], timeline = v[9], callback_seq = v[10], armed = v[11],
    owner = v[12], retry_count = v[13], max_retry = v[14], cancel_requested = v[15],
    traceparent = v[16],
  }
end

-- Adds what `load` leaves out because few records have it: `cancel_reason`, `lost`, `lost_until`.
local function load_losses(r)
  local v = call('HMGET', r.key, 'cancel_reason', 'lost', 'lost_until')
  r.cancel_reason, r.lost, r.lost_until = v[1], v[2], v[3]
end

-- One entry of the live stream, in one field: task, status, cause, time, customer and generation, none of which has a
-- space in it. `sweep` keeps the stream short.
local function publish(r, status, cause, now)
  local change = r.id .. ' ' .. status .. ' ' .. cause .. ' ' .. text(now) .. ' ' .. r.customer_id
  call('XADD', P .. 'changes', '*', 'change', change .. ' ' .. r.generation)
end

-- The longest timeline that is kept, in bytes; older entries go first.
local TIMELINE_LIMIT = 2000

-- The timeline with one more entry. Acceptance (`created_at`) is its first and not written out.
local function extended(timeline, status, now)
  local line = (timeline and timeline .. ',' or '') .. status .. ' ' .. text(now)
  while #line > TIMELINE_LIMIT do
    line = sub(line, find(line, ',', 1, true) + 1)
  end
  return line
end

-- Appends a field and its value to a flat list of such, when there is a value.
local function add(fields, name, value)
  if value then
    local n = #fields
    fields[n + 1], fields[n + 2] = name, value
  end
end

-- Whether a state is called back: `called_back` is the comma-separated setting. (No state's name is in another's.)
local function is_called_back(called_back, status)
  return find(called_back, status, 1, true)
end

-- Queues the callback of a transition and returns its contents as `callback` hands them out, or false.
-- `changes`: fields and values that the caller writes into the record afterwards; what a callback adds goes there too.
-- `held_until`: the outbox score, now or the end of the caller's claim of it.
local function queue_callback(called_back, r, status, now, outcome, held_until, changes)
  if not is_called_back(called_back, status) then
    return false
  end
  local seq = text((tonumber(r.callback_seq) or 0) + 1)
  local identity = r.id .. '\n' .. r.created_at .. '\n' .. r.generation .. '\n' .. seq
  local callback = 'cb_' .. sub(redis.sha1hex(identity), 1, 32)
  r.callback_seq = seq
  add(changes, 'callback_seq', seq)
  local attempts = r.attempts or '0'
  local fields = {
    'task_id', r.id, 'status', status, 'at', text(now), 'generation', r.generation, 'task_attempts', attempts,
    'customer_id', r.customer_id, 'attempts', held_until > now and '1' or '0',
  }
  add(fields, 'seq', seq ~= '1' and seq)
  add(fields, 'error', outcome.error)
  add(fields, 'error_code', outcome.error_code)
  add(fields, 'result', outcome.result)
  add(fields, 'traceparent', r.traceparent)
  call('HSET', P .. 'callback:' .. callback, unpack(fields))
  call('ZADD', P .. 'callbacks', text(held_until), callback)
  return {
    callback, r.id, status, text(now), r.generation, attempts, r.customer_id, 0, text(held_until),
    outcome.error or false, outcome.error_code or false, outcome.result or false, r.traceparent or false,
  }
end

-- Takes a task out of the index and of the queues in which it waits for its triggers. `armed` names the entries, a line
-- each, and `scheduled` when one of several triggers is a time.
local function disarm(r)
  if r.armed then
    for name in string.gmatch(r.armed, '[^\n]+') do
      if name == 'scheduled' then
        call('ZREM', P .. 'scheduled', r.id)
      else
        call('HDEL', P .. 'armed:' .. escaped(r.customer_id) .. ':' .. name, r.id)
      end
    end
    call('HDEL', r.key, 'armed')
  end
  call('ZREM', P .. 'timeouts', r.id)
  if r.trigger_type == 'time_reach' then
    call('ZREM', P .. 'scheduled', r.id)
  end
end

-- The event of a time_reach, without `at`.
local TIME_EVENT = '{"type":"time_reach"}'

-- An event as a record keeps it, with the time at which it came: `event` is the JSON object without.
local function event_at(event, came)
  return '{"at":' .. text(came) .. ',' .. sub(event, 2)
end

-- A trigger has come: the task stands in `ready` from here on, and waits for nothing else. `event`: as kept.
local function trigger(r, event, now)
  disarm(r)
  call('HSET', r.key, 'triggered_at', text(now), 'trigger_event', event)
  call('ZADD', P .. 'ready', text(ranks[r.priority] + now), r.id)
  publish(r, 'waiting', 'triggered', now)
end

-- Ends a task for now: `completed`, `failed` or `cancelled`. The caller has taken it out of its queue.
-- `outcome`: error, error_code, result (text or nil). Returns the callback or false.
local function settle(called_back, r, status, now, outcome, held_until)
  -- What an earlier attempt left behind goes first.
  if r.retry_count or r.cancel_requested or r.status == 'failed' then
    call('HDEL', r.key, 'owner', 'next_attempt_at', 'cancel_requested', 'error_message', 'error_code')
  elseif r.owner then
    call('HDEL', r.key, 'owner')
  end
  local changes = { 'status', status, 'completed_at', text(now), 'timeline', extended(r.timeline, status, now) }
  add(changes, 'error_message', outcome.error)
  add(changes, 'error_code', outcome.error_code)
  add(changes, 'result', outcome.result)
  local callback = queue_callback(called_back, r, status, now, outcome, held_until or now, changes)
  call('HSET', r.key, unpack(changes))
  call('ZADD', P .. status, text(now), r.id)
  if r.status ~= 'failed' then
    call('HINCRBY', P .. 'counts', r.priority .. ':' .. r.trigger_type, '-1')
  end
  publish(r, status, outcome.error_code or status, now)
  return callback
end

-- Ends a task whose cancel was asked for while it ran (`load_losses` has been called). An earlier holder that lost its
-- lease may still be sending: until then the task waits in `retrying`, where nothing claims it. Returns the word and
-- the callback or false.
local function settle_cancel(called_back, r, now, held_until)
  local lost_until = tonumber(r.lost_until) or 0
  if now < lost_until then
    local changes = { 'status', 'waiting', 'cancel_requested', '1', 'next_attempt_at', text(lost_until) }
    if r.status == 'running' then
      add(changes, 'timeline', extended(r.timeline, 'waiting', now))
      queue_callback(called_back, r, 'waiting', now, {}, now, changes)
    end
    call('HSET', r.key, unpack(changes))
    call('HDEL', r.key, 'owner')
    call('ZADD', P .. 'retrying', text(lost_until), r.id)
    publish(r, 'waiting', 'cancel_requested', now)
    return 'retrying', false
  end
  return 'cancelled', settle(called_back, r, 'cancelled', now, { error = r.cancel_reason }, held_until)
end
