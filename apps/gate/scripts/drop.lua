-- Takes a record away, so that the database is asked. The mark of a change stays. KEYS: record.
local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 1, 1) ~= 'P' then redis.call('DEL', KEYS[1]) end
return 1
