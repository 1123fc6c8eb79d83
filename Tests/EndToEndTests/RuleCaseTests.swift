import TestSupport
import Testing

/// The rules of ingress-nginx, case by case, against the binary. `ConfigurationTests` has the same cases against the pure decision.
///
/// All cases of a mode share one process, with hosts and namespaces of their own; those that are about everything have one each.
@Suite struct RuleCaseTests {
    @Test(arguments: RuleCase.Mode.allCases) func besideEachOther(_ mode: RuleCase.Mode) throws {
        let cases = RuleCases.all.enumerated().filter { !$0.element.isAlone && $0.element.modes.contains(mode) }
        try Run(cases.map { PlacedRuleCase($0.element, number: $0.offset) }, mode).play()
    }

    @Test(arguments: RuleCases.all.filter(\.isAlone), RuleCase.Mode.allCases) func alone(_ test: RuleCase, _ mode: RuleCase.Mode) throws {
        guard test.modes.contains(mode) else { return }
        try Run([PlacedRuleCase(test, number: 0)], mode).play()
    }

    /// A process that serves some cases.
    private final class Run {
        private let cases: [PlacedRuleCase]
        private let mode: RuleCase.Mode
        /// By Service name; they say it, and what they were asked for.
        private let origins: [String: RecordingOrigin]
        private let serin: SerinProcess
        private let client: RawClient

        init(_ cases: [PlacedRuleCase], _ mode: RuleCase.Mode) throws {
            self.cases = cases
            self.mode = mode
            let services = Dictionary(cases.flatMap { $0.services }) { one, _ in one }
            func name(_ service: String) -> String { String(service.drop { $0 != "/" }.dropFirst()) }
            var origins: [String: RecordingOrigin] = [:]
            for service in services.keys where origins[name(service)] == nil { origins[name(service)] = try Self.origin(name(service)) }
            self.origins = origins
            serin = try SerinProcess(TestConfiguration(
                services: Dictionary(uniqueKeysWithValues: services.map { service, hasEndpoint in
                    (service, hasEndpoint ? [origins[name(service)]?.address.description].compactMap { $0 } : [])
                }),
                manifests: cases.flatMap(\.ingresses).map(\.yaml),
                settings: "canary: {compatibility: \(mode.rawValue)}\ntrustedProxies: [127.0.0.0/8]"))
            client = try serin.client()
        }

        private static func origin(_ name: String) throws -> RecordingOrigin {
            try RecordingOrigin { connection in
                while let request = try connection.readRequest() {
                    let target = request.head.startLine.split(separator: " ")[1]
                    try connection.answer("\(name) \(target)\n", to: request)
                }
            }
        }

        func play() throws {
            for test in cases { try play(test) }
            let metrics = try serin.metrics()
            for test in cases { checkReasons(of: test, metrics) }
        }

        private func play(_ test: PlacedRuleCase) throws {
            var cookie: String?
            for ask in test.base.asks {
                var counts: [String: Int] = [:]
                for _ in 0..<ask.count {
                    let answer = try client.exchange(test.head(ask, cookie: cookie))
                    let words = answer.text.split { $0 == " " || $0 == "\n" }.map(String.init)
                    counts[words.first ?? "", default: 0] += 1
                    if case .share = ask.answer(in: mode) { continue }
                    #expect(
                        isAnswer(answer, words, ask.answer(in: mode)),
                        "\(test): \(ask.target) \(ask.fields): \(answer.status) \(words.joined(separator: " "))")
                    let set = answer["Set-Cookie"].map { String($0.prefix { $0 != ";" }) }
                    if let takes = ask.takesCookie { #expect((set != nil) == takes, "\(test): \(ask.fields)") }
                    if ask.takesCookie == true { cookie = set }
                }
                if case .share(let service, let range) = ask.answer(in: mode) {
                    #expect(range.contains(counts[service] ?? 0), "\(test): \(counts)")
                }
            }
        }

        private func isAnswer(_ answer: Response, _ words: [String], _ wanted: RuleCase.Answer) -> Bool {
            switch wanted {
            case .from(let service, _): answer.status == 200 && words.first == service
            case .asking(let service, let target): answer.status == 200 && words == [service, target]
            case .status(let status, let path): answer.status == status && (path.map { answer["Location"]?.hasSuffix($0) == true } ?? true)
            case .share: false
            }
        }

        /// The requests are counted by why they went where they went.
        private func checkReasons(of test: PlacedRuleCase, _ metrics: Metrics) {
            var reasons: [String: Int] = [:]
            for ask in test.base.asks {
                if case .from(_, let reason?) = ask.answer(in: mode) { reasons[reason, default: 0] += ask.count }
            }
            let lines = metrics.text.split(separator: "\n").filter { $0.hasPrefix("serin_requests_total{route=\"\(test.namespace("default"))/") }
            for (reason, count) in reasons {
                let counted = lines.filter { $0.contains("reason=\"\(reason)\"") }.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
                #expect(counted.reduce(0, +) >= count, "\(test): \(reason)\n\(lines.joined(separator: "\n"))")
            }
        }
    }
}
