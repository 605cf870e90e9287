-- Reads the window of a key; or writes one that was read of another key, which may be on another node.
-- KEYS: window.  ARGV: "" to read, else what to write. The latest request in it leaves after 61 s at most.
if ARGV[1] == '' then return redis.call('GET', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[1], 'PX', 62000)
return 1
