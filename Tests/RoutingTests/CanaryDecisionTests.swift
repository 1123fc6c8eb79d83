import Routing
import Testing

private let header = ValueKey.header("X-Canary")
private let cookie = ValueKey.cookie("canary")
private let user = ValueKey.cookie("uid")

/// One canary's annotations and one request.
struct DecisionCase: Sendable, CustomTestStringConvertible {
    enum HeaderText: Sendable { case none, alwaysNever, value(String), pattern(String), invalid }

    let name: String
    var header = HeaderText.none
    var cookie = false
    var weight = 0
    var total = 100
    var said: [ValueKey: String] = [:]
    let version: Version
    let reason: Reason

    var testDescription: String { name }

    func route() throws -> Route {
        let match: HeaderRule.Match? = switch header {
        case .none: nil
        case .alwaysNever: .alwaysNever
        case .value(let value): .value(utf8(value))
        case .pattern(let pattern): .pattern(try Pattern(pattern))
        case .invalid: .invalidPattern("(")
        }
        let canary = Canary(
            name: "shop/canary", backend: 1, header: match.map { HeaderRule(key: 0, match: $0) },
            cookie: cookie ? 1 : nil, weight: weight, total: total, sequence: 0)
        return .with([canary], keys: [.header("X-Canary"), .cookie("canary")])
    }
}

private let canary = Version.canary(0)

private let headerCases: [DecisionCase] = [
    .init(name: "no rule at all", version: .stable, reason: .noRule),
    .init(name: "always", header: .alwaysNever, said: [header: "always"], version: canary, reason: .header),
    .init(name: "never", header: .alwaysNever, weight: 100, said: [header: "never"], version: .stable, reason: .headerNever),
    .init(name: "never beats the cookie", header: .alwaysNever, cookie: true, said: [header: "never", cookie: "always"],
          version: .stable, reason: .headerNever),
    .init(name: "Always is not always", header: .alwaysNever, said: [header: "Always"], version: .stable, reason: .noRule),
    .init(name: "always twice, joined", header: .alwaysNever, said: [header: "always, always"], version: .stable, reason: .noRule),
    .init(name: "a value that says nothing falls through", header: .alwaysNever, weight: 100, said: [header: "maybe"],
          version: canary, reason: .weight),
    .init(name: "an empty value falls through", header: .alwaysNever, weight: 100, said: [header: ""],
          version: canary, reason: .weight),
    .init(name: "an absent header falls through", header: .alwaysNever, weight: 100, version: canary, reason: .weight),
    .init(name: "value equal", header: .value("bar"), said: [header: "bar"], version: canary, reason: .header),
    .init(name: "value differs in case", header: .value("bar"), said: [header: "Bar"], version: .stable, reason: .noRule),
    .init(name: "value is the whole value", header: .value("bar"), said: [header: "bars"], version: .stable, reason: .noRule),
    .init(name: "with a value, always means nothing", header: .value("bar"), said: [header: "always"],
          version: .stable, reason: .noRule),
    .init(name: "with a value, never means nothing", header: .value("bar"), weight: 100, said: [header: "never"],
          version: canary, reason: .weight),
    .init(name: "pattern hits anywhere", header: .pattern("cd|sz"), said: [header: "xszx"], version: canary, reason: .header),
    .init(name: "pattern is case-sensitive", header: .pattern("cd|sz"), said: [header: "CD"], version: .stable, reason: .noRule),
    .init(name: "pattern miss falls through", header: .pattern("cd|sz"), weight: 100, said: [header: "bj"],
          version: canary, reason: .weight),
    .init(name: "with a pattern, always means nothing", header: .pattern("cd|sz"), said: [header: "always"],
          version: .stable, reason: .noRule),
    .init(name: "an empty value is searched", header: .pattern("^$"), said: [header: ""], version: canary, reason: .header),
    .init(name: "an absent header is not searched", header: .pattern("^$"), version: .stable, reason: .noRule),
    .init(name: "a search beyond its limit ends it", header: .pattern("(a+)+$"), cookie: true, weight: 100,
          said: [header: String(repeating: "a", count: 40) + "b", cookie: "always"],
          version: .stable, reason: .headerPatternError),
    .init(name: "an invalid pattern ends it", header: .invalid, weight: 100, said: [header: "x"],
          version: .stable, reason: .headerPatternError),
    .init(name: "an invalid pattern without the header", header: .invalid, weight: 100, version: canary, reason: .weight),
]

private let cookieAndWeightCases: [DecisionCase] = [
    .init(name: "cookie always", cookie: true, said: [cookie: "always"], version: canary, reason: .cookie),
    .init(name: "cookie never", cookie: true, weight: 100, said: [cookie: "never"], version: .stable, reason: .cookieNever),
    .init(name: "cookie with another value", cookie: true, weight: 100, said: [cookie: "always "], version: canary, reason: .weight),
    .init(name: "header beats cookie", header: .alwaysNever, cookie: true, said: [header: "always", cookie: "never"],
          version: canary, reason: .header),
    .init(name: "cookie after a header miss", header: .value("bar"), cookie: true, said: [header: "x", cookie: "always"],
          version: canary, reason: .cookie),
    .init(name: "weight 0", weight: 0, version: .stable, reason: .noRule),
    .init(name: "weight below 0", weight: -5, version: .stable, reason: .noRule),
    .init(name: "weight is the total", weight: 100, version: canary, reason: .weight),
    .init(name: "weight above the total", weight: 5000, total: 1000, version: canary, reason: .weight),
    .init(name: "a total below 100 counts as written", weight: 10, total: 10, version: canary, reason: .weight),
    .init(name: "weights as large as they get", weight: .max, total: .max, version: canary, reason: .weight),
    .init(name: "weights as small as they get", weight: .min, total: .max, version: .stable, reason: .noRule),
]

