#!lua flags=no-writes
-- list: reads one page of tasks, newest first by acceptance, then id.
--
-- KEYS  1 created              zset  or customer:<id>; score: acceptance
-- ARGV  1 prefix               `kefu:{S}:`
--       2 limit                1–500 tasks
--       3 after_created        ms: acceptance of the last record looked at, '' for the first page
--       4 after_id
--       5 text                 part of an id, keyword or message, '' for any
--       6… field, value        what else must be equal
-- Returns {tasks, next_created, next_id}: {id, field, value, …} each; false, false at the end
-- Keeps: a walk sees each task that stood there at its start exactly once, whatever is added meanwhile.
-- Cost: O(log n + records looked at), at most LOOKED_AT a call; a page ends early when its texts exceed PAGE_BYTES.

local LOOKED_AT = 1000
local PAGE_BYTES = 1048576
-- What a page shows of each task.
local SHOWN = {
  'status', 'type', 'customer_id', 'customer_name', 'trigger_type', 'trigger_keyword', 'trigger_keywords',
  'trigger_time', 'trigger_event_name', 'triggers', 'action_type', 'action_message', 'action_file_url', 'action_url',
  'priority', 'timeout_hours', 'max_retry', 'retry_count', 'attempts', 'generation', 'created_at', 'created_by',
  'deadline_at', 'triggered_at', 'next_attempt_at', 'completed_at', 'error_message', 'error_code',
}

local limit, wanted = tonumber(ARGV[2]), ARGV[5]

-- Members of one score come in reverse order of their bytes.
local page = page_before(KEYS[1], ARGV[3], ARGV[4], LOOKED_AT)

local function contains(value)
  return value and find(value, wanted, 1, true)
end

-- Whether a keyword of one of several triggers contains the text; the first has it in the record's own fields, too.
local function is_in_triggers(triggers)
  for _, one in ipairs(contains(triggers) and cjson.decode(triggers) or {}) do
    if contains(one.keyword) then
      return true
    end
    for _, keyword in ipairs(one.keywords or {}) do
      if contains(keyword) then
        return true
      end
    end
  end
  return false
end

local function passes(id, r)
  for i = 6, #ARGV, 2 do
    if r[ARGV[i]] ~= ARGV[i + 1] then
      return false
    end
  end
  return wanted == '' or contains(id) or contains(r.trigger_keyword) or contains(r.trigger_keywords)
    or contains(r.action_message) or is_in_triggers(r.triggers)
end

local tasks, bytes = {}, 0
local last
for i = 1, #page, 2 do
  local id = page[i]
  local values = call('HMGET', task_key(id), unpack(SHOWN))
  local r, task = {}, { id }
  for n, field in ipairs(SHOWN) do
    if values[n] then
      r[field] = values[n]
      task[#task + 1] = field
      task[#task + 1] = values[n]
    end
  end
  last = i
  if r.status and passes(id, r) then
    tasks[#tasks + 1] = task
    for n = 3, #task, 2 do
      bytes = bytes + #task[n]
    end
    if #tasks == limit or bytes > PAGE_BYTES then
      break
    end
  end
end
local at_end = not last or last + 1 == #page and #page < 2 * LOOKED_AT
if at_end then
  return { tasks, false, false }
end
return { tasks, page[last + 1], page[last] }
