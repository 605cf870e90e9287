-- Ends a change. The mark stays for as long as another change of the same record has not ended.
-- KEYS: record.  ARGV: name of the change.
local value = redis.pcall('GET', KEYS[1])
if not value then return 1 end
if type(value) == 'string' and string.sub(value, 1, 1) == 'P' then
  local from, to = string.find(value, ARGV[1] .. ',', 1, true)
  local rest = from and string.sub(value, 1, from - 1) .. string.sub(value, to + 1) or value
  if rest ~= 'P' then
    redis.call('SET', KEYS[1], rest, 'KEEPTTL')
    return 1
  end
end
redis.call('DEL', KEYS[1])
return 1
