-- One task after the other, so that requests of the same moment never meet at a row. The argument
-- says how many there are.
local count, tasks = 0, 1

function init(arguments)
  tasks = tonumber(arguments[1])
end

function request()
  count = count % tasks + 1
  local path = string.format("/api/me/tasks/01970000-0000-7000-8000-%012d/complete", count)
  return wrk.format("PATCH", path)
end

function done(_, latency)
  print(string.format("p50 %d p95 %d p99 %d max %d", latency:percentile(50),
    latency:percentile(95), latency:percentile(99), latency.max))
end
