#!lua flags=allow-oom
-- replay_callbacks: puts callbacks at the head of the outbox, the dead ones included.
--
-- KEYS  1 callbacks:dead       zset  score: when it was given up
-- ARGV  1 prefix               `kefu:{S}:`
--       2 selection            callback | task | all_dead
--       3 id                   of the callback or task, '' for all_dead
-- Returns {replayed, more}: how many; more: 1 when the caller is to ask again
-- Keeps: the callback's id and contents; it gets another day.
-- Cost: O(callbacks looked at), at most BATCH a call.

local BATCH = 1000

local candidates = {}
if ARGV[2] == 'callback' then
  candidates[1] = ARGV[3]
elseif ARGV[2] == 'all_dead' then
  candidates = call('ZRANGE', KEYS[1], 0, BATCH - 1)
else
  for _, name in ipairs({ 'callbacks:dead', 'callbacks' }) do
    for _, id in ipairs(call('ZRANGE', P .. name, 0, -1)) do
      if call('HGET', P .. 'callback:' .. id, 'task_id') == ARGV[3] then
        candidates[#candidates + 1] = id
      end
    end
  end
end
local chosen = {}
for _, id in ipairs(candidates) do
  if call('EXISTS', P .. 'callback:' .. id) == 1 then
    chosen[#chosen + 1] = id
  end
end
local now = clock()
for _, id in ipairs(chosen) do
  call('HSET', P .. 'callback:' .. id, 'attempts', '0', 'replayed_at', text(now))
  call('ZREM', KEYS[1], id)
  call('ZADD', P .. 'callbacks', now, id)
end
return { #chosen, ARGV[2] == 'all_dead' and #candidates == BATCH and 1 or 0 }
