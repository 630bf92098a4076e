#!lua flags=allow-oom
-- fence: writes something of no consequence, so that a `WAIT` behind it also covers what was only read before it.
--
-- KEYS  1 fence                string
-- ARGV  1 prefix               `kefu:{S}:`
-- Returns {done}: 1
-- Keeps: nothing depends on the key; it goes by itself.
-- Cost: O(1).

-- Seconds.
local TTL = 60

call('SET', KEYS[1], P, 'EX', TTL)
return { 1 }
