#!lua
-- update: changes a task that has not fired: its time, its deadline, its priority, its message. A time that has passed
-- fires it at once.
--
-- KEYS  1 task:<id>            hash  the record
--       2 deliveries:<id>      list  its callbacks' unsuccessful deliveries
-- ARGV  1 prefix               `kefu:{S}:`
--       2 id
--       3 time                 ms: from now on of every time_reach that it waits for, '' for no change
--       4 timeout              ms, '' for no change
--       5 priority             urgent | high | normal, '' for no change
--       6… field, value        what else of the record: `timeout_hours`, `action_message`
-- Returns {word, status, next_due_in, backlog, fields, deliveries}: words: updated | conflict | missing |
--         untimed | late | textless
--         untimed: a time for a task that waits for none; late: with this timeout its deadline would have passed;
--         textless: an empty message for an action that sends nothing else; fields: field, value, … after the
--         change; deliveries: JSON lines
-- Keeps: a task that has fired is not touched; `content`, so the task as it was first sent is still a duplicate; the
--        deadline counts as `receive` counts it: from the latest time, or if that has passed (or there is none) from
--        acceptance, and from now when a new time comes that has passed.
-- Cost: O(log n).

local r = load(ARGV[2])
if not r then
  return { 'missing', false, false, 0, {}, {} }
elseif r.status ~= 'waiting' or r.triggered_at then
  return { 'conflict', r.status, false, 0, {}, {} }
end
local more = call('HMGET', r.key, 'trigger_time', 'triggers', 'timeout_hours', 'action_type')
local triggers = more[2] or ''
local time, timeout, latest = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(more[1])
-- Only a trigger has `[` or `,` before its brace: an object inside one is the value of `where`.
for at in string.gmatch(triggers, '[%[,]{"type":"time_reach","time":(%d+)') do
  latest = math.max(latest or 0, tonumber(at))
end
if time and not latest then
  return { 'untimed', r.status, false, 0, {}, {} }
end

local now = clock()
local deadline
if time then
  deadline = math.max(now, time) + (timeout or math.max(1, floor(more[3] * 3600000 + 0.5)))
elseif timeout then
  deadline = math.max(r.created_at, latest or 0) + timeout
  if deadline <= now then
    return { 'late', r.status, false, 0, {}, {} }
  end
end
local changes = { 'updated_at', text(now) }
for i = 6, #ARGV, 2 do
  if ARGV[i] == 'action_message' and ARGV[i + 1] == '' and more[4] == 'send_message' then
    return { 'textless', r.status, false, 0, {}, {} }
  end
  add(changes, ARGV[i], ARGV[i + 1])
end

if ARGV[5] ~= '' and ARGV[5] ~= r.priority then
  call('HINCRBY', P .. 'counts', r.priority .. ':' .. r.trigger_type, '-1')
  call('HINCRBY', P .. 'counts', ARGV[5] .. ':' .. r.trigger_type, '1')
  r.priority = ARGV[5]
  add(changes, 'priority', r.priority)
end
if time then
  if r.trigger_type == 'time_reach' then
    add(changes, 'trigger_time', ARGV[3])
  end
  if more[2] then
    local moved = gsub(triggers, '([%[,]{"type":"time_reach","time":)%d+', '%1' .. ARGV[3])
    add(changes, 'triggers', moved)
  end
  call('ZADD', P .. 'scheduled', ARGV[3], r.id)
end
if deadline then
  add(changes, 'deadline_at', text(deadline))
  call('ZADD', P .. 'timeouts', text(deadline), r.id)
end
call('HSET', r.key, unpack(changes))
publish(r, 'waiting', 'updated', now)
local next_due, ready = deadline and (time or deadline) - now or false, 0
if time and time <= now then
  trigger(r, event_at(TIME_EVENT, now), now)
  next_due, ready = false, call('ZCARD', P .. 'ready')
end
return { 'updated', r.status, next_due, ready, call('HGETALL', KEYS[1]), call('LRANGE', KEYS[2], 0, -1) }
