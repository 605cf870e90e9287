-- Reads a record, or takes a ticket to fill it. KEYS: record.  ARGV: ticket, its life in ms.
-- What stands there is "<version>|<record>", "T<ticket>" while somebody reads the database, or "P<changes>" while a
-- change is on its way. Returns the value, or "T<ticket>" when this caller may fill.
local value = redis.call('GET', KEYS[1])
if value then return value end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