@Suite struct CanaryDecisionTests {
    @Test(arguments: headerCases + cookieAndWeightCases) func oneCanary(_ example: DecisionCase) throws {
        let trace = DecisionTrace()
        let rolls = RollSource(names: ["shop/canary"]) { 1 }
        let choice = try example.route().choose(example.said, rolls, trace: trace)
        #expect(choice.version == example.version)
        #expect(choice.reason == example.reason)
        #expect(!trace.steps.isEmpty)
    }

    @Test func noCanary() {
        let choice = Route.with([], keys: []).choose([:], RollSource(names: []) { 1 })
        #expect(choice == Choice(version: .stable, reason: .noCanary))
    }

    @Test func theBucketDecides() throws {
        let route = Route.with([Canary(name: "c", backend: 1, weight: 30, sequence: 0)], keys: [])
        guard case .weigh(let draw) = route.decide(RequestValues(route, [:]), trace: nil) else {
            Issue.record("the weight decides")
            return
        }
        #expect(draw.source == .sequence(0))
        // 30/100 of the circle is 0x4CCC…CCCC.C: the last roll below it and the first above.
        let below = route.weigh(draw, roll: 0x4CCC_CCCC_CCCC_CCCC, trace: nil)
        let above = route.weigh(draw, roll: 0x4CCC_CCCC_CCCC_CCCD, trace: nil)
        #expect(below == Choice(version: .canary(0), reason: .weight, bucket: 29, weight: 30, total: 100))
        #expect(above == Choice(version: .stable, reason: .weight, bucket: 30, weight: 30, total: 100))
        #expect(route.weigh(draw, roll: .max, trace: nil).bucket == 99)
    }

    @Test func aCertainWeightDrawsNothing() {
        let route = Route.with([Canary(name: "c", backend: 1, weight: 100, sequence: 0)], keys: [])
        let choice = Choice(version: .canary(0), reason: .weight, weight: 100, total: 100)
        let verdict = route.decide(RequestValues(route, [:]), trace: nil)
        #expect(verdict == .chosen(choice))
    }

    @Test(arguments: [nil, "", "alice"] as [String?]) func clientKey(_ id: String?) {
        let route = Route.with([Canary(name: "c", backend: 1, weight: 50, hashKeys: [0], sequence: 3)], keys: [user])
        let said = id.map { [user: $0] } ?? [:]
        guard case .weigh(let draw) = route.decide(RequestValues(route, said), trace: nil) else {
            Issue.record("the weight decides")
            return
        }
        // Without a key a request is split like any other.
        #expect(draw.source == (id == "alice" ? .key(0) : .sequence(3)))
    }

    @Test func theTraceNamesEveryStepInOrder() throws {
        let canary = Canary(
            name: "shop/canary", backend: 1, header: HeaderRule(key: 0, match: .value(utf8("bar"))), cookie: 1,
            weight: 50, sequence: 0)
        let route = Route.with([canary], keys: [.header("Foo"), .cookie("c")])
        let trace = DecisionTrace()
        let choice = route.choose([.header("foo"): "x"], RollSource(names: ["shop/canary"]) { 0 }, trace: trace)
        #expect(trace.steps.map(\.rule) == [.header, .cookie, .weight])
        #expect(trace.steps.map(\.outcome) == [.undecided, .undecided, choice.version == .stable ? .stable : .canary])
        #expect(trace.steps.first?.text == "header foo is not \"bar\"")
        #expect(trace.steps.dropFirst().first?.text == "no cookie c")
    }

    @Test func ruleTexts() throws {
        let keys: [ValueKey] = [.header("Region"), .cookie("foo"), .header("foo")]
        let pattern = HeaderRule(key: 0, match: .pattern(try Pattern("cd|sz")))
        let value = HeaderRule(key: 2, match: .value(utf8("bar")))
        let one = Canary(name: "a", backend: 1, header: pattern, cookie: 1, weight: 50, sequence: 0)
        #expect(Route.with([one], keys: keys).ruleTexts(of: 0) == ["header region ~ cd|sz", "cookie foo", "weight 50/100 by request"])
        let two = Canary(name: "b", backend: 1, header: value, weight: 5, total: 1000, hashKeys: [1], sequence: 0)
        #expect(Route.with([two], keys: keys).ruleTexts(of: 0) == ["header foo = bar", "weight 5/1000 by cookie foo"])
        #expect(Route.with([Canary(name: "c", backend: 1, sequence: 0)], keys: keys).ruleTexts(of: 0).isEmpty)
    }

    @Test func everyReasonHasALabelOfItsOwn() {
        let labels = Reason.allCases.map { String(describing: $0.label) }
        #expect(Set(labels).count == Reason.allCases.count)
        #expect(labels.allSatisfy { !$0.isEmpty })
    }
}
