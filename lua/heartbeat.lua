#!lua flags=allow-oom
-- heartbeat: says that an instance lives and adds up what it has counted; forgets instances that fell silent.
--
-- KEYS  1 instances            zset  score: last seen
-- ARGV  1 prefix               `kefu:{S}:`
--       2 id                   of the instance
--       3 host
--       4 version
--       5 started_at           ms
--       6 running              actions under way
--       7… counter, number     counted since the last call
-- Returns {now}: ms
-- Keeps: who is listed is described, and has been heard of within FORGET_AFTER.
-- Cost: O(log instances).

-- An instance that was silent for so long is forgotten (it beats every few seconds).
local FORGET_AFTER = 60 * 1000
-- A minute's counters are kept a little longer than a day is shown.
local MINUTE_TTL = 26 * 3600

local now = clock()
local id = ARGV[2]
if ARGV[7] then
  local minute = P .. 'minute:' .. text(floor(now / 60000))
  for i = 7, #ARGV, 2 do
    call('HINCRBY', minute, ARGV[i], ARGV[i + 1])
  end
  call('EXPIRE', minute, MINUTE_TTL)
end
call('ZADD', KEYS[1], now, id)
call('HSET', P .. 'instance:' .. escaped(id), 'host', ARGV[3], 'version', ARGV[4], 'started_at', ARGV[5],
  'running', ARGV[6])
for _, silent in ipairs(call('ZRANGE', KEYS[1], '-inf', text(now - FORGET_AFTER), 'BYSCORE')) do
  call('ZREM', KEYS[1], silent)
  call('UNLINK', P .. 'instance:' .. escaped(silent))
end
return { text(now) }
