#!lua flags=allow-oom
-- release_connector: gives up the lease on the connection to the platform, so that another instance can take it.
--
-- KEYS  1 connector            hash    who holds the connection, until when, under which fencing token
-- ARGV  1 prefix               `kefu:{S}:`
--       2 id                   of the instance
--       3 token                what it holds
-- Returns {released}: 1, or 0 when another holds it by now
-- Keeps: only the holder gives up; tokens go on from where they were.
-- Cost: O(1).

local lease = call('HMGET', KEYS[1], 'owner', 'token')
if lease[1] ~= ARGV[2] or lease[2] ~= ARGV[3] then
  return { 0 }
end
call('HDEL', KEYS[1], 'owner', 'expires_at', 'connected_at')
return { 1 }
