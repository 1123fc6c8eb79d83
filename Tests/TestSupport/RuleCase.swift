/// Ingresses, requests and what becomes of them, named by the rule of ingress-nginx that says so. Each case is run against the pure
/// decision and against the binary, in every mode that it is about.
public struct RuleCase: Sendable, CustomStringConvertible {
    public enum Mode: String, Sendable, CaseIterable {
        case scoped
        case ingressNginx = "ingress-nginx"
    }

    /// What a request comes to.
    public enum Answer: Sendable {
        /// The Service that is asked, and why.
        case from(String, String?)
        /// The Service, and the path that it is asked for.
        case asking(String, String)
        /// No Service: a status, and the path that a redirect leads to.
        case status(Int, String?)
        /// How many of the requests the Service gets.
        case share(String, ClosedRange<Int>)

        public static func shop(_ reason: String? = nil) -> Answer { .from("shop", reason) }
        public static func next(_ reason: String? = nil) -> Answer { .from("next", reason) }
        public static let notFound = Answer.status(404, nil)
        public static let unavailable = Answer.status(503, nil)
    }

    /// One request.
    public struct Ask: Sendable {
        public let target: String
        public let host: String
        public let fields: [String]
        public let count: Int
        /// The session cookie of the answer is kept for the next requests of the case, or it has none.
        public let takesCookie: Bool?
        /// Sent with the cookie that was kept.
        public let sendsCookie: Bool
        private let answer: Answer
        private let scoped: Answer?

        /// - Parameters:
        ///   - fields: header lines, and a first one that begins with `/`, the target.
        ///   - scoped: in that mode, if it differs.
        public init(
            _ fields: String..., host: String = "a", count: Int = 1, takesCookie: Bool? = nil, sendsCookie: Bool = false, is answer: Answer,
            scoped: Answer? = nil
        ) {
            let hasTarget = fields.first?.hasPrefix("/") == true
            target = hasTarget ? fields[0] : "/"
            self.fields = Array(fields.dropFirst(hasTarget ? 1 : 0))
            (self.host, self.count, self.takesCookie, self.sendsCookie) = (host, count, takesCookie, sendsCookie)
            (self.answer, self.scoped) = (answer, scoped)
        }

        public func answer(in mode: Mode) -> Answer { mode == .scoped ? scoped ?? answer : answer }
    }

    public let name: String
    public private(set) var modes: [Mode]
    /// It is about all Ingresses that there are, or about the default host: no other case is beside it.
    public let isAlone: Bool
    /// Services without endpoints; all others have one.
    public let empty: [String]
    public let ingresses: [Ingress]
    public let asks: [Ask]

    public init(
        _ name: String, _ ingresses: [Ingress], modes: [Mode] = Mode.allCases, isAlone: Bool = false, empty: [String] = [], _ asks: Ask...
    ) {
        (self.name, self.ingresses, self.modes, self.isAlone) = (name, ingresses, modes, isAlone)
        (self.empty, self.asks) = (empty, asks)
    }

    /// One main Ingress, one canary.
    public init(_ name: String, canary annotations: [String: String], modes: [Mode] = Mode.allCases, _ asks: Ask...) {
        self.name = name
        self.modes = modes
        ingresses = [.main("main", "a/ shop"), .canary("canary", "a/ next", annotations: annotations)]
        (isAlone, empty, self.asks) = (false, [], asks)
    }

    public var description: String { name }

    func only(in mode: Mode) -> RuleCase {
        var test = self
        test.modes = [mode]
        return test
    }

    /// `R21` of `R21.5 a pattern`; nil for what ingress-nginx does not know.
    public var rule: String? {
        let word = name.prefix { $0 != " " && $0 != "." }
        return word.hasPrefix("R") ? String(word) : nil
    }
}

/// A case that stands beside others: with hosts and namespaces of its own.
public struct PlacedRuleCase: Sendable, CustomStringConvertible {
    public let base: RuleCase
    private let number: Int

    /// - Parameter number: no other case beside it has it.
    public init(_ base: RuleCase, number: Int) { (self.base, self.number) = (base, number) }

    public var description: String { base.name }

    /// The case's own hosts end so.
    public func host(_ short: String) -> String { short == "*" ? "any.test" : "\(short).c\(number).test" }

    /// The default one, or another.
    public func namespace(_ name: String) -> String { name == "default" ? "c\(number)" : "c\(number)-\(name)" }

    public var ingresses: [Ingress] {
        base.ingresses.map { ingress in
            var placed = ingress
            placed.namespace = namespace(ingress.namespace)
            placed.paths = ingress.paths.map { path in
                let type = path.prefix { $0 == "=" || $0 == "~" }
                let place = path.dropFirst(type.count)
                let host = place.prefix { $0 != "/" && $0 != " " }
                return host == "*" ? path : type + self.host(String(host)) + place.dropFirst(host.count)
            }
            if let alias = ingress.annotations["server-alias"] { placed.annotations["server-alias"] = host(alias) }
            return placed
        }
    }

    /// `namespace/service`, and whether it has an endpoint.
    public var services: [String: Bool] {
        let empty = Set(base.empty.map { "\(namespace("default"))/\($0)" })
        return Dictionary(ingresses.flatMap(\.services).map { ($0, !empty.contains($0)) }) { one, _ in one }
    }

    /// The request line and fields.
    public func head(_ ask: RuleCase.Ask, cookie: String?) -> String {
        var lines = ["GET \(ask.target) HTTP/1.1"]
        if !ask.fields.contains(where: { $0.hasPrefix("Host:") }) { lines.append("Host: \(host(ask.host))") }
        lines += ask.fields.map { $0.replacing("{HOST}", with: host(ask.host).uppercased()) }
        if ask.sendsCookie, let cookie { lines.append("Cookie: \(cookie)") }
        return (lines + ["", ""]).joined(separator: "\r\n")
    }
}
