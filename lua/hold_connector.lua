#!lua flags=allow-oom
-- hold_connector: takes or prolongs the lease that lets one of all instances hold the connection to the platform.
--
-- KEYS  1 connector            hash    who holds the connection, until when, under which fencing token
-- ARGV  1 prefix               `kefu:{S}:`
--       2 id                   of the instance
--       3 token                what it holds, 0 for nothing
--       4 lease                ms
--       5 peer                 the platform's address, for people
--       6 connected            1: the connection is up
--       7 silence              ms since its last frame, '' when none came
-- Returns {word, token, left}: held | other; left: ms until the lease ends
-- Keeps: a lease has one holder at a time, and each holder a greater token than the one before it.
-- Cost: O(1).

local now = clock()
local lease = call('HMGET', KEYS[1], 'owner', 'token', 'expires_at', 'connected_at')
local owner, token, expires = lease[1], tonumber(lease[2]) or 0, tonumber(lease[3]) or 0
local is_ours = owner == ARGV[2]
local keeps = is_ours and text(token) == ARGV[3]
if owner and not is_ours and expires > now then
  return { 'other', text(token), text(expires - now) }
end
local connected = ARGV[6] == '1' and (keeps and lease[4] or text(now))
local frame = ARGV[7] ~= '' and text(now - tonumber(ARGV[7]))
if not keeps then
  token = token + 1
  call('HSET', KEYS[1], 'since', text(now))
end
call('HSET', KEYS[1], 'owner', ARGV[2], 'token', text(token), 'expires_at', text(now + tonumber(ARGV[4])),
  'peer', ARGV[5])
if connected then
  call('HSET', KEYS[1], 'connected_at', connected)
else
  call('HDEL', KEYS[1], 'connected_at')
end
if frame then
  call('HSET', KEYS[1], 'last_frame_at', frame)
end
return { 'held', text(token), ARGV[4] }
