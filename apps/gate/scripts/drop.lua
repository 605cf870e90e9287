-- Takes a record away, so that the database is asked. The mark of a change stays, and nothing of another type. KEYS: record.
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'table' or value and string.sub(value, 1, 1) ~= 'P' then redis.call('DEL', KEYS[1]) end
return 1
