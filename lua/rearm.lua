#!lua flags=allow-oom
-- rearm: puts a waiting task back into the index.
--
-- KEYS  1 task:<id>            hash  the record
-- ARGV  1 prefix               `kefu:{S}:`
--       2 id
--       3 content              digest of the task from whose record the entries were made
--       4… name, entry         each index entry, as receive is given it; at the end `scheduled` and '' when one of
--                              several triggers is a time
-- Returns {word}: armed | whole | moved | missing
-- Keeps: a task that has fired or ended, or was issued anew with other contents, is not touched.
-- Cost: O(entries).

local r = load(ARGV[2])
if not r then
  return { 'missing' }
elseif r.status ~= 'waiting' or r.triggered_at or (call('HGET', r.key, 'content') or '') ~= ARGV[3] then
  return { 'moved' }
end
local hash = P .. 'armed:' .. escaped(r.customer_id) .. ':'
local names, lacks = {}, false
for i = 4, #ARGV, 2 do
  names[#names + 1] = ARGV[i]
  lacks = lacks or ARGV[i + 1] ~= '' and call('HEXISTS', hash .. ARGV[i], r.id) == 0
end
local armed = table.concat(names, '\n')
if armed == r.armed and not lacks then
  return { 'whole' }
end
for name in string.gmatch(r.armed or '', '[^\n]+') do
  call('HDEL', hash .. name, r.id)
end
for i = 4, #ARGV, 2 do
  if ARGV[i + 1] ~= '' then
    call('HSET', hash .. ARGV[i], r.id, ARGV[i + 1])
  end
end
call('HSET', r.key, 'armed', armed)
return { 'armed' }
