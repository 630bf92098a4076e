#!lua flags=allow-oom
-- retry: queues a failed task that had fired once more, with all its attempts before it.
--
-- KEYS  1 task:<id>            hash  the record
-- ARGV  1 prefix               `kefu:{S}:`
--       2 called_back          comma-separated states
--       3 id
-- Returns {word, status, backlog}: done | conflict | missing
-- Keeps: the generation, and so the idempotency key; the place by the time it fired.
-- Cost: O(log n).

local r = load(ARGV[3])
if not r then
  return { 'missing', false, 0 }
elseif r.status ~= 'failed' or not r.triggered_at then
  return { 'conflict', r.status, 0 }
end
local now = clock()
call('ZREM', P .. 'failed', r.id)
r.attempts = nil
local changes = { 'status', 'waiting', 'timeline', extended(r.timeline, 'waiting', now) }
queue_callback(ARGV[2], r, 'waiting', now, {}, now, changes)
call('HSET', r.key, unpack(changes))
call('HDEL', r.key, 'attempts', 'retry_count', 'lost', 'error_message', 'error_code', 'completed_at', 'result')
call('ZADD', P .. 'ready', ranks[r.priority] + r.triggered_at, r.id)
call('HINCRBY', P .. 'counts', r.priority .. ':' .. r.trigger_type, 1)
publish(r, 'waiting', 'retry', now)
return { 'done', 'waiting', backlog() }
