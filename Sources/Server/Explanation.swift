public import Addressing
public import Exchange
import HTTP1
import Routing
import Telemetry

/// Why a request would go where it goes: the live decision, asked with a request that is not sent.
public struct Explanation: Sendable {
    /// The request to ask about.
    public struct Question: Sendable {
        public var method = "GET"
        /// Host, with a port if the URL has one.
        public var authority: String
        /// Path and query.
        public var target: String
        /// As `name: value`.
        public var fields: [String] = []
        public var client: IPAddress?

        public init(authority: String, target: String) {
            self.authority = authority
            self.target = target
        }
    }

    /// Nil when nothing matched.
    public let route: String?
    /// `stable`, `canary` or `none`.
    public let version: String
    public let reason: String
    public let service: String?
    /// The first of the service's endpoints; nil when there is none.
    public let endpoint: String?
    public let endpointCount: Int
    /// Every step, in order.
    public let reasons: [String]
    /// Of the weight rule, if it decided.
    public let bucket: UInt64?
    public let weight: Int?
    public let total: Int?

    public var isRouted: Bool { route != nil }

    // MARK: Asking

    public static func explain(_ question: Question, _ snapshot: Snapshot) -> Explanation {
        var hosts = question.fields.filter { $0.lowercased().hasPrefix("host:") }
        if hosts.isEmpty { hosts = ["Host: \(question.authority)"] }
        let fields = hosts + question.fields.filter { !$0.lowercased().hasPrefix("host:") }
        let text = "\(question.method) \(question.target) HTTP/1.1\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
        let bytes = Array(text.utf8)
        var parser = RequestParser(limits: HeadLimits(
            requestLine: snapshot.limits.requestLine, fieldBytes: snapshot.limits.headerBytes, fieldCount: snapshot.limits.headerFields))
        switch parser.parse(bytes.span) {
        case .complete: return explain(parser.head, bytes, question, snapshot)
        case .failed(let error): return refused("the request is answered \(error.status): \(error.reason)")
        case .incomplete: return refused("the request is answered 400: its head does not end")
        }
    }

    private static func explain(
        _ head: borrowing RequestHead, _ bytes: [UInt8], _ question: Question, _ snapshot: Snapshot
    ) -> Explanation {
        if head.method == .trace || head.method == .connect { return refused("the request is answered 405: TRACE and CONNECT") }
        let identity = ClientIdentity(peer: question.client, localPort: 80)
        let client = identity.clientAddress(head, in: bytes.span, snapshot)
        let trace = DecisionTrace()
        var random = SystemRandomNumberGenerator()
        var decider = RequestDecider(seed: (random.next(), random.next()))
        let rolls = RollSource(names: snapshot.sequences) { random.next() }
        switch decider.decide(head, in: bytes.span, client: client, snapshot: snapshot, rolls: rolls, trace: trace) {
        case .refused(.noRoute): return refused("no route has this host and path: answered 404")
        case .refused(let failure): return refused("\(failure): answered \(failure.status)")
        case .addSlash: return refused("the path lacks the slash that its prefix ends with: answered 301")
        case .forward(let target): return Explanation(target, trace, snapshot)
        }
    }

    private static func refused(_ why: String) -> Explanation {
        Explanation(
            route: nil, version: "none", reason: "\(Reason.unrouted.label)", service: nil, endpoint: nil, endpointCount: 0,
            reasons: [why], bucket: nil, weight: nil, total: nil)
    }

    private init(
        route: String?, version: String, reason: String, service: String?, endpoint: String?, endpointCount: Int,
        reasons: [String], bucket: UInt64?, weight: Int?, total: Int?
    ) {
        self.route = route
        self.version = version
        self.reason = reason
        self.service = service
        self.endpoint = endpoint
        self.endpointCount = endpointCount
        self.reasons = reasons
        self.bucket = bucket
        self.weight = weight
        self.total = total
    }

    private init(_ target: RequestDecider.Target, _ trace: DecisionTrace, _ snapshot: Snapshot) {
        let route = snapshot.routes.routes[target.route]
        let backend = snapshot.backends[target.backend]
        var reasons = ["route \(route.host.isEmpty ? "any host" : route.host) \(route.path) of Ingress \(route.label)"]
        reasons += trace.steps.map { step in
            let canary = step.canary.isEmpty ? "" : " of \(step.canary)"
            return "\(step.rule.rawValue)\(canary): \(step.text) → \(step.outcome.rawValue)"
        }
        if target.reason == .failover { reasons.append("the chosen version has no endpoint, so the other one stands in") }
        switch backend.endpoints.count {
        case 0: reasons.append("Service \(backend.name) has no endpoint: answered 503")
        case 1: reasons.append("Service \(backend.name), its one endpoint")
        case let count: reasons.append("Service \(backend.name), one of its \(count) endpoints in turn")
        }
        let isWeighed = target.choice.reason == .weight
        let version = switch target.version {
        case .stable: "stable"
        case .canary: "canary"
        }
        self.init(
            route: route.label, version: version, reason: "\(target.reason.label)", service: backend.name,
            endpoint: backend.endpoints.first?.address.description, endpointCount: backend.endpoints.count, reasons: reasons,
            bucket: isWeighed ? target.choice.bucket : nil, weight: isWeighed ? target.choice.weight : nil,
            total: isWeighed ? target.choice.total : nil)
    }

    // MARK: Telling

    /// For people.
    public var text: String {
        var lines = ["version  \(version) (\(reason))"]
        if let route { lines.insert("route    \(route)", at: 0) }
        if let service { lines.append("service  \(service)") }
        if let endpoint { lines.append("endpoint \(endpoint)\(endpointCount > 1 ? " (one of \(endpointCount))" : "")") }
        lines += reasons.enumerated().map { "  \($0.offset + 1). \(Self.printable($0.element))" }
        return lines.joined(separator: "\n")
    }

    /// A request's bytes may be anything; a terminal should not obey them.
    private static func printable(_ text: String) -> String {
        String(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : Character($0) })
    }

    /// For programs.
    public var json: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("route", route)
        json.member("version", version)
        json.member("reason", reason)
        json.member("service", service)
        json.member("endpoint", endpoint)
        json.member("reasons", reasons)
        json.member("bucket", bucket.map { Int(clamping: $0) })
        json.member("weight", weight)
        json.member("total", total)
        json.endObject()
        return json.finish()
    }
}
