-- Takes away what stands under one of our names and is of a type that we never wrote there; returns how much it was.
-- KEYS: strings first, then hashes.  ARGV: how many of them are strings.
local taken = 0
for index, name in ipairs(KEYS) do
  local found = redis.call('TYPE', name)['ok']
  local ours = index <= tonumber(ARGV[1]) and 'string' or 'hash'
  if found ~= 'none' and found ~= ours then taken = taken + redis.call('DEL', name) end
end
return taken
