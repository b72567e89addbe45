-- Notes, each with a key of its own and two of two hundred tags, such that requests of the same
-- moment have no tag in common. The argument begins the keys: one for each run.
local count = 0
local prefix, bodies = "", {}

function init(arguments)
  prefix = arguments[1]
  wrk.headers["Content-Type"] = "application/json"
  for i = 0, 199 do
    bodies[i] = string.format(
      '{"source_type":"note","raw_text":"The oak posts have to be ordered before Friday; the gate'
        .. ' can wait until spring.","tags":["tag %d","tag %d"]}', i, (i + 100) % 200)
  end
end

function request()
  count = count + 1
  wrk.headers["Idempotency-Key"] = prefix .. "-" .. count
  return wrk.format("POST", "/api/items", nil, bodies[count % 200])
end

-- For the mixed load, whose latencies are asked of each kind.
function done(_, latency)
  print(string.format("p50 %d p95 %d p99 %d max %d", latency:percentile(50),
    latency:percentile(95), latency:percentile(99), latency.max))
end
