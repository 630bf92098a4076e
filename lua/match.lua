#!lua
-- match: fires every task of one customer that one event matches, keeps the event a while for tasks that look back, and
-- hands back work from the head of `ready`.
--
-- KEYS  1 armed:<customer>:<kind>      hash    the index entries that this event can meet
--       2 event:<customer>:<event_id>  string  what the first processing answered; only with an event_id
-- ARGV  1 prefix               `kefu:{S}:`
--       2 token                lease token for tasks handed back
--       3 lease                ms
--       4 capacity             tasks the caller can take, ≥ 0
--       5 called_back          comma-separated states
--       6 name                 of the index entry: message | payment | order | custom:<event>
--       7 text                 normalized text of a message, '' otherwise
--       8 exact                the same trimmed of punctuation
--       9 event                JSON object of the event, without `at`
--      10 data                 the event's `data` as JSON, '' when absent
--      11 log_ttl              s: how long `recent:<customer>` lives behind its last event; only when events are kept
-- Returns {word, work…}: none | matched, ids, backlog, claims | duplicate, ids
-- Keeps: a trigger fires once; an event meets only the entries of its own customer and kind; it is kept once, and as
--        it met the tasks that were there, so it fires no task by both ways.
-- Cost: O(entries of this customer and kind); with none, no event_id and no log one key is touched, with a log two.

-- Most events meet nobody who waits for them: with nothing to keep they end here, before anything is set up. Most
-- entries of a message are one keyword to be contained; those that this one does not meet are passed over, the rest is
-- for the whole test in matching.lua.
-- Without the ids: few events fire anything, and then they stand in the same order.
local entries = redis.call('HVALS', KEYS[1])
local first, last = 1, #entries
if ARGV[6] == 'message' then
  local message, find, sub, byte = ARGV[7], string.find, string.sub, string.byte
  -- Of the modes only `contains` begins with a `c`; its first keyword stands behind `contains`, a line end and `+`.
  local CONTAINS, KEYWORD = byte('c'), #'contains' + 3
  while first <= last do
    local entry = entries[first]
    if byte(entry) ~= CONTAINS or find(message, sub(entry, KEYWORD), 1, true) or find(entry, '\n', KEYWORD, true) then
      break
    end
    first = first + 1
  end
end
if first > last and not ARGV[11] and not KEYS[2] then
  return { 'none' }
end

-- prelude

-- An event id is remembered this long, by the clock and by the key's TTL.
local EVENT_ID_TTL = 24 * 3600 * 1000
-- The events of one customer that are kept. An event larger than its share pushes old ones out until the bytes suffice;
-- the newest is always kept.
local LOG_EVENTS, LOG_BYTES = 16, 64 * 1024

local now = (ARGV[11] or KEYS[2]) and clock()
if KEYS[2] then
  local earlier = call('GET', KEYS[2])
  if earlier then
    local at, ids = string.match(earlier, '^(%d+)(.*)$')
    if now - at < EVENT_ID_TTL then
      local matched = {}
      for id in string.gmatch(ids, '[^\n]+') do
        matched[#matched + 1] = id
      end
      return { 'duplicate', matched }
    end
  end
end

-- Keeps the event in the customer's log, a list with the newest last. A line is: when it came, the name of its index
-- entries; its JSON; its text; the text as `exact` compares it.
local function keep()
  local log = P .. 'recent:' .. sub(KEYS[1], #P + #'armed:' + 1, -#ARGV[6] - 2)
  local line = text(now) .. ' ' .. ARGV[6] .. '\n' .. ARGV[9] .. '\n' .. ARGV[7] .. '\n' .. ARGV[8]
  if #line > LOG_BYTES / LOG_EVENTS then
    local kept, bytes = call('LRANGE', log, 0, -1), #line
    local oldest = #kept + 1
    while oldest > 1 and bytes + #kept[oldest - 1] <= LOG_BYTES do
      oldest = oldest - 1
      bytes = bytes + #kept[oldest]
    end
    if oldest > 1 then
      call('LTRIM', log, oldest - 1, -1)
    end
  end
  if call('RPUSH', log, line) > LOG_EVENTS then
    call('LTRIM', log, -LOG_EVENTS, -1)
  end
  call('EXPIRE', log, ARGV[11])
end

-- Writes down that the event came, and which tasks it met.
local function remember(matched)
  if ARGV[11] then
    keep()
  end
  if KEYS[2] then
    call('SET', KEYS[2], text(now) .. '\n' .. table.concat(matched, '\n'), 'PX', EVENT_ID_TTL)
  end
end

if first > last then
  remember({})
  return { 'none' }
end

-- prelude

local meets = ARGV[6] == 'message' and message_test(ARGV[7], ARGV[8]) or data_test(ARGV[10])
local fired, matched, ids = {}, {}, nil
for i = first, last do
  if meets(entries[i]) then
    ids = ids or call('HKEYS', KEYS[1])
    local r = load_work(ids[i])
    if r and r.status == 'waiting' and not r.triggered_at then
      fired[#fired + 1] = r
      matched[#matched + 1] = r.id
    end
  end
end

remember(matched)
if #fired == 0 then
  return { 'none' }
end
now = now or clock()
local event, capacity = event_at(ARGV[9], now), tonumber(ARGV[4])
local claims, left = fire(fired, event, backlog(), capacity, ARGV[2], tonumber(ARGV[3]), ARGV[5], now)
return { 'matched', matched, left, claims }
