-- Marks a record as changing. KEYS: record.  ARGV: name of the change, life of the mark in ms.
local value = redis.pcall('GET', KEYS[1])
local names = type(value) == 'string' and string.sub(value, 1, 1) == 'P' and value or 'P'
if not string.find(names, ARGV[1] .. ',', 1, true) then names = names .. ARGV[1] .. ',' end -- it may run twice
redis.call('SET', KEYS[1], names, 'PX', ARGV[2])
return 1
