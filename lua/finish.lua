#!lua flags=allow-oom
-- finish: settles one attempt and hands the caller its next work.
--
-- KEYS  1 task:<id>            hash  the record
-- ARGV  1 prefix               `kefu:{S}:`
--       2 token                lease token for tasks handed back
--       3 lease                ms
--       4 capacity             tasks the caller can take, ≥ 0
--       5 called_back          comma-separated states
--       6 callback_capacity    callbacks the caller can take, ≥ 0
--       7 callback_hold        ms: how long a callback handed out stays with the caller
--       8 id
--       9 holder               the lease token of the attempt
--      10 verdict              completed | retry | rejected
--      11 error_code           '' for none
--      12 error                text for people, '' for none
--      13 result               JSON, '' for none
--      14 pause                ms before the next attempt, for retry
--      15 attempt              JSON object of the attempt without `attempt` and `at`, '' for none
-- Returns {word, next_due_in, backlog, claims, callback}: completed | retrying | failed | cancelled | stale
-- Keeps: only the holder of the lease settles; the callback is queued in the step that ends the task.
-- Cost: O(log n).

-- prelude

local r = load(ARGV[8])
if not r or r.status ~= 'running' or r.owner ~= ARGV[9] then
  return { 'stale', false, 0, {}, false }
end
if r.cancel_requested then
  load_losses(r)
end
local now = clock()
local verdict, pause = ARGV[10], tonumber(ARGV[14])
local held_until = tonumber(ARGV[6]) > 0 and now + tonumber(ARGV[7]) or now
local outcome = { error = ARGV[12] ~= '' and ARGV[12], error_code = ARGV[11] ~= '' and ARGV[11],
  result = ARGV[13] ~= '' and ARGV[13] }
local word, callback, next_due = verdict, false, false

call('ZREM', P .. 'running', r.id)
if ARGV[15] ~= '' then
  local line = '{"attempt":' .. r.attempts .. ',"at":' .. text(now) .. ',' .. sub(ARGV[15], 2)
  call('RPUSH', P .. 'attempts:' .. escaped(r.id), line)
  call('LTRIM', P .. 'attempts:' .. escaped(r.id), -10, -1)
end
if verdict == 'completed' then
  callback = settle(ARGV[5], r, 'completed', now, outcome, held_until)
elseif r.cancel_requested then
  word, callback = settle_cancel(ARGV[5], r, now, held_until)
  next_due = word == 'retrying' and r.lost_until - now
elseif verdict == 'retry' and (tonumber(r.retry_count) or 0) < tonumber(r.max_retry) then
  word, next_due = 'retrying', pause
  local again = now + pause
  local changes = {
    'status', 'waiting', 'retry_count', text((tonumber(r.retry_count) or 0) + 1), 'next_attempt_at', text(again),
    'error_code', ARGV[11], 'error_message', ARGV[12], 'timeline', extended(r.timeline, 'waiting', now),
  }
  queue_callback(ARGV[5], r, 'waiting', now, outcome, now, changes)
  call('HSET', r.key, unpack(changes))
  call('HDEL', r.key, 'owner')
  call('ZADD', P .. 'retrying', again, r.id)
  publish(r, 'waiting', 'retrying', now)
else
  word = 'failed'
  if verdict == 'retry' then
    outcome.error_code = 'retries_exhausted'
  end
  callback = settle(ARGV[5], r, 'failed', now, outcome, held_until)
end

callback = held_until > now and callback
local left = backlog()
if left == 0 then
  return { word, next_due, 0, {}, callback }
end

-- prelude

local claims
claims, left = claim(left, tonumber(ARGV[4]), ARGV[2], tonumber(ARGV[3]), ARGV[5], now)
return { word, next_due, left, claims, callback }
