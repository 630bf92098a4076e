#!lua flags=allow-oom
-- inspect: compares what is named with all that it must agree with, and mends it when asked to. Whoever only looks
-- sends it under `flags=no-writes`, so that Redis itself refuses the rest.
--
-- KEYS  1 created              zset  every task
-- ARGV  1 prefix               `kefu:{S}:`
--       2 subject              task | member | entry | attempts | callback | outbox | instance | key
--       3 repair               1 to mend, 0 to look
--       4 lease                ms: how long a running task that stands nowhere is left to its holder
--       5… place, name         of attempts the list, of member, entry and outbox the set or hash without prefix, of key
--                              its type and its time to live in seconds (`hash 0`), else ''; then an id, of key the
--                              name without prefix. An instance is met twice: with a place in the list of them, where
--                              it is not silent
-- Returns {finding…}: {place, name, word, is, should, mendable} each; mendable: 1, and then it is mended if asked for
--         words: impossible, queues, score, lease, unlisted, end, owner, stray, cancel, unarmed, no_record, foreign,
--         stale_entry, long, no_queue, two_queues, no_contents, half, silent, type, expires, endless
-- Keeps: a record's state wins; nothing that has a record is lost, fires, or comes back from its end.
-- Cost: O(pairs · log n); a task is some 15 commands.

-- A longer lease is none (see KEFU_LEASE_SECONDS): it would hold its task for ever.
local LONGEST_LEASE = 3600 * 1000
-- The living forget whoever was silent for half as long.
local SILENT_AFTER = 120 * 1000
local QUEUES = { 'timeouts', 'scheduled', 'ready', 'retrying', 'running', 'completed', 'failed', 'cancelled' }
local finals = { completed = true, failed = true, cancelled = true }
-- What sweep and the courier need of a callback.
local CONTENTS = { 'task_id', 'status', 'at', 'generation', 'task_attempts', 'customer_id', 'attempts' }

local now, lease = clock(), tonumber(ARGV[4])
local found, mends = {}, {}
local place, name

