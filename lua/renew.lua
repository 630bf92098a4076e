#!lua flags=allow-oom
-- renew: prolongs the leases that the caller names.
--
-- KEYS  1 running              zset  score: lease expiry
-- ARGV  1 prefix               `kefu:{S}:`
--       2 lease                ms
--       3… id, token           what the caller holds
-- Returns {index…}: which of the pairs (from 1) it holds no longer
-- Keeps: a lease holds while its token matches, even past its expiry, and is another's once it does not.
-- Cost: O(pairs · log n).

local lost, held = {}, {}
for i = 3, #ARGV, 2 do
  if call('HGET', task_key(ARGV[i]), 'owner') == ARGV[i + 1] then
    held[#held + 1] = ARGV[i]
  else
    lost[#lost + 1] = (i - 1) / 2
  end
end
local expiry = clock() + tonumber(ARGV[2])
for _, id in ipairs(held) do
  call('ZADD', P .. 'running', 'XX', expiry, id)
end
return lost
