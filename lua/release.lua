#!lua flags=allow-oom
-- release: hands claims back at once, when an instance stops.
--
-- KEYS  1 running              zset  score: lease expiry
-- ARGV  1 prefix               `kefu:{S}:`
--       2 called_back          comma-separated states
--       3… id, token, started  what the caller holds; started 1 when its request may have been sent, else 0
-- Returns {released}: how many
-- Keeps: a task keeps its place; what was not started does not count as an attempt.
-- Cost: O(leases · log n).

local held = {}
for i = 3, #ARGV, 3 do
  local r = load(ARGV[i])
  if r and r.status == 'running' and r.owner == ARGV[i + 1] then
    r.started = ARGV[i + 2] == '1'
    if r.cancel_requested then
      load_losses(r)
    end
    held[#held + 1] = r
  end
end
local now = clock()
for _, r in ipairs(held) do
  call('ZREM', P .. 'running', r.id)
  if not r.started then
    r.attempts = text(r.attempts - 1)
    call('HSET', r.key, 'attempts', r.attempts)
  end
  if r.cancel_requested then
    settle_cancel(ARGV[2], r, now)
  else
    local changes = { 'status', 'waiting', 'timeline', extended(r.timeline, 'waiting', now) }
    queue_callback(ARGV[2], r, 'waiting', now, {}, now, changes)
    call('HSET', r.key, unpack(changes))
    call('HDEL', r.key, 'owner')
    call('ZADD', P .. 'ready', ranks[r.priority] + r.triggered_at, r.id)
    publish(r, 'waiting', 'released', now)
  end
end
return { #held }
