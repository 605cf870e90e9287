-- Admits one request: version, expiry, rate limit, meter. The one round trip of a verification.
-- KEYS: record, window, usage, seen.  ARGV: "V<version>" ("" = read at the source), expiry (ms since 1970, "" = none),
-- limit, judgement, key ID, resource, "<IP address>|<user agent>".
-- Returns 0 when the version is another, else {outcome, requests in the window, ms until the oldest leaves it}.
local call = redis.call
if ARGV[1] ~= '' and call('GETRANGE', KEYS[1], 0, 8) ~= ARGV[1] then return 0 end

local time = call('TIME')
local second, ms = tonumber(time[1]), math.floor(time[2] / 1000)
local now, limit, outcome = second * 1000 + ms, tonumber(ARGV[3]), ARGV[4]
if ARGV[2] ~= '' and now >= tonumber(ARGV[2]) and outcome ~= 'revoked' and outcome ~= 'deleted' then
  outcome = 'expired'
end

-- The window is one string: the requests in it (4 bytes), then for each second that had any, the oldest first, the
-- second (4), its requests (4), and the ms of the last one (2). At most 62 seconds, whatever the limit is.
local window, used, from, leaves = call('GET', KEYS[2]), 0, 5, now
if window and (#window - 4) % 10 == 0 then
  used = struct.unpack('>I4', window)
  while from < #window do
    local s, n, last = struct.unpack('>I4I4I2', window, from)
    leaves = s * 1000 + last + 60000
    if leaves > now then break end
    used, from = used - n, from + 10
  end
end
if not window or from > #window or leaves > now + 70000 then -- nothing is left of it, or it is none of ours
  window, used, leaves = '', 0, now
end

if outcome == 'ok' then
  if used >= limit then
    outcome = 'rate_limited'
  else
    local s, n, last = second, 0, ms
    local kept = string.sub(window, from)
    if window ~= '' then
      s, n, last = struct.unpack('>I4I4I2', window, #window - 9)
      if s < second then
        s, n, last = second, 0, ms
      else -- in the same second; or the clock went back, and no request may leave before its time
        kept = string.sub(window, from, -11)
        if s == second and ms > last then last = ms end
      end
    end
    used = used + 1
    local until_last = s * 1000 + last + 60000 - now
    call('SET', KEYS[2], struct.pack('>I4', used) .. kept .. struct.pack('>I4I4I2', s, n + 1, last), 'PX', until_last + 1000)
    if kept == '' then leaves = now + until_last end
  end
end

call('HINCRBY', KEYS[3], ARGV[5] .. '|' .. second - second % 3600 .. '|' .. ARGV[6] .. '|' .. outcome, 1)
if outcome == 'ok' then
  call('HSET', KEYS[4], ARGV[5], now .. '|' .. ARGV[7])
elseif outcome == 'revoked' or outcome == 'deleted' or outcome == 'expired' then
  call('HSET', KEYS[4], ARGV[5] .. '!', now .. '|' .. ARGV[7])
end
return {outcome, used, leaves > now and leaves - now or 0}
