#!lua flags=allow-oom
-- replay_callbacks: puts callbacks at the head of the outbox, the dead ones included.
--
-- KEYS  1 callbacks:dead       zset  score: when it was given up
-- ARGV  1 prefix               `kefu:{S}:`
--       2 id                   of the callback, '' for all that were given up
-- Returns {replayed, more}: how many; more: 1 when the caller is to ask again
-- Keeps: the callback's id and contents; it gets another day.
-- Cost: O(callbacks looked at), at most BATCH a call.

local BATCH = 1000

local candidates = ARGV[2] ~= '' and { ARGV[2] } or call('ZRANGE', KEYS[1], 0, BATCH - 1)
local chosen, empty = {}, {}
for _, id in ipairs(candidates) do
  local list = call('EXISTS', P .. 'callback:' .. id) == 1 and chosen or empty
  list[#list + 1] = id
end
-- One without contents can never be delivered, and would be looked at again and again.
for _, id in ipairs(empty) do
  call('ZREM', KEYS[1], id)
end
local now = clock()
for _, id in ipairs(chosen) do
  call('HSET', P .. 'callback:' .. id, 'attempts', '0', 'replayed_at', text(now))
  call('ZREM', KEYS[1], id)
  call('ZADD', P .. 'callbacks', now, id)
end
return { #chosen, #candidates == BATCH and 1 or 0 }
