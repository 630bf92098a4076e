#!lua flags=no-writes
-- recount: sums up what was unfinished at one moment, a page a call, from what the records tell of their past.
--
-- KEYS  1 created              zset  every task; score: acceptance
-- ARGV  1 prefix               `kefu:{S}:`
--       2 moment               ms, '' to begin now
--       3 limit                1–1000 tasks
--       4 after_created        ms: acceptance of the last record looked at, '' for the first page
--       5 after_id
-- Returns {moment, counts, next_created, next_id, sums}: counts: field, value, … of the call that begins, which reads
--         no page; next…: false, false at the end; sums: field, unfinished at the moment, perhaps unfinished, …
-- Cost: O(log n + limit).

local finals = { completed = true, failed = true, cancelled = true }

if ARGV[2] == '' then
  return { text(clock()), call('HGETALL', P .. 'counts'), false, false, {} }
end
local moment, limit = tonumber(ARGV[2]), tonumber(ARGV[3])

-- Whether a task was unfinished at the moment; nil when its record does not tell: it ended or began in that very
-- millisecond, was issued anew since, or its timeline does not reach back so far.
local function was_unfinished(status, created, timeline, generation)
  if created > moment then
    return generation ~= '1' and nil
  end
  local last = tonumber(string.match(timeline, '(%d+)$'))
  if created < moment and (not last or last < moment) then
    return not finals[status]
  end
  local before, since, told = created < moment, true, #timeline < TIMELINE_LIMIT / 2
  for word, at in string.gmatch(timeline, '(%a+) (%d+)') do
    at = tonumber(at)
    if at > moment then
      break
    end
    told, since = true, not finals[word]
    if at < moment then
      before = since
    end
  end
  if told and before == since then
    return since
  end
  return nil
end

local PRIORITIES = { 'urgent', 'high', 'normal' }
local sums, order = {}, {}
local page = page_before(KEYS[1], ARGV[4], ARGV[5], limit)
for i = 1, #page, 2 do
  local values = call('HMGET', task_key(page[i]), 'status', 'priority', 'trigger_type', 'created_at', 'timeline',
    'generation', 'updated_at')
  local created = tonumber(values[4])
  if values[1] and values[2] and values[3] and created then
    local was = was_unfinished(values[1], created, values[5] or '', values[6])
    if was ~= false then
      -- Of a record that was changed since, nobody knows with which priority it was counted.
      local updated = tonumber(values[7])
      local is_sure = was and not (updated and updated >= moment)
      for _, priority in ipairs(updated and updated >= moment and PRIORITIES or { values[2] }) do
        local field = priority .. ':' .. values[3]
        if not sums[field] then
          sums[field] = { 0, 0 }
          order[#order + 1] = field
        end
        local column = is_sure and 1 or 2
        sums[field][column] = sums[field][column] + 1
      end
    end
  end
end
local flat = {}
for _, field in ipairs(order) do
  flat[#flat + 1], flat[#flat + 2], flat[#flat + 3] = field, sums[field][1], sums[field][2]
end
if #page < 2 * limit then
  return { ARGV[2], {}, false, false, flat }
end
return { ARGV[2], {}, page[#page], page[#page - 1], flat }
