import Routing

/// Decisions on a route whose canary has a header rule, a cookie rule and a weight of 20 %.
enum Deciding {
    private static let header = 0
    private static let cookie = 1
    private static let user = 2

    /// The header decides: the first rule of all.
    static func measureHeader() -> Measurement {
        let value = Array("bar".utf8)
        return measure(hashKey: nil) { $0 == .header } fill: { values in
            values.begin(header)
            values.append(value.span)
        }
    }

    /// No rule decides but the weight, by request.
    static func measureWeight() -> Measurement {
        measure(hashKey: nil) { $0 == .weight } fill: { _ in }
    }

    /// No rule decides but the weight, by the client's cookie.
    static func measureStickyWeight() -> Measurement {
        let value = Array("4f2a9c7d1e8b4f2a".utf8)
        return measure(hashKey: user) { $0 == .weight } fill: { values in
            values.begin(user)
            values.append(value.span)
        }
    }

    private static func measure(
        hashKey: Int?, expecting isRight: (Reason) -> Bool, fill: (inout RequestValues) -> Void
    ) -> Measurement {
        let canary = Canary(
            name: "default/gray-release-canary", backend: 1,
            header: HeaderRule(key: header, match: .value(Array("bar".utf8))),
            cookie: cookie, weight: 20, hashKeys: hashKey.map { [$0] } ?? [], sequence: 0)
        let route = Route(
            index: 0, label: "default/gray-release", host: "www.example.com", path: "/", pathType: .prefix,
            stable: 0, canaries: [canary], keys: [.header("foo"), .cookie("foo"), .cookie("user")])
        let rolls = RollSource(names: [canary.name]) { 0x1234_5678_9ABC_DEF0 }
        var values = RequestValues()
        return Measurement {
            var right = 0
            for _ in 0 ..< Measurement.operations {
                values.reset(count: route.keys.count)
                fill(&values)
                switch route.decide(values, trace: nil) {
                case .chosen(let choice):
                    if isRight(choice.reason) { right += 1 }
                case .weigh(let draw):
                    let choice = route.weigh(draw, roll: route.roll(for: draw, values, rolls), trace: nil)
                    if isRight(choice.reason) { right += 1 }
                }
            }
            return right
        }
    }
}
