-- Reads a record, or takes a ticket to fill it; for an address that has sent too many unknown keys neither.
-- KEYS: record, address.  ARGV: ticket, its life in ms, unknown keys that an address may send in a minute.
-- Returns the value, "T<ticket>" when this caller may fill, or 0 for that address.
local value = redis.call('GET', KEYS[1])
if value then return value end
if (tonumber(redis.call('GET', KEYS[2])) or 0) >= tonumber(ARGV[3]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
