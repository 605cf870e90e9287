-- Takes away what stands under one of our names and is of a type that we never wrote there.
-- KEYS: strings first, then hashes.  ARGV: how many of them are strings.
for index, name in ipairs(KEYS) do
  local found = redis.call('TYPE', name)['ok']
  local ours = index <= tonumber(ARGV[1]) and 'string' or 'hash'
  if found ~= 'none' and found ~= ours then redis.call('DEL', name) end
end
return 1
