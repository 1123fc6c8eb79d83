import Addressing
public import Exchange
public import Routing
import Telemetry

/// The compiled route table, as `GET /v1/routes` and `serin routes --json` show it.
public enum RouteReport {
    /// A canary of a route, or a path of a canary Ingress that joined none, that no request can reach.
    public struct InactiveCanary: Sendable {
        /// By the positions of the route and, on it, of the canary.
        public struct Binding: Hashable, Sendable {
            public let route: Int
            public let canary: Int

            public init(route: Int, canary: Int) {
                self.route = route
                self.canary = canary
            }
        }

        /// `Ingress default/shop-canary`.
        public let object: String
        public let host: String
        public let path: String
        public let pathType: PathType
        public let why: String
        /// Nil if no route has it.
        public let binding: Binding?

        public init(object: String, host: String, path: String, pathType: PathType, why: String, binding: Binding? = nil) {
            self.object = object
            self.host = host
            self.path = path
            self.pathType = pathType
            self.why = why
            self.binding = binding
        }
    }

    /// Why a canary that is bound to a route is out of effect there.
    private struct Reasons {
        private let reasons: [InactiveCanary.Binding: String]

        init(_ inactive: [InactiveCanary]) {
            let bound = inactive.compactMap { canary in canary.binding.map { ($0, canary.why) } }
            reasons = Dictionary(bound) { first, _ in first }
        }

        func reason(_ route: Route, _ canary: Int) -> String? { reasons[.init(route: route.index, canary: canary)] }
    }

    // MARK: For people

    public static func text(_ snapshot: Snapshot, inactive: [InactiveCanary] = []) -> String {
        var lines: [String] = []
        let reasons = Reasons(inactive)
        for route in snapshot.routes.routes {
            lines.append("\(site(route.host, route.path)) (\(typeName(route)))  Ingress \(route.label)")
            lines.append("  stable  \(text(route.stable, snapshot))")
            if let rewrite = route.rewrite { lines.append("  asks    for \(rewrite.target)") }
            if let rule = snapshot.https.clientRules[route.index] { lines.append("  clients \(rule)") }
            if route.retry != .standard { lines.append("  again   \(route.retry)") }
            if let rule = snapshot.gzip?.rule(of: route.index) { lines.append("  answers \(rule)") }
            for (index, canary) in route.canaries.enumerated() {
                let effect = reasons.reason(route, index).map { "not in effect: \($0)" } ?? "in effect"
                lines.append("  canary  \(text(canary.backend, snapshot))  Ingress \(canary.name), \(effect)")
                lines += route.ruleTexts(of: index).map { "            \($0)" }
            }
        }
        lines += snapshot.routes.aliases.map { "\($0.name)  is another name of \(site($0.host, ""))" }
        for canary in inactive where canary.binding == nil {
            lines.append("\(site(canary.host, canary.path)) (\(typeName(canary.pathType)))  \(canary.object) is not in effect: \(canary.why)")
        }
        // A path may be anything.
        return lines.isEmpty ? "no routes" : lines.map { $0.printable() }.joined(separator: "\n")
    }

    private static func site(_ host: String, _ path: String) -> String { (host.isEmpty ? "*" : host) + path }

    private static func typeName(_ type: PathType) -> String { type == .exact ? "Exact" : "Prefix" }

    private static func typeName(_ route: Route) -> String {
        typeName(route.pathType) + (route.isPattern ? ", a regular expression" : "")
    }

    private static func text(_ index: Int, _ snapshot: Snapshot) -> String {
        let backend = snapshot.backends[index]
        let endpoints = backend.endpoints.map(\.address.description)
        let manner = backend.balancing == .roundRobin ? "" : ", by \(backend.balancing)"
        let security = backend.tls.map { ", by \($0)" } ?? ""
        let header = backend.proxyProtocol.map { ", behind PROXY headers (\($0.rawValue))" } ?? ""
        let ailing = snapshot.health.ailing[index].map { ", failing: \($0.map(\.description).joined(separator: ", "))" } ?? ""
        return "\(backend.name) → \(endpoints.isEmpty ? "no endpoint" : endpoints.joined(separator: ", "))\(manner)\(security)\(header)\(ailing)"
    }

    // MARK: For programs

    public static func json(_ snapshot: Snapshot, inactive: [InactiveCanary] = []) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("routes")
        json.beginArray()
        let reasons = Reasons(inactive)
        for route in snapshot.routes.routes { write(route, snapshot, reasons, to: &json) }
        json.endArray()
        json.key("aliases")
        json.beginArray()
        for alias in snapshot.routes.aliases {
            json.beginObject()
            json.member("name", alias.name)
            json.member("host", alias.host)
            json.endObject()
        }
        json.endArray()
        json.key("inactiveCanaries")
        json.beginArray()
        for canary in inactive {
            json.beginObject()
            json.member("object", canary.object)
            json.member("host", canary.host)
            json.member("path", canary.path)
            json.member("pathType", typeName(canary.pathType))
            json.member("why", canary.why)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.finish()
    }

    private static func write(_ route: Route, _ snapshot: Snapshot, _ reasons: Reasons, to json: inout JSONWriter) {
        json.beginObject()
        json.member("ingress", route.label)
        json.member("host", route.host)
        json.member("path", route.path)
        json.member("pathType", typeName(route.pathType))
        json.member("regex", route.isPattern)
        json.member("rewrite", route.rewrite?.target)
        json.member("retry", "\(route.retry)")
        json.member("gzip", snapshot.gzip?.rule(of: route.index).map(\.description))
        json.member("clientCertificates", snapshot.https.clientRules[route.index]?.demand.rawValue)
        json.key("stable")
        write(route.stable, snapshot, to: &json)
        json.key("canaries")
        json.beginArray()
        for (index, canary) in route.canaries.enumerated() {
            json.beginObject()
            json.member("ingress", canary.name)
            json.member("inEffect", reasons.reason(route, index) == nil)
            json.member("why", reasons.reason(route, index))
            json.member("rules", route.ruleTexts(of: index))
            json.key("backend")
            write(canary.backend, snapshot, to: &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    private static func write(_ index: Int, _ snapshot: Snapshot, to json: inout JSONWriter) {
        let backend = snapshot.backends[index]
        json.beginObject()
        json.member("service", backend.name)
        json.member("balancing", "\(backend.balancing)")
        json.member("protocol", backend.tls == nil ? "HTTP" : "HTTPS")
        if let tls = backend.tls {
            json.member("verified", tls.isVerified)
            json.member("serverName", tls.name.isEmpty ? nil : tls.name)
        }
        json.member("proxyProtocol", backend.proxyProtocol?.rawValue)
        json.member("endpoints", backend.endpoints.map(\.address.description))
        if let check = snapshot.health.checks[index] {
            json.member("healthCheck", check.path)
            json.member("failing", (snapshot.health.ailing[index] ?? []).map(\.description))
        }
        json.endObject()
    }
}
