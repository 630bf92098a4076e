-- matching: the second part of the prelude, which events meet which triggers: `match` asks it of one event and the
-- tasks that wait, `receive` of one task and the events that came before it.

-- The test of index entries by one message: a function of the entry. That holds alternatives one behind the other, each
-- a mode (`any`, `contains`, `exact`, `all`), then lines `+keyword` and `-exclude`. `exact`: the message trimmed of
-- punctuation.
local function message_test(message, exact)
  local ANY, EXACT, ALL, PLUS, MINUS = byte('nxl+-', 1, 5)
  return function(entry)
    -- Most are this: one keyword to be contained.
    if sub(entry, 1, 10) == 'contains\n+' and not find(entry, '\n', 11, true) then
      return find(message, sub(entry, 11), 1, true)
    end
    local mode = byte(entry, 2)
    local met, missed, excluded = mode == ANY, false, false
    local line_end = find(entry, '\n', 1, true)
    while line_end do
      local from = line_end + 1
      line_end = find(entry, '\n', from, true)
      local head, word = byte(entry, from), sub(entry, from + 1, (line_end or 0) - 1)
      if head == PLUS then
        if mode == EXACT and word == exact or mode ~= EXACT and find(message, word, 1, true) then
          met = true
        else
          missed = true
        end
      elseif head == MINUS then
        excluded = excluded or find(message, word, 1, true)
      elseif met and not excluded and not (missed and mode == ALL) then
        return true
      else
        mode = byte(entry, from + 1)
        met, missed, excluded = mode == ANY, false, false
      end
    end
    return met and not excluded and not (missed and mode == ALL)
  end
end

-- The test of one condition: {field, operator, operand, …} by the fields of an event's `data`. Operands are a type
-- letter and the value: `s` text, `n` number, `b` boolean.
local function condition_test()
  local function equal(value, operand)
    local kind = type(value)
    if byte(kind) ~= byte(operand) then
      return false
    elseif kind == 'number' then
      return value == tonumber(sub(operand, 2))
    end
    return kind == 'boolean' and value == (operand == 'b1') or value == sub(operand, 2)
  end
  local orders = {
    gt = function(value, number) return value > number end,
    gte = function(value, number) return value >= number end,
    lt = function(value, number) return value < number end,
    lte = function(value, number) return value <= number end,
  }
  return function(condition, fields)
    local value, operator, operand = fields[condition[1]], condition[2], condition[3]
    if value == cjson.null then
      value = nil
    end
    if operator == 'exists' then
      return (value ~= nil) == (operand == 'b1')
    elseif value == nil then
      return operator == 'ne'
    elseif operator == 'eq' then
      return equal(value, operand)
    elseif operator == 'ne' then
      return not equal(value, operand)
    elseif operator == 'in' then
      for i = 3, #condition do
        if equal(value, condition[i]) then
          return true
        end
      end
      return false
    end
    local order = type(value) == 'number' and byte(operand) == byte('n') and orders[operator]
    return order and order(value, tonumber(sub(operand, 2)))
  end
end

-- The test of index entries by an event that is no message: a function of the entry. That is `*`, or alternatives, a
-- line each: conditions as JSON. `json`: the event's `data`, or an object with it as its `member`; '' for none.
local function data_test(json, member)
  local fields, holds
  return function(entry)
    if entry == '*' then
      return true
    elseif not fields then
      fields = json == '' and {} or cjson.decode(json)
      fields = member and (fields[member] or {}) or fields
      holds = condition_test()
    end
    for line in string.gmatch(entry, '[^\n]+') do
      local met = true
      for _, condition in ipairs(cjson.decode(line)) do
        met = met and holds(condition, fields)
      end
      if met then
        return true
      end
    end
    return false
  end
end

-- The newest event of a log that one of `wanted` is met by: its JSON without `at`, and when it came; or false.
-- `wanted`: of each `since` (ms), `name` and `entry` of the index. A line of the log is laid out in match.lua.
local function look_back(log, wanted)
  for i = #log, 1, -1 do
    local line = log[i]
    local at_end, name_end = find(line, ' ', 1, true), find(line, '\n', 1, true)
    local came, name = tonumber(sub(line, 1, at_end - 1)), sub(line, at_end + 1, name_end - 1)
    local event, meets
    for _, want in ipairs(wanted) do
      if name == want.name and came >= want.since then
        if not event then
          local event_end = find(line, '\n', name_end + 1, true)
          local text_end = find(line, '\n', event_end + 1, true)
          event = sub(line, name_end + 1, event_end - 1)
          if name == 'message' then
            meets = message_test(sub(line, event_end + 1, text_end - 1), sub(line, text_end + 1))
          else
            meets = data_test(event, 'data')
          end
        end
        if meets(want.entry) then
          return event, came
        end
      end
    end
  end
  return false, nil
end
