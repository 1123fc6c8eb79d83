import Addressing
public import Exchange
import HTTP1
import Routing
import Telemetry

/// Why a request would go where it goes: the live decision, asked with a request that is not sent.
public struct Explanation: Sendable {
    /// Nil when nothing matched.
    public let route: String?
    /// `stable`, `canary` or `none`.
    public let version: String
    public let reason: String
    public let service: String?
    /// The one that the request's hash leads to, else the first that it may get; nil when there is none.
    public let endpoint: String?
    /// How many endpoints the request may get.
    public let endpointCount: Int
    /// How it gets one of them: `round robin`, `hash of $host`.
    public let balancing: String?
    /// Every step, in order.
    public let reasons: [String]
    /// The routes of the host, the chosen one first.
    public let candidates: [Candidate]
    /// The rules as they were tried.
    public let rules: [Rule]
    /// Of the weight rule, if it decided.
    public let bucket: UInt64?
    /// The first bucket of the canary's range, and its own weight; of stable nil, and the weight of all canaries together.
    public let from: Int?
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
        let https = HTTPS(head, bytes.span, question, snapshot)
        if let why = https.misdirection { return refused(why) }
        let client = https.identity.clientAddress(head, in: bytes.span, snapshot)
        let trace = DecisionTrace()
        var random = SystemRandomNumberGenerator()
        var decider = RequestDecider(seed: (random.next(), random.next()))
        let rolls = RollSource(names: snapshot.sequences) { random.next() }
        let choosing = Choosing(head, in: bytes.span, snapshot)
        switch decider.decide(
            head, in: bytes.span, client: client, isTLS: https.isTLS, snapshot: snapshot, rolls: rolls, trace: trace
        ) {
        case .refused(.noRoute): return refused("no route has this host and path: answered 404", choosing)
        case .refused(let failure): return refused("\(failure): answered \(failure.status)", choosing)
        case .addSlash: return refused("the path lacks the slash that its prefix ends with: answered 301", choosing)
        case .appRoot(let extra):
            return refused("the host's `/` leads to \(String(decoding: snapshot.routes.appRoot(extra), as: UTF8.self)): answered 302")
        case .forward:
            let route = snapshot.routes.routes[decider.target.route]
            let redirects = https.redirects(head, bytes.span, route, snapshot)
            if redirects, question.isTLS != nil {
                return redirected(route, https.redirect(head, bytes.span, route, snapshot), choosing)
            }
            let path = decider.target.isRewritten ? decider.path : nil
            let step = redirects ? https.step : nil
            let isWanted = GzipPolicy.isWanted(head, in: bytes.span)
            let compression = snapshot.gzip?.rule(of: route.index).map { text($0, isWanted: isWanted) }
            return Explanation(decider.target, choosing, trace, rewrittenPath: path, https: step, compression, snapshot)
        }
    }

    /// The request has a route, but is told to come back by HTTPS before a version is chosen.
    private static func redirected(_ route: Route, _ why: String, _ choosing: Choosing) -> Explanation {
        Explanation(
            route: route.label, version: "none", reason: "\(Reason.unrouted.label)", service: nil, endpoint: nil, endpointCount: 0,
            balancing: nil, reasons: choosing.lines + [why], candidates: choosing.candidates, rules: [], bucket: nil,
            from: nil, weight: nil, total: nil)
    }

    private static func refused(_ why: String, _ choosing: Choosing = Choosing()) -> Explanation {
        Explanation(
            route: nil, version: "none", reason: "\(Reason.unrouted.label)", service: nil, endpoint: nil, endpointCount: 0, balancing: nil,
            reasons: choosing.lines + [why], candidates: choosing.candidates, rules: [], bucket: nil, from: nil,
            weight: nil, total: nil)
    }

    private init(
        route: String?, version: String, reason: String, service: String?, endpoint: String?, endpointCount: Int,
        balancing: String?, reasons: [String], candidates: [Candidate], rules: [Rule], bucket: UInt64?, from: Int?,
        weight: Int?, total: Int?
    ) {
        self.route = route
        self.version = version
        self.reason = reason
        self.service = service
        self.endpoint = endpoint
        self.endpointCount = endpointCount
        self.balancing = balancing
        self.reasons = reasons
        self.candidates = candidates
        self.rules = rules
        self.bucket = bucket
        self.from = from
        self.weight = weight
        self.total = total
    }

    private init(
        _ target: RequestDecider.Target, _ choosing: Choosing, _ trace: DecisionTrace, rewrittenPath: String?, https: String?,
        _ compression: String?, _ snapshot: Snapshot
    ) {
        let route = snapshot.routes.routes[target.route]
        let backend = snapshot.backends[target.backend]
        let rules = trace.steps.map(Rule.init)
        var reasons = choosing.lines + (https.map { [$0] } ?? []) + rules.map(\.description)
        if let rewrittenPath { reasons.append("the upstream is asked for \(rewrittenPath)") }
        if let health = Self.health(target, route, snapshot) { reasons.append(health) }
        let answering = Answering(target.placement, backend)
        reasons.append(answering.text)
        if let ailing = snapshot.health.ailing[target.backend] { reasons.append(Self.ailing(ailing, backend)) }
        if route.retry != .standard { reasons.append("tried again: \(route.retry)") }
        if case .canary(let index) = target.version, let shield = route.canaries[index].shield {
            let statuses = shield.statuses.map(String.init).joined(separator: ", ")
            reasons.append("if it fails, or answers \(statuses), stable answers safe requests without a body")
        }
        if target.isMirrored { reasons += Self.copies(route, snapshot) }
        if let compression { reasons.append(compression) }
        let shown = target.shownLines(snapshot)
        reasons += shown.request.map { "the upstream gets \($0)" } + shown.response.map { "the client gets \($0)" }
        let isWeighed = target.choice.reason == .weight
        var from: Int?
        if isWeighed, case .canary(let index) = target.choice.version { from = route.rangeStart(of: index) }
        let version = switch target.version {
        case .stable: "stable"
        case .canary: "canary"
        }
        self.init(
            route: route.label, version: version, reason: "\(target.reason.label)", service: backend.name,
            endpoint: answering.endpoints.first?.description, endpointCount: answering.endpoints.count,
            balancing: "\(backend.balancing)", reasons: reasons, candidates: choosing.candidates, rules: rules,
            bucket: isWeighed ? target.choice.bucket : nil, from: from, weight: isWeighed ? target.choice.weight : nil,
            total: isWeighed ? target.choice.total : nil)
    }

    /// What the lack of endpoints has changed.
    private static func health(_ target: RequestDecider.Target, _ route: Route, _ snapshot: Snapshot) -> String? {
        switch (target.reason, target.choice.version) {
        case (.failover, .canary(let index)):
            "Service \(snapshot.backends[route.canaries[index].backend].name) of the canary \(route.canaries[index].name) has no "
                + "endpoint: stable stands in"
        case (.failover, .stable):
            "Service \(snapshot.backends[route.stable].name) has no endpoint: the canary stands in"
        case (.stableWithoutEndpoint, _):
            "Service \(snapshot.backends[route.stable].name) of the main Ingress has no endpoint, so no rule is asked (R21.0)"
        default: nil
        }
    }

    /// What the checks say of the backend's other endpoints, or of all.
    private static func ailing(_ endpoints: [EndpointAddress], _ backend: Backend) -> String {
        let list = endpoints.map(\.description).joined(separator: ", ")
        let isLeftOut = !backend.endpoints.contains { $0.address == endpoints[0] }
        return isLeftOut ? "left out, because they fail their health check: \(list)" : "all of them fail their health check, so none is left out"
    }

    /// Whether the response is compressed, as far as the request tells.
    private static func text(_ rule: GzipPolicy.Rule, isWanted: Bool) -> String {
        isWanted
            ? "the response is compressed if it is fit for that: \(rule)"
            : "the response is not compressed, as the client does not ask for gzip: \(rule)"
    }

    /// Whom copies of such requests go to.
    private static func copies(_ route: Route, _ snapshot: Snapshot) -> [String] {
        route.canaries.compactMap { canary in
            canary.mirror.map { mirror in
                "\(mirror.share) of \(mirror.total) of such requests are copied to Service \(snapshot.backends[canary.backend].name) "
                    + "of the canary \(canary.name), whose answers nobody sees"
            }
        }
    }

    // MARK: Telling

    /// For people.
    public var text: String {
        var lines = ["version  \(version) (\(reason))"]
        if let route { lines.insert("route    \(route)", at: 0) }
        if let service { lines.append("service  \(service)") }
        if let endpoint { lines.append("endpoint \(endpoint)\(endpointCount > 1 ? " (one of \(endpointCount))" : "")") }
        lines += reasons.enumerated().map { "  \($0.offset + 1). \($0.element)" }
        // The bytes of a request may be anything.
        return lines.map { $0.printable() }.joined(separator: "\n")
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
        json.member("endpointCount", endpointCount)
        json.member("balancing", balancing)
        json.member("reasons", reasons)
        json.key("candidates")
        json.beginArray()
        for candidate in candidates { candidate.write(to: &json) }
        json.endArray()
        json.key("rules")
        json.beginArray()
        for rule in rules { rule.write(to: &json) }
        json.endArray()
        json.member("bucket", bucket.map { Int(clamping: $0) })
        json.member("from", from)
        json.member("weight", weight)
        json.member("total", total)
        json.endObject()
        return json.finish()
    }
}
