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
--       9 entries              what it waits for in each entry of the index, as match reads it, blank lines between
--      10 priority             urgent | high | normal
--      11 trigger_type         of the only trigger, or the first
--      12 timeout              ms
--      13 times                ms: the earliest time_reach, a space, the latest; '' without one
--      14 lookback             of each trigger that looks back `<ms> <name>`, then the lines of its entry, blank lines
--                              between; '' for none
--      15 armed                names of its index entries (`message`, `custom:<event>` …), a line each; `scheduled` at
--                              the end when one of several triggers is a time; '' for time_reach alone
--      16… field, value        the rest of the record
-- Returns {word, work…}: accepted, generation, next_due_in | accepted, generation, false, backlog, claims |
--         duplicate, status | conflict, status: a task that has fired at once hands out work
-- Keeps: a task is armed in the step that stores it, or fired in it; the same content again changes nothing.
-- Cost: O(log n) for each of three sorted sets; looking back, O(events kept of this customer).

-- prelude

local id, content, customer, priority, kind, names = ARGV[6], ARGV[7], ARGV[8], ARGV[10], ARGV[11], ARGV[15]
local generation = '1'
local old = call('EXISTS', KEYS[1]) == 1 and call('HMGET', KEYS[1], 'status', 'content', 'generation', 'customer_id')
local status = old and old[1]
if status and status ~= 'cancelled' then
  return { old[2] == content and 'duplicate' or 'conflict', status }
end

local now = clock()
local time, deadline = nil, now + tonumber(ARGV[12])
if ARGV[13] ~= '' then
  local earliest, latest = string.match(ARGV[13], '^(%S+) (%S+)$')
  time = tonumber(earliest)
  deadline = math.max(deadline, latest + ARGV[12])
end

-- What fires it at once, and when that came: a time that has passed, or else the newest event of the log that one of
-- the triggers has waited for.
local event, came = time and time <= now and TIME_EVENT, nil
if not event and ARGV[14] ~= '' then
  -- prelude
  local wanted = {}
  for reach, name, entry in string.gmatch(ARGV[14] .. '\n\n', '(%d+) ([^\n]*)\n(.-)\n\n') do
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
local created_at = text(now)
local fields = names == '' and { unpack(ARGV, 16) } or { 'armed', unpack(ARGV, 15) }
call('HSET', KEYS[1], 'status', 'waiting', 'customer_id', customer, 'trigger_type', kind, 'priority', priority,
  'generation', generation, 'content', content, 'created_at', created_at, 'deadline_at', text(deadline),
  unpack(fields))
call('ZADD', P .. 'created', created_at, id)
call('ZADD', customer_key(customer), created_at, id)
call('HINCRBY', P .. 'counts', priority .. ':' .. kind, '1')
local r = { id = id, customer_id = customer, generation = generation }
publish(r, 'waiting', 'accepted', now)

local next_due = (time or deadline) - now
if not event then
  local index = P .. 'armed:' .. escaped(customer) .. ':'
  if find(names, '\n', 1, true) then
    local from = 1
    for name in string.gmatch(names, '[^\n]+') do
      if name ~= 'scheduled' then
        local entry_end = find(ARGV[9], '\n\n', from, true)
        call('HSET', index .. name, id, sub(ARGV[9], from, (entry_end or 0) - 1))
        from = entry_end and entry_end + 2
      end
    end
  elseif ARGV[9] ~= '' then
    call('HSET', index .. names, id, ARGV[9])
  end
  if time then
    call('ZADD', P .. 'scheduled', text(time), id)
  end
  call('ZADD', P .. 'timeouts', text(deadline), id)
  if not is_called_back(ARGV[5], 'waiting') then
    return { 'accepted', generation, next_due }
  end
end

-- prelude

r.key, r.status, r.priority, r.trigger_type, r.created_at = KEYS[1], 'waiting', priority, kind, created_at
for i = 1, #fields, 2 do
  r[fields[i]] = fields[i + 1]
end
local changes = {}
queue_callback(ARGV[5], r, 'waiting', now, {}, now, changes)
if changes[1] then
  call('HSET', r.key, unpack(changes))
end
if not event then
  return { 'accepted', generation, next_due }
end
local claims
event = event_at(event, came or now)
claims, left = fire({ r }, event, left, tonumber(ARGV[4]), ARGV[2], tonumber(ARGV[3]), ARGV[5], now)
return { 'accepted', generation, false, left, claims }
