#!lua
-- receive: stores and arms a task, in one step; a past time fires it at once.
--
-- KEYS  1 task:<id>            hash  the record to be
-- ARGV  1 prefix               `kefu:{S}:`
--       2 token                lease token for tasks handed back
--       3 lease                ms
--       4 capacity             tasks the caller can take, ≥ 0
--       5 called_back          comma-separated states
--       6 id
--       7 content              digest of the task as sent
--       8 customer_id
--       9 armed                name of the index entry (`message`, `custom:<event>` …), '' for time_reach
--      10 entry                what it waits for, as match reads it
--      11 priority             urgent | high | normal
--      12 trigger_type
--      13 timeout              ms
--      14 time                 ms, '' but for time_reach
--      15 event                JSON object of a time_reach's event, without `at`
--      16… field, value        the rest of the record, `armed` among it
-- Returns {word, work…}: accepted, generation, next_due_in, backlog, claims | duplicate, status | conflict, status
-- Keeps: a task is armed in the step that stores it; the same content again changes nothing.
-- Cost: O(log n) for each of three sorted sets.

-- prelude

local id, content, customer, priority, kind = ARGV[6], ARGV[7], ARGV[8], ARGV[11], ARGV[12]
local generation = '1'
local old = call('HMGET', KEYS[1], 'status', 'content', 'generation', 'customer_id')
if old[1] and old[1] ~= 'cancelled' then
  return { old[2] == content and 'duplicate' or 'conflict', old[1] }
end

local now = clock()
local time = tonumber(ARGV[14])
local deadline = now + tonumber(ARGV[13])
if time and time > now then
  deadline = time + tonumber(ARGV[13])
end

local is_due = time and time <= now
local left = is_due and backlog()

if old[1] then
  generation = text(old[3] + 1)
  call('UNLINK', KEYS[1], P .. 'attempts:' .. escaped(id))
  call('ZREM', P .. 'cancelled', id)
  if old[4] ~= customer then
    call('ZREM', customer_key(old[4]), id)
  end
end
local r = {
  id = id, key = KEYS[1], status = 'waiting', customer_id = customer, priority = priority, trigger_type = kind,
  generation = generation, created_at = text(now),
}
call('HSET', KEYS[1], 'status', 'waiting', 'customer_id', customer, 'trigger_type', kind, 'priority', priority,
  'generation', generation, 'content', content, 'created_at', r.created_at, 'deadline_at', text(deadline),
  unpack(ARGV, 16))
call('ZADD', P .. 'created', r.created_at, id)
call('ZADD', customer_key(customer), r.created_at, id)
call('HINCRBY', P .. 'counts', priority .. ':' .. kind, '1')
publish(r, 'waiting', 'accepted', now)

local next_due = deadline - now
if not is_due then
  call('ZADD', P .. 'timeouts', text(deadline), id)
  if time then
    call('ZADD', P .. 'scheduled', ARGV[14], id)
    next_due = time - now
  else
    call('HSET', P .. 'armed:' .. escaped(customer) .. ':' .. ARGV[9], id, ARGV[10])
  end
  if not is_called_back(ARGV[5], 'waiting') then
    return { 'accepted', generation, next_due, 0, {} }
  end
end

-- prelude

local changes = {}
queue_callback(ARGV[5], r, 'waiting', now, {}, now, changes)
if changes[1] then
  call('HSET', r.key, unpack(changes))
end
if not is_due then
  return { 'accepted', generation, next_due, 0, {} }
end
for i = 16, #ARGV, 2 do
  r[ARGV[i]] = ARGV[i + 1]
end
local claims
claims, left = fire({ r }, ARGV[15], left, tonumber(ARGV[4]), ARGV[2], tonumber(ARGV[3]), ARGV[5], now)
return { 'accepted', generation, false, left, claims }
