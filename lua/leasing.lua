-- leasing: the third part of the prelude, how work that is ready comes into the hands of an instance, under a lease.

-- What firing and claiming need of a record, as `load` returns it. What a task has only after it has fired is asked for
-- only then: Redis looks through the whole record for a field that is not there.
local function load_work(id)
  local key = task_key(id)
  local v = call('HMGET', key, 'status', 'customer_id', 'priority', 'trigger_type', 'generation', 'created_at',
    'triggered_at', 'callback_seq', 'armed', 'action_type', 'action_message', 'action_file_url', 'action_url',
    'customer_name', 'traceparent')
  local r = v[1] and {
    id = id, key = key, status = v[1], customer_id = v[2], priority = v[3], trigger_type = v[4], generation = v[5],
    created_at = v[6], triggered_at = v[7], callback_seq = v[8], armed = v[9], action_type = v[10],
    action_message = v[11], action_file_url = v[12], action_url = v[13],
    customer_name = v[14], traceparent = v[15],
  }
  if r and r.triggered_at then
    v = call('HMGET', key, 'attempts', 'timeline', 'retry_count', 'trigger_event')
    r.attempts, r.timeline, r.retry_count, r.trigger_event = v[1], v[2], v[3], v[4]
  end
  return r
end

-- Unclaimed tasks left in `ready`.
local function backlog()
  return call('ZCARD', P .. 'ready')
end

-- Puts a task under a lease until now + lease. `changes`: what else the record gets in the same write.
-- Returns all that an attempt needs of it.
local function lease_out(r, token, lease, called_back, now, cause, changes)
  r.attempts = text((tonumber(r.attempts) or 0) + 1)
  add(changes, 'status', 'running')
  add(changes, 'owner', token)
  add(changes, 'attempts', r.attempts)
  add(changes, 'timeline', extended(r.timeline, 'running', now))
  queue_callback(called_back, r, 'running', now, {}, now, changes)
  call('HSET', r.key, unpack(changes))
  call('ZADD', P .. 'running', text(now + lease), r.id)
  publish(r, 'running', cause, now)
  return {
    r.id, r.generation, r.attempts, r.retry_count or '0', r.action_type, r.action_message or false,
    r.action_file_url or false, r.action_url or false, r.customer_id, r.customer_name or false, r.triggered_at,
    r.trigger_event or false, r.traceparent or false,
  }
end

-- Claims up to `capacity` tasks from the head of `ready`, of length `left`, under `token`, each until now + lease.
-- Returns an array with all that an attempt needs of each, and how many are left in `ready`.
local function claim(left, capacity, token, lease, called_back, now)
  local claims = {}
  if left == 0 or capacity <= 0 then
    return claims, left
  end
  local ids = call('ZRANGE', P .. 'ready', 0, capacity - 1)
  local records = {}
  for i, id in ipairs(ids) do
    records[i] = load_work(id)
  end
  call('ZREM', P .. 'ready', unpack(ids))
  for i = 1, #ids do
    if records[i] then
      claims[#claims + 1] = lease_out(records[i], token, lease, called_back, now, 'claimed', {})
    end
  end
  return claims, left - #ids
end

-- Fires tasks and hands out work: these very tasks when nobody stands in `ready` (of length `left`) and the caller can
-- take them all, so that they need not stand there; otherwise what `ready` begins with then. Returns what `claim` does.
local function fire(fired, event, left, capacity, token, lease, called_back, now)
  if #fired > capacity or left > 0 then
    for _, r in ipairs(fired) do
      trigger(r, event, now)
    end
    return claim(left + #fired, capacity, token, lease, called_back, now)
  end
  if #fired > 1 then
    table.sort(fired, function(a, b)
      local x, y = ranks[a.priority], ranks[b.priority]
      return x < y or x == y and precedes(a.id, b.id)
    end)
  end
  local claims = {}
  for i, r in ipairs(fired) do
    disarm(r)
    r.triggered_at, r.trigger_event = text(now), event
    local changes = { 'triggered_at', r.triggered_at, 'trigger_event', r.trigger_event }
    claims[i] = lease_out(r, token, lease, called_back, now, 'triggered', changes)
  end
  return claims, 0
end
