-- Admits one request: version, expiry, rate limit, meter. The one round trip of a verification.
-- KEYS: record, window, usage, seen.  ARGV: version ("" = read at the source), expiry (ms since 1970, "" = none),
-- limit, judgement, key ID, resource, IP address, user agent.
-- Returns {"stale"} or {outcome, requests in the window, milliseconds until the oldest leaves it}.
local version, expiry, limit, outcome, key_id = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
if version ~= '' and redis.call('GETRANGE', KEYS[1], 0, #version) ~= version .. '|' then
  return {'stale'}
end

local time = redis.call('TIME')
local second, now = tonumber(time[1]), time[1] * 1000 + math.floor(time[2] / 1000)
if expiry ~= '' and now >= tonumber(expiry) and outcome ~= 'revoked' and outcome ~= 'deleted' then
  outcome = 'expired'
end

-- The window is a list of "second:requests so far:time of the last one", oldest first. The first entry has left the
-- window already: the difference to it is the running sum. At most 62 entries, whatever the limit is.
local function entry(index)
  local text = redis.call('LINDEX', KEYS[2], index)
  if not text then return nil end
  local s, total, last = string.match(text, '^(%d+):(%d+):(%d+)$')
  return tonumber(s), tonumber(total), tonumber(last)
end

local newest_second, newest_total, newest_last = entry(-1)
local base, oldest = 0, nil
if newest_second then
  local _, total = entry(0)
  base = total or 0
  local s, next_total, last = entry(1)
  while last and last + 60000 <= now do
    redis.call('LPOP', KEYS[2])
    base = next_total
    s, next_total, last = entry(1)
  end
  oldest = last
end
local used = (newest_total or 0) - base

if outcome == 'ok' then
  if used >= limit then
    outcome = 'rate_limited'
  else
    used = used + 1
    if not newest_second then
      redis.call('RPUSH', KEYS[2], '0:0:0', second .. ':1:' .. now)
    elseif newest_second >= second and newest_total > base then
      local last = math.max(now, newest_last)
      redis.call('LSET', KEYS[2], -1, newest_second .. ':' .. (newest_total + 1) .. ':' .. last)
      if not oldest or oldest == newest_last then oldest = last end
    else
      redis.call('RPUSH', KEYS[2], second .. ':' .. (newest_total + 1) .. ':' .. now)
    end
    redis.call('PEXPIRE', KEYS[2], 61000)
    oldest = oldest or now
  end
end

redis.call('HINCRBY', KEYS[3], key_id .. '|' .. (second - second % 3600) .. '|' .. ARGV[6] .. '|' .. outcome, 1)
if outcome == 'ok' then
  redis.call('HSET', KEYS[4], key_id, now .. '|' .. ARGV[7] .. '|' .. ARGV[8])
elseif outcome == 'revoked' or outcome == 'deleted' or outcome == 'expired' then
  redis.call('HSET', KEYS[4], key_id .. '!', now .. '|' .. ARGV[7] .. '|')
end
return {outcome, used, oldest and math.max(0, oldest + 60000 - now) or 0}
