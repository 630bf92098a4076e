#!lua
-- match: fires every task of one customer that one event matches, and hands back work from the head of `ready`.
--
-- KEYS  1 armed:<customer>:<kind>      hash    the index entries that this event can meet
--       2 event:<customer>:<event_id>  string  what the first processing answered; only with an event_id
-- ARGV  1 prefix               `kefu:{S}:`
--       2 token                lease token for tasks handed back
--       3 lease                ms
--       4 capacity             tasks the caller can take, ≥ 0
--       5 called_back          comma-separated states
--       6 kind                 message | payment | order | custom
--       7 text                 normalized text of a message, '' otherwise
--       8 exact                the same trimmed of punctuation
--       9 event                JSON object of the event, without `at`
--      10 data                 the event's `data` as JSON, '' when absent
-- Returns {word, matched ids, backlog, claims}: none | matched | duplicate
-- Keeps: a trigger fires once; an event meets only the entries of its own customer and kind.
-- Cost: O(entries of this customer and kind); one key touched when there are none and the event has no id.

-- Most events meet nobody who waits for them: those end here, before anything is set up.
if not KEYS[2] and redis.call('EXISTS', KEYS[1]) == 0 then
  return { 'none', {}, 0, {} }
end

-- prelude

-- An event id is remembered this long, by the clock and by the key's TTL.
local EVENT_ID_TTL = 24 * 3600 * 1000

-- Entries of messages: a mode (`any`, `contains`, `exact`, `all`), then lines `+keyword` and `-exclude`.
local ANY, EXACT, ALL, PLUS = byte('n'), byte('x'), byte('l'), byte('+')
local function message_matches(entry, message, exact)
  local mode = byte(entry, 2)
  local met, missed = mode == ANY, false
  local line = find(entry, '\n', 1, true)
  while line do
    local following = find(entry, '\n', line + 1, true)
    local word = sub(entry, line + 2, following and following - 1 or -1)
    if byte(entry, line + 1) ~= PLUS then
      if find(message, word, 1, true) then
        return false
      end
    elseif mode == EXACT and word == exact or mode ~= EXACT and find(message, word, 1, true) then
      met = true
    else
      missed = true
    end
    line = following
  end
  if mode == ALL then
    return not missed
  end
  return met
end

-- Operands and values compare as a type letter and the value: `s` text, `n` number, `b` boolean, `o` other.
local function typed(value)
  local kind = type(value)
  if kind == 'string' then
    return 's', value
  elseif kind == 'number' then
    return 'n', value
  elseif kind == 'boolean' then
    return 'b', value
  end
  return 'o', nil
end

local function equal(kind, value, operand)
  local operand_kind, rest = sub(operand, 1, 1), sub(operand, 2)
  if kind ~= operand_kind then
    return false
  elseif kind == 's' then
    return value == rest
  elseif kind == 'n' then
    return value == tonumber(rest)
  end
  return kind == 'b' and value == (rest == '1')
end

local function orders(operator, value, operand)
  local number = tonumber(sub(operand, 2))
  if operator == 'gt' then
    return value > number
  elseif operator == 'gte' then
    return value >= number
  elseif operator == 'lt' then
    return value < number
  end
  return value <= number
end

-- One condition: {field, operator, operand, …}.
local function holds(condition, fields)
  local value, operator, operand = fields[condition[1]], condition[2], condition[3]
  if value == cjson.null then
    value = nil
  end
  if operator == 'exists' then
    return (value ~= nil) == (operand == 'b1')
  elseif value == nil then
    return operator == 'ne'
  end
  local kind, plain = typed(value)
  if operator == 'eq' then
    return equal(kind, plain, operand)
  elseif operator == 'ne' then
    return not equal(kind, plain, operand)
  elseif operator == 'in' then
    for i = 3, #condition do
      if equal(kind, plain, condition[i]) then
        return true
      end
    end
    return false
  end
  return kind == 'n' and sub(operand, 1, 1) == 'n' and orders(operator, plain, operand)
end

-- Entries of other events: `*`, or the conditions as JSON.
local fields_cache
local function conditions_match(entry, json)
  if entry == '*' then
    return true
  end
  fields_cache = fields_cache or (json == '' and {} or cjson.decode(json))
  for _, condition in ipairs(cjson.decode(entry)) do
    if not holds(condition, fields_cache) then
      return false
    end
  end
  return true
end

local now
if KEYS[2] then
  now = clock()
  local first = call('GET', KEYS[2])
  if first then
    local at, ids = string.match(first, '^(%d+)(.*)$')
    if now - at < EVENT_ID_TTL then
      local matched = {}
      for id in string.gmatch(ids, '[^\n]+') do
        matched[#matched + 1] = id
      end
      return { 'duplicate', matched, 0, {} }
    end
  end
end

local entries = call('HGETALL', KEYS[1])
local fired, matched = {}, {}
for i = 1, #entries, 2 do
  local entry = entries[i + 1]
  local meets
  if ARGV[6] == 'message' then
    meets = message_matches(entry, ARGV[7], ARGV[8])
  else
    meets = conditions_match(entry, ARGV[10])
  end
  if meets then
    local r = load_work(entries[i])
    if r and r.status == 'waiting' and not r.triggered_at then
      fired[#fired + 1] = r
      matched[#matched + 1] = r.id
    end
  end
end

if KEYS[2] then
  call('SET', KEYS[2], text(now) .. '\n' .. table.concat(matched, '\n'), 'PX', EVENT_ID_TTL)
end
if #fired == 0 then
  return { 'none', matched, 0, {} }
end
now = now or clock()
local claims, left = fire(fired, ARGV[9], backlog(), tonumber(ARGV[4]), ARGV[2], tonumber(ARGV[3]), ARGV[5], now)
return { 'matched', matched, left, claims }