-- Notes a disagreement, and the commands that end it: they run when everything has been looked at.
local function report(word, is, should, ...)
  found[#found + 1] = { place, name, word, is, should, select('#', ...) > 0 and 1 or 0 }
  for _, command in ipairs({ ... }) do mends[#mends + 1] = command end
end

-- When a record's `time_reach` is due, the earliest of several; nil without one.
local function due_time(r)
  local earliest = tonumber(r.trigger_time) or math.huge
  for _, trigger in ipairs(r.triggers and cjson.decode(r.triggers) or {}) do
    earliest = math.min(earliest, trigger.time or math.huge)
  end
  return earliest < math.huge and earliest or nil
end

-- Where a record says that its task stands: queue → score, true for any. Or nil, and the field that makes no sense.
local function places(r)
  for _, field in ipairs({ 'customer_id', 'trigger_type', 'generation' }) do
    if not r[field] then
      return nil, field
    end
  end
  if not ranks[r.priority] then
    return nil, 'priority'
  elseif not tonumber(r.created_at) then
    return nil, 'created_at'
  elseif r.status == 'waiting' and not r.triggered_at then
    if not tonumber(r.deadline_at) then
      return nil, 'deadline_at'
    elseif r.trigger_type == 'time_reach' and not tonumber(r.trigger_time) then
      return nil, 'trigger_time'
    end
    return { timeouts = tonumber(r.deadline_at), scheduled = due_time(r) }
  elseif finals[r.status] then
    return { [r.status] = tonumber(r.completed_at) }, 'completed_at'
  elseif not tonumber(r.triggered_at) then
    return nil, 'triggered_at'
  elseif r.status == 'running' then
    return { running = true }
  elseif r.status == 'waiting' and r.next_attempt_at then
    return { retrying = tonumber(r.next_attempt_at) }
  elseif r.status == 'waiting' then
    return { ready = ranks[r.priority] + r.triggered_at }
  end
  return nil, 'status'
end

-- The sets in which every task stands.
local function inspect_lists(r)
  for _, set in ipairs({ 'created', 'customer:' .. escaped(r.customer_id) }) do
    local score = call('ZSCORE', P .. set, r.id)
    if tonumber(score) ~= tonumber(r.created_at) then
      report('unlisted', set, r.created_at, { 'ZADD', P .. set, r.created_at, r.id })
    end
  end
end

local function inspect_queues(r, should)
  local is, wanted, commands = {}, {}, {}
  for _, queue in ipairs(QUEUES) do
    local key, right = P .. queue, should[queue]
    local score = call('ZSCORE', key, r.id)
    if score then
      is[#is + 1] = queue
    end
    if right then
      wanted[#wanted + 1] = queue
    end
    if score and not right then
      commands[#commands + 1] = { 'ZREM', key, r.id }
    elseif right and not score then
      commands[#commands + 1] = { 'ZADD', key, text(right == true and now + lease or right), r.id }
    elseif right == true and tonumber(score) > now + LONGEST_LEASE + SILENT_AFTER then
      report('lease', score, text(now + LONGEST_LEASE), { 'ZADD', key, text(now + LONGEST_LEASE), r.id })
    elseif right and right ~= true and tonumber(score) ~= right then
      report('score', queue .. ' ' .. score, text(right), { 'ZADD', key, text(right), r.id })
    end
  end
  if #commands > 0 then
    report('queues', table.concat(is, ' '), table.concat(wanted, ' '), unpack(commands))
  end
end

-- Fields that only some states have.
local function inspect_fields(r, should)
  if should.running and not r.owner then
    -- Nobody's: the lease runs out, and another goes on.
    report('owner', '', 'doctor:0', { 'HSET', r.key, 'owner', 'doctor:0' })
  end
  local belongs = {
    owner = should.running, completed_at = finals[r.status], next_attempt_at = should.retrying,
    cancel_requested = should.running or should.retrying or not r.triggered_at and not finals[r.status],
  }
  for _, field in ipairs({ 'owner', 'completed_at', 'next_attempt_at', 'cancel_requested' }) do
    if r[field] and not belongs[field] then
      report('stray', field, r.status, { 'HDEL', r.key, field })
    end
  end
  if r.cancel_requested and should.timeouts then
    report('cancel', 'waiting', '')
  end
end

-- Whether a task waits for more than a time.
local function listens(r)
  return r.trigger_type ~= 'time_reach' or call('HEXISTS', r.key, 'triggers') == 1
end

-- The index entries that the record names, and whether it may name any.
local function inspect_arming(r, waits)
  local missing, commands = {}, {}
  for entry in string.gmatch(r.armed or '', '[^\n]+') do
    local key = P .. 'armed:' .. escaped(r.customer_id) .. ':' .. entry
    if entry ~= 'scheduled' and call('HEXISTS', key, r.id) == 0 then
      missing[#missing + 1] = entry
    elseif not waits then
      commands[#commands + 1] = { 'HDEL', key, r.id }
    end
  end
  if not waits and r.armed then
    report('stray', 'armed', r.status, { 'HDEL', r.key, 'armed' }, unpack(commands))
  elseif waits and (#missing > 0 or not r.armed and listens(r)) then
    report('unarmed', table.concat(missing, ' '), '')
  end
end

local function inspect_task()
  local r = load(name)
  if not r then
    if call('EXISTS', task_key(name)) == 1 then
      report('impossible', 'status', '')
    end
    return
  end
  local more = call('HMGET', r.key, 'deadline_at', 'trigger_time', 'completed_at', 'triggers', 'next_attempt_at')
  r.deadline_at, r.trigger_time, r.completed_at, r.triggers = more[1], more[2], more[3], more[4]
  r.next_attempt_at = more[5]
  if finals[r.status] and not r.completed_at then
    r.completed_at = call('ZSCORE', P .. r.status, r.id) or text(now)
    report('end', '', r.completed_at, { 'HSET', r.key, 'completed_at', r.completed_at })
  elseif r.status == 'waiting' and r.triggered_at and r.cancel_requested and not r.next_attempt_at then
    -- Only from there is a cancel that was asked for carried out.
    r.next_attempt_at = text(now)
    report('cancel', 'ready', 'retrying', { 'HSET', r.key, 'next_attempt_at', r.next_attempt_at })
  end
  local should, flaw = places(r)
  if not should or not next(should) then
    return report('impossible', flaw or 'next_attempt_at', '')
  end
  inspect_lists(r)
  inspect_queues(r, should)
  inspect_fields(r, should)
  inspect_arming(r, r.status == 'waiting' and not r.triggered_at)
end

-- What stands in a set of tasks.
local function inspect_member()
  local key = P .. place
  if not call('ZSCORE', key, name) then
    return
  elseif call('EXISTS', task_key(name)) == 0 then
    return report('no_record', place, '', { 'ZREM', key, name })
  end
  local customer = sub(place, 1, 9) == 'customer:' and call('HGET', task_key(name), 'customer_id')
  if customer and place ~= 'customer:' .. escaped(customer) then
    report('foreign', place, customer, { 'ZREM', key, name })
  end
end

-- Whether a record names this entry. One that names none says nothing: then it is the record that lacks something.
local function names_entry(r)
  local own = 'armed:' .. escaped(r.customer_id) .. ':'
  if not r.armed and listens(r) then
    return sub(place, 1, #own) == own
  end
  for entry in string.gmatch(r.armed or '', '[^\n]+') do
    if place == own .. entry then
      return true
    end
  end
  return false
end

-- What stands in a hash of the index.
local function inspect_entry()
  local key = P .. place
  if call('HEXISTS', key, name) == 0 then return end
  local r = load(name)
  if not r and call('EXISTS', task_key(name)) == 0 then
    report('no_record', place, '', { 'HDEL', key, name })
  elseif r and r.customer_id and (r.status ~= 'waiting' or r.triggered_at or not names_entry(r)) then
    report('stale_entry', place, r.triggered_at and 'fired' or r.status, { 'HDEL', key, name })
  end
end

local function inspect_attempts()
  local key = P .. place .. ':' .. escaped(name)
  local eleventh = call('LRANGE', key, 10, 10)
  if call('EXISTS', key) == 1 and call('EXISTS', task_key(name)) == 0 then
    report('no_record', place, '', { 'UNLINK', key })
  elseif #eleventh > 0 then
    report('long', place, '10', { 'LTRIM', key, -10, -1 })
  end
end

local function inspect_callback()
  local key = P .. 'callback:' .. name
  local contents = call('HMGET', key, unpack(CONTENTS))
  if call('EXISTS', key) == 0 then return end
  local pending, dead = call('ZSCORE', P .. 'callbacks', name), call('ZSCORE', P .. 'callbacks:dead', name)
  for i, field in ipairs(CONTENTS) do
    if not contents[i] then
      return report('impossible', field, '')
    end
  end
  if pending and dead then
    report('two_queues', 'callbacks:dead', 'callbacks', { 'ZREM', P .. 'callbacks:dead', name })
  elseif not pending and not dead then
    report('no_queue', '', 'callbacks', { 'ZADD', P .. 'callbacks', text(now), name })
  end
end

-- What stands in a queue of callbacks.
local function inspect_outbox()
  if call('ZSCORE', P .. place, name) and call('EXISTS', P .. 'callback:' .. name) == 0 then
    report('no_contents', place, '', { 'ZREM', P .. place, name })
  end
end

-- One that lives after all lists itself again with its next heartbeat.
local function inspect_instance()
  local key = P .. 'instance:' .. escaped(name)
  local seen, described = call('ZSCORE', P .. 'instances', name), call('EXISTS', key) == 1
  local commands = { { 'ZREM', P .. 'instances', name }, { 'UNLINK', key } }
  if seen and not described or described and not seen then
    report('half', seen and 'listed' or 'described', '', unpack(commands))
  elseif seen and place == '' and now - seen > SILENT_AFTER then
    report('silent', text(now - seen), '', unpack(commands))
  end
end

local function inspect_key()
  local kind, seconds = string.match(place, '^(%a+) (%d+)$')
  local is, left = call('TYPE', P .. name).ok, call('TTL', P .. name)
  if is == 'none' then
    return
  elseif is ~= kind then
    report('type', is, kind)
  elseif seconds == '0' and left >= 0 then
    report('expires', text(left), '', { 'PERSIST', P .. name })
  elseif seconds ~= '0' and left == -1 then
    report('endless', '', seconds, { 'EXPIRE', P .. name, seconds })
  end
end

local inspect = ({
  task = inspect_task, member = inspect_member, entry = inspect_entry, attempts = inspect_attempts,
  callback = inspect_callback, outbox = inspect_outbox, instance = inspect_instance, key = inspect_key,
})[ARGV[2]]
for i = 5, #ARGV, 2 do
  place, name = ARGV[i], ARGV[i + 1]
  inspect()
end
if ARGV[3] == '1' then
  for _, command in ipairs(mends) do call(unpack(command)) end
end
return found
