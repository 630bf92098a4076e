#!lua flags=no-writes
-- callbacks: reads one page of the outbox or of the dead list, by score, then id.
--
-- KEYS  1 callbacks            zset  or callbacks:dead
-- ARGV  1 prefix               `kefu:{S}:`
--       2 limit                1–500 callbacks
--       3 after_score          ms: score of the last one of the page before, '' for the first page
--       4 after_id
-- Returns {callbacks, next_score, next_id}: {id, score, task_id, status, attempts, last_error} each; false, false at
--         the end
-- Cost: O(log n + limit).

local limit = tonumber(ARGV[2])
local page
if ARGV[3] == '' then
  page = call('ZRANGE', KEYS[1], 0, limit, 'WITHSCORES')
else
  local passed = 0
  for _, id in ipairs(call('ZRANGE', KEYS[1], ARGV[3], ARGV[3], 'BYSCORE')) do
    if not precedes(ARGV[4], id) then
      passed = passed + 1
    end
  end
  page = call('ZRANGE', KEYS[1], ARGV[3], '+inf', 'BYSCORE', 'LIMIT', passed, limit + 1, 'WITHSCORES')
end
local callbacks = {}
for i = 1, math.min(#page, 2 * limit), 2 do
  local c = call('HMGET', P .. 'callback:' .. page[i], 'task_id', 'status', 'attempts', 'last_error')
  if c[1] then
    callbacks[#callbacks + 1] = { page[i], page[i + 1], c[1], c[2], c[3], c[4] }
  end
end
if #page <= 2 * limit then
  return { callbacks, false, false }
end
return { callbacks, page[2 * limit], page[2 * limit - 1] }
