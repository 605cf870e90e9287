-- Sets the counts of one bucket aside as a batch. KEYS: usage, seen, batches, usage of the batch, seen of the batch.
-- ARGV: ID of the batch, which is left as it is when it is there already. Returns the IDs of all batches that wait.
local waiting = redis.pcall('SMEMBERS', KEYS[3])
if waiting.err then redis.call('DEL', KEYS[3]) end -- none of ours
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('EXISTS', KEYS[4]) == 0 then
  redis.call('RENAME', KEYS[1], KEYS[4])
  if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('RENAME', KEYS[2], KEYS[5]) end
  redis.call('SADD', KEYS[3], ARGV[1])
end
return redis.call('SMEMBERS', KEYS[3])
