-- Takes a record away, or what stands there of another type, so that the database is asked. The mark of a change stays.
-- KEYS: record.
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'table' or value and string.sub(value, 1, 1) ~= 'P' then redis.call('DEL', KEYS[1]) end
return 1
