-- Writes a record, if the ticket still stands: a change that began after the ticket was taken has removed it, so what
-- was read before the change can never land after it.  KEYS: record.  ARGV: ticket, "V<version><record>".
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
