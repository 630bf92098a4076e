#!lua flags=no-writes
-- stats: counts everything, without a scan.
--
-- KEYS  1 counts               hash  unfinished tasks by `<priority>:<trigger>`
-- ARGV  1 prefix               `kefu:{S}:`
--       2… counter             names of the counters of a minute
-- Returns {sizes, counts, ready, oldest_ready, instances, last_minute, last_hour}
--         sizes: created, completed, failed, cancelled, running, retrying, scheduled, timeouts, callbacks,
--         callbacks:dead; counts: field, value, …; ready: urgent, high, normal; oldest_ready: ms or false;
--         instances: {id, last_seen, field, value, …} each; the last two: one sum a counter
-- Cost: O(log n + instances + minutes of an hour).

local MINUTES = 60

local now = clock()
local sizes = {}
for i, name in ipairs({
  'created', 'completed', 'failed', 'cancelled', 'running', 'retrying', 'scheduled', 'timeouts', 'callbacks',
  'callbacks:dead',
}) do
  sizes[i] = call('ZCARD', P .. name)
end

local ready, oldest = {}, false
for i, priority in ipairs({ 'urgent', 'high', 'normal' }) do
  local from, to = text(ranks[priority]), '(' .. text(ranks[priority] + 1e13)
  ready[i] = call('ZCOUNT', P .. 'ready', from, to)
  local head = call('ZRANGE', P .. 'ready', from, to, 'BYSCORE', 'LIMIT', 0, 1, 'WITHSCORES')
  if head[2] then
    oldest = math.max(oldest or 0, now - (head[2] - ranks[priority]))
  end
end

local instances = {}
local seen = call('ZRANGE', P .. 'instances', 0, -1, 'WITHSCORES')
for i = 1, #seen, 2 do
  local entry = { seen[i], seen[i + 1] }
  for _, value in ipairs(call('HGETALL', P .. 'instance:' .. escaped(seen[i]))) do
    entry[#entry + 1] = value
  end
  instances[#instances + 1] = entry
end

-- The last minute slides: all of the running one, and of the one before the share that still lies within.
local minute, elapsed = floor(now / 60000), now % 60000 / 60000
local last_minute, last_hour = {}, {}
for age = 0, MINUTES - 1 do
  local values = call('HMGET', P .. 'minute:' .. text(minute - age), unpack(ARGV, 2))
  for i = 1, #values do
    local value = tonumber(values[i]) or 0
    last_hour[i] = (last_hour[i] or 0) + value
    if age == 0 then
      last_minute[i] = value
    elseif age == 1 then
      last_minute[i] = last_minute[i] + floor(value * (1 - elapsed))
    end
  end
end
return { sizes, call('HGETALL', KEYS[1]), ready, oldest, instances, last_minute, last_hour }
