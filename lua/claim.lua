#!lua flags=allow-oom
-- claim: hands out tasks from the head of `ready`, each under a lease.
--
-- KEYS  1 ready                zset  score: priority, then when it fired
-- ARGV  1 prefix               `kefu:{S}:`
--       2 token                lease token
--       3 lease                ms
--       4 capacity             tasks the caller can take, 1–200
--       5 called_back          comma-separated states
-- Returns {backlog, claims}
-- Keeps: urgent before high before normal, oldest first; a claimed task stands in `running` and nowhere else.
-- Cost: O(capacity · log n).

local claims, left = claim(backlog(), tonumber(ARGV[4]), ARGV[2], tonumber(ARGV[3]), ARGV[5], clock())
return { left, claims }
