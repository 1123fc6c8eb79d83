// Times the pure modules and counts their allocations; one line of JSON per operation, which Benchmarks/run reads.
//
//     Micro [TEXT]        only the operations whose name contains TEXT

let operations: [(name: String, measure: () -> Measurement)] = [
    ("request head, 6 fields", HeadParsing.measureRequest),
    ("response head, 5 fields", HeadParsing.measureResponse),
    ("route lookup, 10 routes", { RouteLookup.measure(routes: 10) }),
    ("route lookup, 64 routes", { RouteLookup.measure(routes: 64) }),
    ("route lookup, 10 000 routes", { RouteLookup.measure(routes: 10_000) }),
    ("decision by header", Deciding.measureHeader),
    ("decision by weight, per request", Deciding.measureWeight),
    ("decision by weight, per client", Deciding.measureStickyWeight),
]

let wanted = CommandLine.arguments.dropFirst().first ?? ""
for operation in operations where wanted.isEmpty || operation.name.contains(wanted) {
    let cost = operation.measure()
    print(#"{"operation":"\#(operation.name)","nanoseconds":\#(cost.nanoseconds),"allocations":\#(cost.allocations)}"#)
}
