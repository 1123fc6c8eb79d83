import Routing

/// Lookups in tables of plain routes: an exact host with one prefix path each.
enum RouteLookup {
    /// Requests go to this many hosts in turn, or to all of a smaller table.
    private static let hotHosts = 64

    static func measure(routes: Int) -> Measurement {
        var builder = RouteTableBuilder()
        for number in 0 ..< routes {
            _ = builder.add(host: host(number), path: "/catalogue", type: .prefix) { index in
                Route(index: index, label: "default/plain", host: host(number), path: "/catalogue", pathType: .prefix, stable: 0)
            }
        }
        let table = builder.build()
        // The hot hosts lie evenly spread in the table.
        let hot = min(hotHosts, routes)
        let targets = (0 ..< hot).map { $0 * routes / hot }
        let hosts = targets.map { Array(host($0).utf8) }
        let path = Array("/catalogue/items/42".utf8)
        var next = 0
        return Measurement {
            var right = 0
            for _ in 0 ..< Measurement.operations {
                let host = hosts[next]
                let match = table.match(host: host.span, path: path.span)
                if case .route(let route) = match, route.index == targets[next] { right += 1 }
                next = next + 1 == hot ? 0 : next + 1
            }
            return right
        }
    }

    private static func host(_ number: Int) -> String { "shop-\(number).example.com" }
}
