#!lua
-- receive: stores and arms a task, in one step; a past time fires it at once, and so does an event that came before it,
-- if a trigger looks back for such.
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
--       9 armed                names of its index entries (`message`, `custom:<event>` …), a line each; `scheduled` at
--                              the end when one of several triggers is a time; '' for time_reach alone
--      10 entries              what it waits for in each, as match reads it, blank lines between
--      11 priority             urgent | high | normal
--      12 trigger_type         of the only trigger, or the first
--      13 timeout              ms
--      14 times                ms: the earliest time_reach, a space, the latest; '' without one
--      15 lookback             of each trigger that looks back `<ms> <name>`, then the lines of its entry, blank lines
--                              between; '' for none
--      16… field, value        the rest of the record, `armed` among it
-- Returns {word, work…}: accepted, generation, next_due_in, backlog, claims | duplicate, status | conflict, status
-- Keeps: a task is armed in the step that stores it, or fired in it; the same content again changes nothing.
-- Cost: O(log n) for each of three sorted sets; looking back, O(events kept of this customer).

-- prelude

local id, content, customer, priority, kind = ARGV[6], ARGV[7], ARGV[8], ARGV[11], ARGV[12]
local generation = '1'
local old = call('EXISTS', KEYS[1]) == 1 and call('HMGET', KEYS[1], 'status', 'content', 'generation', 'customer_id')
local status = old and old[1]
if status and status ~= 'cancelled' then
  return { old[2] == content and 'duplicate' or 'conflict', status }
end

local now = clock()
local time, deadline = nil, now + tonumber(ARGV[13])
if ARGV[14] ~= '' then
  local earliest, latest = string.match(ARGV[14], '^(%S+) (%S+)$')
  time = tonumber(earliest)
  deadline = math.max(deadline, latest + ARGV[13])
end

-- What fires it at once, and when that came: a time that has passed, or else the newest event of the log that one of
-- the triggers has waited for.
local event, came = time and time <= now and TIME_EVENT, nil
if not event and ARGV[15] ~= '' then
  -- prelude
  local wanted = {}
  for reach, name, entry in string.gmatch(ARGV[15] .. '\n\n', '(%d+) ([^\n]*)\n(.-)\n\n') do
    wanted[#wanted + 1] = { since = now - reach, name = name, entry = entry }
  end
  event, came = look_back(call('LRANGE', P .. 'recent:' .. escaped(customer), 0, -1), wanted)
end

local left = event and backlog()

if status then
  generation = text(old[3] + 1)
  call('UNLINK', KEYS[1], P .. 'attempts:' .. escaped(id), P .. 'deliveries:' .. escaped(id))
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

local next_due = (time or deadline) - now
if not event then
  local index = P .. 'armed:' .. escaped(customer) .. ':'
  if find(ARGV[9], '\n', 1, true) then
    local from = 1
    for name in string.gmatch(ARGV[9], '[^\n]+') do
      if name ~= 'scheduled' then
        local entry_end = find(ARGV[10], '\n\n', from, true)
        call('HSET', index .. name, id, sub(ARGV[10], from, (entry_end or 0) - 1))
        from = entry_end and entry_end + 2
      end
    end
  elseif ARGV[10] ~= '' then
    call('HSET', index .. ARGV[9], id, ARGV[10])
  end
  if time then
    call('ZADD', P .. 'scheduled', text(time), id)
  end
  call('ZADD', P .. 'timeouts', text(deadline), id)
  if not is_called_back(ARGV[5], 'waiting') then
    return { 'accepted', generation, next_due, 0, {} }
  end
end

-- prelude

for i = 16, #ARGV, 2 do
  r[ARGV[i]] = ARGV[i + 1]
end
local changes = {}
queue_callback(ARGV[5], r, 'waiting', now, {}, now, changes)
if changes[1] then
  call('HSET', r.key, unpack(changes))
end
if not event then
  return { 'accepted', generation, next_due, 0, {} }
end
local claims
event = event_at(event, came or now)
claims, left = fire({ r }, event, left, tonumber(ARGV[4]), ARGV[2], tonumber(ARGV[3]), ARGV[5], now)
return { 'accepted', generation, false, left, claims }
