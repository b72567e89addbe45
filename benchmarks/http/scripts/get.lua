-- wrk's own request; latencies in microseconds at the end.
function done(_, latency)
  print(string.format("p50 %d p95 %d p99 %d max %d", latency:percentile(50),
    latency:percentile(95), latency:percentile(99), latency.max))
end
