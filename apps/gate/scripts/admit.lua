-- Admits one request: version, expiry, rate limit, meter. The one round trip of a verification.
-- KEYS: record, window, usage, seen.  ARGV: "V<version>" ("" = read at the source), expiry (ms since 1970, "" = none),
-- limit, judgement, key ID, resource, "<IP address>|<user agent>".
-- Returns 0 when the version is another, else {outcome, requests in the window, ms until one more fits, or one leaves}.
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
local window, used, from = call('GET', KEYS[2]), 0, 5
if window and (#window < 14 or (#window - 4) % 10 ~= 0) then window = nil end -- none of ours
if window then
  used = struct.unpack('>I4', window)
  while from < #window do
    local s, n, last = struct.unpack('>I4I4I2', window, from)
    if s * 1000 + last + 60000 > now then break end
    used, from = used - n, from + 10
  end
  if from > #window or used < 0 then
    window, used = nil, 0
  else
    local s, _, last = struct.unpack('>I4I4I2', window, #window - 9)
    if s * 1000 + last > now + 1000 then
      -- The clock went back. As if all had been made now: the limit holds, and nobody waits for longer than 60 s.
      window, from = struct.pack('>I4I4I4I2', used, second, used, ms), 5
      call('SET', KEYS[2], window, 'PX', 61000)
    end
  end
end

if outcome == 'ok' then
  if used >= limit then
    outcome = 'rate_limited'
  else
    local s, n, last, kept = second, 0, ms, ''
    if window then
      s, n, last = struct.unpack('>I4I4I2', window, #window - 9)
      if s < second then
        kept, s, n, last = string.sub(window, from), second, 0, ms
      else -- the same second, or one that is ahead by less than a second
        kept = string.sub(window, from, -11)
        if s == second and ms > last then last = ms end
      end
    end
    used, from = used + 1, 5
    window = struct.pack('>I4', used) .. kept .. struct.pack('>I4I4I2', s, n + 1, last)
    call('SET', KEYS[2], window, 'PX', s * 1000 + last - now + 61000)
  end
end

local cell = ARGV[5] .. '|' .. second - second % 3600 .. '|' .. ARGV[6] .. '|' .. outcome
if type(redis.pcall('HINCRBY', KEYS[3], cell, 1)) == 'table' then call('HSET', KEYS[3], cell, 1) end -- no number stood there
if outcome == 'ok' then
  call('HSET', KEYS[4], ARGV[5], now .. '|' .. ARGV[7])
elseif outcome == 'revoked' or outcome == 'deleted' or outcome == 'expired' then
  call('HSET', KEYS[4], ARGV[5] .. '!', now .. '|' .. ARGV[7])
end

-- One request has to leave, or as many as are too many since the limit was lowered.
local leaves, gone, needed = now, 0, math.max(1, used - limit + 1)
while window and gone < needed and from < #window do
  local s, n, last = struct.unpack('>I4I4I2', window, from)
  leaves, gone, from = s * 1000 + last + 60000, gone + n, from + 10
end
return {outcome, used, leaves > now and leaves - now or 0}
