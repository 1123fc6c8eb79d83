import Addressing
import Exchange
import HTTP1
import Routing
import TestSupport
import Testing
@testable import Configuration

/// The rules of ingress-nginx, case by case, against the pure decision. `EndToEndTests` has the same cases against the binary.
@Suite struct RuleCaseTests {
    @Test(arguments: RuleCases.all, RuleCase.Mode.allCases) func decides(_ test: RuleCase, _ mode: RuleCase.Mode) throws {
        guard test.modes.contains(mode) else { return }
        let placed = PlacedRuleCase(test, number: 0)
        var world = try DecisionWorld(placed, mode)
        for ask in test.asks {
            var counts: [String: Int] = [:]
            for _ in 0..<ask.count {
                let outcome = try world.decide(placed.head(ask, cookie: world.cookie), path: ask.target)
                counts[outcome.service ?? "", default: 0] += 1
                if case .share = ask.answer(in: mode) { continue }
                #expect(outcome.isAnswer(ask.answer(in: mode)), "\(ask.target) \(ask.fields): \(outcome)")
                if let takes = ask.takesCookie { #expect((outcome.newCookie != nil) == takes, "\(ask.fields)") }
                world.cookie = ask.takesCookie == true ? outcome.newCookie : world.cookie
            }
            if case .share(let service, let range) = ask.answer(in: mode) {
                #expect(range.contains(counts[service] ?? 0), "\(counts)")
            }
        }
    }

    /// No rule is forgotten.
    @Test func everyRuleIsTested() {
        let tested = Set(RuleCases.all.compactMap(\.rule)).union(RuleCases.elsewhere.keys)
        #expect((1...40).map { "R\($0)" }.filter { !tested.contains($0) } == [])
        #expect(Set(RuleCases.all.map(\.name)).count == RuleCases.all.count)
    }
}

/// A compiled configuration that requests are put to.
private struct DecisionWorld: ~Copyable {
    struct Outcome: Equatable {
        var service: String?
        var status = 200
        /// Where a redirect leads, or what the Service is asked for.
        var path: String?
        var reason: String?
        var newCookie: String?

        func isAnswer(_ answer: RuleCase.Answer) -> Bool {
            switch answer {
            case .from(let wanted, let why): service == wanted && (why == nil || why == reason)
            case .asking(let wanted, let asked): service == wanted && path == asked
            case .status(let wanted, let to): service == nil && status == wanted && (to == nil || to == path)
            case .share: false
            }
        }
    }

    private let snapshot: Snapshot
    private let rolls: RollSource
    private var decider = RequestDecider(seed: (1, 2))
    /// The session cookie that the client has.
    var cookie: String?

    init(_ placed: PlacedRuleCase, _ mode: RuleCase.Mode) throws {
        let services = placed.services.sorted { $0.key < $1.key }.map { "\($0.key): [\($0.value ? "\"10.0.0.1:80\"" : "")]" }
        let loaded = Loaded(
            placed.ingresses.map(\.yaml).joined(separator: "\n---\n"),
            settings: "canary: {compatibility: \(mode.rawValue)}\ntrustedProxies: [127.0.0.0/8]\nservices: {\(services.joined(separator: ", "))}")
        #expect(!loaded.diagnostics.contains { $0.severity == .error }, "\(loaded.messages)")
        snapshot = loaded.snapshot
        rolls = RollSource(names: snapshot.sequences) { 1 }
    }

    mutating func decide(_ text: String, path: String) throws -> Outcome {
        let bytes = Array(text.utf8)
        var parser = RequestParser()
        guard case .complete = parser.parse(bytes.span) else { return Outcome(status: 400) }
        let client = ClientIdentity(peer: IPAddress("127.0.0.1"), localPort: 80).clientAddress(parser.head, in: bytes.span, snapshot)
        let decision = decider.decide(parser.head, in: bytes.span, client: client, snapshot: snapshot, rolls: rolls)
        let query = path.contains("?") ? String(path.drop { $0 != "?" }) : ""
        switch decision {
        case .refused(let failure): return Outcome(status: Int(failure.status))
        case .addSlash: return Outcome(status: 301, path: path.prefix { $0 != "?" } + "/" + query)
        case .appRoot(let extra): return Outcome(status: 302, path: String(decoding: snapshot.routes.appRoot(extra), as: UTF8.self))
        case .forward: break
        }
        let target = decider.target, backend = snapshot.backends[target.backend]
        guard !backend.endpoints.isEmpty else { return Outcome(status: 503) }
        let service = backend.name.split(separator: "/").last?.split(separator: ":").first.map(String.init)
        return Outcome(
            service: service, path: target.isRewritten ? decider.path + query : path, reason: "\(target.reason.label)",
            newCookie: newCookie(target))
    }

    /// The cookie that the answer would set: a session's, with anything for the endpoint, or a release's.
    private func newCookie(_ target: RequestDecider.Target) -> String? {
        let pin = snapshot.routes.routes[target.route].marks?.marks(of: target.version).pin ?? []
        if target.choice.reason == .weight, !pin.isEmpty {
            return String(decoding: pin, as: UTF8.self).dropFirst("Set-Cookie: ".count).split(separator: ";").first.map(String.init)
        }
        guard case .session(.newcomer) = target.placement,
              let affinity = snapshot.routes.routes[target.route].affinity?.affinity(of: target.version), affinity.setsCookie
        else { return nil }
        func digits(_ number: UInt64) -> String {
            let text = String(number, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        return "\(affinity.cookie.name)=abc|\(digits(affinity.serviceKey.high))\(digits(affinity.serviceKey.low))"
    }
}
