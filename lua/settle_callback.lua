#!lua flags=allow-oom
-- settle_callback: records how one delivery of a callback ended, also with the task that it tells of.
--
-- KEYS  1 callback:<id>        hash  its contents
-- ARGV  1 prefix               `kefu:{S}:`
--       2 id
--       3 held_until           ms: the score under which the caller holds it
--       4 outcome              delivered | failed | released
--       5 error                text for people, '' for none
--       6 pause                ms before the next delivery, for failed
--       7 delivery             for delivered `<ms: when> <http status> <ms it took>`, for failed a JSON object without
--                              `attempt` and `at`, '' for released
-- Returns {word, next_due_in}: delivered | failed | released | dead | stale
-- Keeps: delivered is final whoever says it; anything else only the present holder may say. A record that has gone, or
--        was issued anew, is not touched.
-- Cost: O(log n).

-- prelude

-- The longest `delivered` of a record, in bytes; older entries go first.
local DELIVERED_LIMIT = 400

local id, outcome = ARGV[2], ARGV[4]
local contents = call('HMGET', KEYS[1], 'at', 'attempts', 'task_id', 'status', 'generation', 'seq', 'replayed_at')
if not contents[1] then
  return { 'stale', false }
end
local key = task_key(contents[3])
local r = call('HMGET', key, 'generation', 'created_at', 'delivered')
local is_told_of = r[1] == contents[5] and tonumber(contents[1]) >= tonumber(r[2])

-- Every task comes along here, so it is kept short: no clock is read, `when` is reckoned from the claim.
if outcome == 'delivered' then
  if call('ZREM', P .. 'callbacks', id) == 0 then
    return { 'stale', false }
  end
  call('UNLINK', KEYS[1])
  if is_told_of then
    local line = (contents[6] or '1') .. ' ' .. contents[4] .. ' ' .. contents[2] .. ' ' .. ARGV[7]
    if r[3] then
      line = r[3] .. ',' .. line
      while #line > DELIVERED_LIMIT do
        line = sub(line, find(line, ',', 1, true) + 1)
      end
    end
    call('HSET', key, 'delivered', line)
  end
  return { 'delivered', false }
end

-- prelude

-- A callback older than this is given up and kept in the dead list.
local GIVE_UP_AFTER = 24 * 3600 * 1000

local score = call('ZSCORE', P .. 'callbacks', id)
if not score or tonumber(score) ~= tonumber(ARGV[3]) then
  return { 'stale', false }
end
local now = clock()
if outcome == 'released' then
  call('HSET', KEYS[1], 'attempts', text(contents[2] - 1))
  call('ZADD', P .. 'callbacks', now, id)
  return { 'released', 0 }
end
call('HSET', KEYS[1], 'last_error', ARGV[5])
if is_told_of then
  local list = P .. 'deliveries:' .. escaped(contents[3])
  call('RPUSH', list, '{"attempt":' .. contents[2] .. ',"at":' .. text(now) .. ',' .. sub(ARGV[7], 2))
  call('LTRIM', list, -10, -1)
end
if now - (contents[7] or contents[1]) >= GIVE_UP_AFTER then
  call('ZREM', P .. 'callbacks', id)
  call('ZADD', P .. 'callbacks:dead', now, id)
  return { 'dead', false }
end
local pause = tonumber(ARGV[6])
call('ZADD', P .. 'callbacks', now + pause, id)
return { 'failed', pause }
