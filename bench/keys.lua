-- A script of wrk: sends the first LIMIT lines of FILE in the header HEADER, one after the other, again and again.
--   wrk … -s keys.lua URL -- FILE LIMIT HEADER METHOD BODY START [NAME VALUE]…
-- START is the number of the line, from 0, that goes first.
local requests, n, sent = {}, 0, 0

function init(args)
  local limit, header = tonumber(args[2]), args[3]
  wrk.method = args[4]
  if args[5] ~= '' then wrk.body = args[5] end
  for i = 7, #args, 2 do wrk.headers[args[i]] = args[i + 1] end
  for line in io.lines(args[1]) do
    wrk.headers[header] = line
    n = n + 1
    requests[n] = wrk.format()
    if n >= limit then break end
  end
  sent = tonumber(args[6]) % n
end

function request()
  sent = sent % n + 1
  return requests[sent]
end

function done(summary, latency, _)
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    'JSON {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"max":%d,"refused":%d,"failed":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
    summary.errors.status, failed))
end
