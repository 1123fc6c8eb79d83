-- What wrk sends beyond its command line, and its results as one line of JSON.

local bytes = tonumber(os.getenv("BENCH_POST_BYTES") or "0")
if bytes > 0 then
    wrk.method = "POST"
    wrk.body = string.rep("x", bytes)
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        'RESULT {"requests":%d,"seconds":%.6f,"bytes":%d,"p50":%d,"p99":%d,'
            .. '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
        summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50), latency:percentile(99),
        errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
