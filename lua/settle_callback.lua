#!lua flags=allow-oom
-- settle_callback: records how one delivery of a callback ended.
--
-- KEYS  1 callback:<id>        hash  its contents
-- ARGV  1 prefix               `kefu:{S}:`
--       2 id
--       3 held_until           ms: the score under which the caller holds it
--       4 outcome              delivered | failed | released
--       5 error                text for people, '' for none
--       6 pause                ms before the next delivery, for failed
-- Returns {word, next_due_in}: delivered | failed | released | dead | stale
-- Keeps: delivered is final whoever says it; anything else only the present holder may say.
-- Cost: O(log n).

-- A callback older than this is given up and kept in the dead list.
local GIVE_UP_AFTER = 24 * 3600 * 1000

local id, outcome = ARGV[2], ARGV[4]
local score = call('ZSCORE', P .. 'callbacks', id)
local contents = call('HMGET', KEYS[1], 'at', 'replayed_at', 'attempts')
if not score or not contents[1] then
  return { 'stale', false }
end
if outcome == 'delivered' then
  call('ZREM', P .. 'callbacks', id)
  call('UNLINK', KEYS[1])
  return { 'delivered', false }
elseif tonumber(score) ~= tonumber(ARGV[3]) then
  return { 'stale', false }
end
local now = clock()
if outcome == 'released' then
  call('HSET', KEYS[1], 'attempts', text(contents[3] - 1))
  call('ZADD', P .. 'callbacks', now, id)
  return { 'released', 0 }
end
call('HSET', KEYS[1], 'last_error', ARGV[5])
if now - (contents[2] or contents[1]) >= GIVE_UP_AFTER then
  call('ZREM', P .. 'callbacks', id)
  call('ZADD', P .. 'callbacks:dead', now, id)
  return { 'dead', false }
end
local pause = tonumber(ARGV[6])
call('ZADD', P .. 'callbacks', now + pause, id)
return { 'failed', pause }
