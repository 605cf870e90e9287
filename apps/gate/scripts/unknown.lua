-- Gives a ticket back, for there is no such key, and counts that against the address it came from.
-- KEYS: record, address.  ARGV: ticket, ms for which is counted.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
local unknown = redis.pcall('INCR', KEYS[2])
if type(unknown) == 'table' then -- no number stood there
  redis.call('SET', KEYS[2], 1)
  unknown = 1
end
if unknown == 1 then redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
return 1
