#!lua flags=no-writes
-- history: sums up the counters of minutes, for charts.
--
-- KEYS  1 counts               hash  places the call; not read
-- ARGV  1 prefix               `kefu:{S}:`
--       2 first                number of the first minute since 1970, '' for the earliest of a span that ends now
--       3 span                 steps of the whole span; it begins on a multiple of a step
--       4 step                 minutes of one point
--       5 points               how many to sum up, ≤ span
--       6… counter             names of the counters of a minute
-- Returns {first, sum…}: first: the first minute summed up; then a list a point, of one sum a counter
-- Cost: O(minutes · counters); an hour's takes a few hundred µs.

local step = tonumber(ARGV[4])
local first = tonumber(ARGV[2])
if not first then
  local minute = floor(clock() / 60000)
  first = minute - minute % step - (ARGV[3] - 1) * step
end
local points = { text(first) }
for point = 0, ARGV[5] - 1 do
  local sums = {}
  for i = 6, #ARGV do
    sums[i - 5] = 0
  end
  for minute = first + point * step, first + point * step + step - 1 do
    local values = call('HMGET', P .. 'minute:' .. text(minute), unpack(ARGV, 6))
    for i = 1, #sums do
      if values[i] then
        sums[i] = sums[i] + values[i]
      end
    end
  end
  points[#points + 1] = sums
end
return points
