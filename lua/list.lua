#!lua flags=no-writes
-- list: reads one page of tasks, newest first by acceptance, then id.
--
-- KEYS  1 created              zset  or customer:<id>; score: acceptance
-- ARGV  1 prefix               `kefu:{S}:`
--       2 limit                1–500 tasks
--       3 after_created        ms: acceptance of the last record looked at, '' for the first page
--       4 after_id
--       5 text                 part of an id, the customer's id or name, a keyword or the message, '' for any
--       6 id                   of the only task to look at, '' for any
--       7… field, value        what else must be equal
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
-- Where a text is searched for besides the id.
local TEXTS = {
  'trigger_keyword', 'trigger_keywords', 'action_message', 'customer_id', 'customer_name', 'triggers',
}

local limit, wanted = tonumber(ARGV[2]), ARGV[5]

-- What the filters look at: little, because most records pass none.
local looked_at = { 'status' }
for i = 7, #ARGV, 2 do
  looked_at[#looked_at + 1] = ARGV[i]
end
if wanted ~= '' then
  for _, field in ipairs(TEXTS) do
    looked_at[#looked_at + 1] = field
  end
end

-- Members of one score come in reverse order of their bytes. Without a filter the first will do.
local most = wanted == '' and #ARGV == 6 and limit + 1 or LOOKED_AT
local page = ARGV[6] ~= '' and { ARGV[6], '' } or page_before(KEYS[1], ARGV[3], ARGV[4], most)

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
  for i = 7, #ARGV, 2 do
    if r[ARGV[i]] ~= ARGV[i + 1] then
      return false
    end
  end
  if wanted == '' or contains(id) then
    return true
  end
  for i = 1, #TEXTS - 1 do
    if contains(r[TEXTS[i]]) then
      return true
    end
  end
  return is_in_triggers(r.triggers)
end

local tasks, bytes = {}, 0
local last
for i = 1, #page, 2 do
  local id = page[i]
  local key = task_key(id)
  local values, r = call('HMGET', key, unpack(looked_at)), {}
  for n, field in ipairs(looked_at) do
    r[field] = values[n]
  end
  last = i
  if r.status and passes(id, r) then
    local task = { id }
    values = call('HMGET', key, unpack(SHOWN))
    for n, field in ipairs(SHOWN) do
      if values[n] then
        task[#task + 1] = field
        task[#task + 1] = values[n]
        bytes = bytes + #values[n]
      end
    end
    tasks[#tasks + 1] = task
    if #tasks == limit or bytes > PAGE_BYTES then
      break
    end
  end
end
local at_end = not last or last + 1 == #page and #page < 2 * most
if at_end then
  return { tasks, false, false }
end
return { tasks, page[last + 1], page[last] }
