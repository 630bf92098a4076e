#!lua flags=no-writes
-- status: reads one task.
--
-- KEYS  1 task:<id>            hash  the record
--       2 attempts:<id>        list  its unsuccessful attempts
--       3 deliveries:<id>      list  its callbacks' unsuccessful deliveries
-- ARGV  1 prefix               `kefu:{S}:`
-- Returns {fields, attempts, deliveries}: field, value, … and JSON lines; fields is empty when there is no such task
-- Cost: O(fields).

return { call('HGETALL', KEYS[1]), call('LRANGE', KEYS[2], 0, -1), call('LRANGE', KEYS[3], 0, -1) }
