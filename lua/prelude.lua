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
    known = string.format('%.0f', ms)
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

-- What every transition needs of a record.
local FIELDS = {
  'status', 'customer_id', 'priority', 'trigger_type', 'generation', 'attempts', 'created_at', 'triggered_at',
  'timeline', 'callback_seq', 'armed', 'owner', 'retry_count', 'max_retry', 'cancel_requested', 'cancel_reason',
  'lost', 'lost_until', 'content', 'next_attempt_at',
}

-- The record of a task, its key and id in it, or nil when there is none.
local function load(id)
  local key = task_key(id)
  local values = call('HMGET', key, unpack(FIELDS))
  if not values[1] then
    return nil
  end
  local r = { id = id, key = key }
  for i, field in ipairs(FIELDS) do
    r[field] = values[i]
  end
  return r
end

-- One entry of the live stream.
local function publish(r, status, cause, now)
  call('XADD', P .. 'changes', 'MAXLEN', '~', '10000', '*', 'task_id', r.id, 'status', status, 'cause', cause,
    'at', text(now), 'customer_id', r.customer_id, 'generation', r.generation)
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

-- Whether a state is called back: `called_back` is the comma-separated setting.
local function is_called_back(called_back, status)
  return find(',' .. called_back .. ',', ',' .. status .. ',', 1, true)
end

-- Queues the callback of a transition and returns its contents as `callback` hands them out, or false.
-- `held_until`: the outbox score, now or the end of the caller's claim of it.
local function queue_callback(called_back, r, status, now, outcome, held_until)
  if not is_called_back(called_back, status) then
    return false
  end
  local seq = (tonumber(r.callback_seq) or 0) + 1
  local identity = table.concat({ r.id, r.created_at, r.generation, seq }, '\n')
  local callback = 'cb_' .. sub(redis.sha1hex(identity), 1, 32)
  r.callback_seq = text(seq)
  local deliveries = held_until > now and 1 or 0
  local fields = {
    'task_id', r.id, 'status', status, 'at', text(now), 'generation', r.generation,
    'task_attempts', r.attempts or '0', 'customer_id', r.customer_id, 'attempts', deliveries,
  }
  for _, name in ipairs({ 'error', 'error_code', 'result' }) do
    if outcome[name] then
      fields[#fields + 1] = name
      fields[#fields + 1] = outcome[name]
    end
  end
  call('HSET', r.key, 'callback_seq', r.callback_seq)
  call('HSET', P .. 'callback:' .. callback, unpack(fields))
  call('ZADD', P .. 'callbacks', text(held_until), callback)
  return {
    callback, r.id, status, text(now), r.generation, r.attempts or '0', r.customer_id, 0, text(held_until),
    outcome.error or false, outcome.error_code or false, outcome.result or false,
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

-- A trigger has come: the task stands in `ready` from here on, and waits for nothing else. `event` is the event's JSON
-- object without `at`; `came`: when it came, if that is not now.
local function trigger(r, event, now, came)
  disarm(r)
  event = '{"at":' .. text(came or now) .. ',' .. sub(event, 2)
  call('HSET', r.key, 'triggered_at', text(now), 'trigger_event', event)
  call('ZADD', P .. 'ready', text(ranks[r.priority] + now), r.id)
  publish(r, 'waiting', 'triggered', now)
end

-- Ends a task for now: `completed`, `failed` or `cancelled`. The caller has taken it out of its queue.
-- `outcome`: error, error_code, result (text or nil). Returns the callback or false.
local function settle(called_back, r, status, now, outcome, held_until)
  local fields = { 'status', status, 'completed_at', text(now), 'timeline', extended(r.timeline, status, now) }
  local names = { error = 'error_message', error_code = 'error_code', result = 'result' }
  for name, field in pairs(names) do
    if outcome[name] then
      fields[#fields + 1] = field
      fields[#fields + 1] = outcome[name]
    end
  end
  -- What an earlier attempt left behind goes first.
  call('HDEL', r.key, 'owner', 'next_attempt_at', 'cancel_requested', 'error_message', 'error_code')
  call('HSET', r.key, unpack(fields))
  call('ZADD', P .. status, text(now), r.id)
  if r.status ~= 'failed' then
    call('HINCRBY', P .. 'counts', r.priority .. ':' .. r.trigger_type, '-1')
  end
  publish(r, status, outcome.error_code or status, now)
  return queue_callback(called_back, r, status, now, outcome, held_until or now)
end

-- Ends a task whose cancel was asked for while it ran. An earlier holder that lost its lease may still be sending:
-- until then the task waits in `retrying`, where nothing claims it. Returns the word and the callback or false.
local function settle_cancel(called_back, r, now, held_until)
  local lost_until = tonumber(r.lost_until) or 0
  if now < lost_until then
    local was_running = r.status == 'running'
    local timeline = was_running and extended(r.timeline, 'waiting', now) or r.timeline
    call('HSET', r.key, 'status', 'waiting', 'cancel_requested', '1', 'next_attempt_at', text(lost_until),
      'timeline', timeline)
    call('HDEL', r.key, 'owner')
    call('ZADD', P .. 'retrying', text(lost_until), r.id)
    publish(r, 'waiting', 'cancel_requested', now)
    if was_running then
      queue_callback(called_back, r, 'waiting', now, {}, now)
    end
    return 'retrying', false
  end
  return 'cancelled', settle(called_back, r, 'cancelled', now, { error = r.cancel_reason }, held_until)
end

-- Whether unclaimed tasks are left in `ready`.
local function backlog()
  return call('ZCARD', P .. 'ready')
end

-- Claims up to `capacity` tasks from the head of `ready` under `token`, each until now + lease.
-- Returns an array with all that an attempt needs of each.
local function claim(capacity, token, lease, called_back, now)
  if capacity <= 0 then
    return {}
  end
  local ids = call('ZRANGE', P .. 'ready', 0, capacity - 1)
  local records, details = {}, {}
  for i, id in ipairs(ids) do
    records[i] = load(id) or false
    details[i] = records[i] and call('HMGET', records[i].key, 'action_type', 'action_message', 'action_file_url',
      'action_url', 'customer_name', 'trigger_event')
  end
  local claims = {}
  for i, id in ipairs(ids) do
    call('ZREM', P .. 'ready', id)
    local r = records[i]
    if r then
      r.attempts = text((tonumber(r.attempts) or 0) + 1)
      call('ZADD', P .. 'running', text(now + lease), id)
      r.timeline = extended(r.timeline, 'running', now)
      call('HSET', r.key, 'status', 'running', 'owner', token, 'attempts', r.attempts, 'timeline', r.timeline)
      publish(r, 'running', 'claimed', now)
      queue_callback(called_back, r, 'running', now, {}, now)
      local d = details[i]
      claims[#claims + 1] = {
        id, r.generation, r.attempts, r.retry_count or '0', d[1], d[2], d[3], d[4], r.customer_id, d[5],
        r.triggered_at, d[6],
      }
    end
  end
  return claims
end
