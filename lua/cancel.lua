#!lua flags=allow-oom
-- cancel: ends a task before its action, or asks the attempt under way to be the last.
--
-- KEYS  1 task:<id>            hash  the record
-- ARGV  1 prefix               `kefu:{S}:`
--       2 called_back          comma-separated states
--       3 id
--       4 reason               '' for none
-- Returns {word, status, next_due_in}: cancelled | already | requested | busy | conflict | missing
-- Keeps: no action starts after `cancelled`: a task that an instance holds, or may still be sending after it lost its
--        lease (`lost_until`), is only marked.
-- Cost: O(log n).

local r = load(ARGV[3])
if not r then
  return { 'missing', false, false }
end
load_losses(r)
local now = clock()
local reason = ARGV[4] ~= '' and ARGV[4] or nil
local lost_until = tonumber(r.lost_until) or 0

if r.status == 'cancelled' then
  return { 'already', r.status, false }
elseif r.status == 'completed' then
  return { 'conflict', r.status, false }
elseif r.status == 'failed' and now < lost_until then
  return { 'busy', r.status, false }
end

if reason then
  r.cancel_reason = reason
  call('HSET', r.key, 'cancel_reason', reason)
end
if r.status == 'running' then
  call('HSET', r.key, 'cancel_requested', '1')
  return { 'requested', r.status, false }
end
if r.status == 'failed' then
  call('ZREM', P .. 'failed', r.id)
elseif r.triggered_at then
  call('ZREM', P .. 'ready', r.id)
  call('ZREM', P .. 'retrying', r.id)
else
  disarm(r)
end
local word, callback = settle_cancel(ARGV[2], r, now)
if word == 'retrying' then
  return { 'requested', 'waiting', lost_until - now }
end
return { 'cancelled', 'cancelled', callback and 0 or false }
