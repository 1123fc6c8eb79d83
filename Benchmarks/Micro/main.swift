// Times the pure modules and counts their allocations; one line of JSON per operation, which Benchmarks/run reads.

func report(_ operation: String, _ measurement: Measurement) {
    print(#"{"operation":"\#(operation)","nanoseconds":\#(measurement.nanoseconds),"allocations":\#(measurement.allocations)}"#)
}

report("request head, 6 fields", HeadParsing.measureRequest())
report("response head, 5 fields", HeadParsing.measureResponse())
report("route lookup, 10 routes", RouteLookup.measure(routes: 10))
report("route lookup, 64 routes", RouteLookup.measure(routes: 64))
report("route lookup, 10 000 routes", RouteLookup.measure(routes: 10_000))
report("decision by header", Deciding.measureHeader())
report("decision by weight, per request", Deciding.measureWeight())
report("decision by weight, per client", Deciding.measureStickyWeight())
