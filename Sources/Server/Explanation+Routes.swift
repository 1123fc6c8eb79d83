import Exchange
import HTTP1
import Routing
import Telemetry

extension Explanation {
    /// A route of the host that the request asked for.
    public struct Candidate: Sendable {
        public let ingress: String
        public let host: String
        public let path: String
        /// `Exact` or `Prefix`.
        public let pathType: String
        /// `chosen`, `beaten`, `does not fit` or `not tried`.
        public let outcome: String
        public let why: String

        /// `shop.example.com /cart (Prefix) of Ingress default/shop`.
        var description: String { "\(host.isEmpty ? "any host" : host) \(path) (\(pathType)) of Ingress \(ingress)" }
    }

    /// One rule of one canary.
    public struct Rule: Sendable {
        public let name: String
        /// `namespace/ingress`; nil for a step that belongs to no canary.
        public let canary: String?
        public let outcome: String
        public let text: String

        var description: String { "\(name)\(canary.map { " of \($0)" } ?? ""): \(text) → \(outcome)" }
    }

    /// What the route was chosen from.
    struct Choosing {
        /// For programs, too many would be no help.
        private static let maximum = 100
        /// For people.
        private static let shown = 5

        private(set) var candidates: [Candidate] = []
        private(set) var lines: [String] = []

        /// Nothing was chosen from.
        init() {}

        init(_ head: borrowing RequestHead, in bytes: Span<UInt8>, _ snapshot: Snapshot) {
            var normalizer = PathNormalizer()
            let path = head.form == .asterisk ? bytes.extracting(first: 0) : bytes[head.path]
            let host = bytes[head.hostName]
            let values = RequestValues()
            let found: RouteCandidates
            switch normalizer.normalize(path, strict: snapshot.forwarding.strictPaths) {
            case .asIs: found = snapshot.routes.candidates(host: host, path: path, with: values)
            case .rewritten: found = snapshot.routes.candidates(host: host, path: normalizer.normalized, with: values)
            case .rejected: return
            }
            candidates = found.candidates.prefix(Self.maximum).map { Candidate($0, snapshot) }
            lines = [Self.hostLine(found, host)]
            if let chosen = candidates.first, chosen.outcome == RouteCandidates.Outcome.chosen.rawValue {
                lines.append("route \(chosen.description): \(chosen.why)")
            }
            addLosers(.beaten, found)
            addLosers(.notTried, found)
            addLosers(.doesNotFit, found)
        }

        private mutating func addLosers(_ outcome: RouteCandidates.Outcome, _ found: RouteCandidates) {
            let losers = candidates.filter { $0.outcome == outcome.rawValue }
            lines += losers.prefix(Self.shown).map { "not \($0.description): \($0.why)" }
            let more = found.candidates.count { $0.outcome == outcome } - min(losers.count, Self.shown)
            if more > 0 { lines.append("\(more) more: \(outcome == .doesNotFit ? "they do not fit" : losers.last?.why ?? "")") }
        }

        private static func hostLine(_ found: RouteCandidates, _ host: Span<UInt8>) -> String {
            var name: [UInt8] = []
            for index in host.indices { name.append(host[index]) }
            let asked = name.isEmpty ? "no host" : "host \(String(decoding: name, as: UTF8.self))"
            guard let rule = found.hostRule else { return "\(asked): no Ingress has it, and none is for every host" }
            let later = found.laterHostRules.map { "the \($0.text)" }.joined(separator: " and ")
            return "\(asked): found by the \(rule.text)" + (later.isEmpty ? "" : ", which comes before \(later)")
        }
    }
}

extension Explanation.Candidate {
    fileprivate init(_ candidate: RouteCandidates.Candidate, _ snapshot: Snapshot) {
        let route = snapshot.routes.routes[candidate.route]
        self.init(
            ingress: route.label, host: route.host, path: route.path, pathType: route.pathType == .exact ? "Exact" : "Prefix",
            outcome: candidate.outcome.rawValue, why: candidate.why)
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("ingress", ingress)
        json.member("host", host)
        json.member("path", path)
        json.member("pathType", pathType)
        json.member("outcome", outcome)
        json.member("why", why)
        json.endObject()
    }
}

extension Explanation.Rule {
    init(_ step: DecisionTrace.Step) {
        self.init(
            name: step.rule.rawValue, canary: step.canary.isEmpty ? nil : step.canary, outcome: step.outcome.rawValue, text: step.text)
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("rule", name)
        json.member("canary", canary)
        json.member("outcome", outcome)
        json.member("text", text)
        json.endObject()
    }
}

extension RouteCandidates.HostRule {
    fileprivate var text: String {
        switch self {
        case .name: "name"
        case .wildcard: "wildcard"
        case .defaultHost: "default host"
        }
    }
}
