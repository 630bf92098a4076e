#!lua
-- fire: fires a waiting task now, as if its trigger had come.
--
-- KEYS  1 task:<id>            hash  the record
-- ARGV  1 prefix               `kefu:{S}:`
--       2 id
--       3 event                JSON object of the event, without `at`
-- Returns {word, status, backlog}: done | conflict | missing
-- Keeps: a trigger fires once.
-- Cost: O(log n).

local r = load(ARGV[2])
if not r then
  return { 'missing', false, 0 }
elseif r.status ~= 'waiting' or r.triggered_at then
  return { 'conflict', r.status, 0 }
end
local now = clock()
trigger(r, event_at(ARGV[3], now), now)
return { 'done', 'waiting', backlog() }
