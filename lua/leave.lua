#!lua flags=allow-oom
-- leave: takes an instance that stops from the list of the living.
--
-- KEYS  1 instances            zset  score: last seen
-- ARGV  1 prefix               `kefu:{S}:`
--       2 id                   of the instance
-- Returns {left}: 1, or 0 when it was not listed
-- Keeps: the list and the description of an instance go together.
-- Cost: O(log instances).

call('UNLINK', P .. 'instance:' .. escaped(ARGV[2]))
return { call('ZREM', KEYS[1], ARGV[2]) }
