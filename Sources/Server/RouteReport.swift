import Addressing
public import Exchange
public import Routing
import Telemetry

/// The compiled route table, as `GET /v1/routes` and `serin routes --json` show it.
public enum RouteReport {
    /// A path of a canary Ingress that no request can reach.
    public struct InactiveCanary: Sendable {
        /// `Ingress default/shop-canary`.
        public let object: String
        public let host: String
        public let path: String
        public let pathType: PathType
        public let why: String

        public init(object: String, host: String, path: String, pathType: PathType, why: String) {
            self.object = object
            self.host = host
            self.path = path
            self.pathType = pathType
            self.why = why
        }
    }

    /// Why a canary that is bound to a route is out of effect there, by route and canary.
    private struct Reasons {
        private struct Key: Hashable {
            let object: String
            let host: String
            let path: String
            let pathType: PathType
        }

        private let reasons: [Key: String]
        /// Those that are bound to no route.
        let unbound: [InactiveCanary]

        init(_ inactive: [InactiveCanary], _ routes: [Route]) {
            reasons = Dictionary(inactive.map { (Key(object: $0.object, host: $0.host, path: $0.path, pathType: $0.pathType), $0.why) }) { first, _ in first }
            let bound = Set(routes.flatMap { route in route.canaries.map { Self.key(route, $0) } })
            unbound = inactive.filter { !bound.contains(Key(object: $0.object, host: $0.host, path: $0.path, pathType: $0.pathType)) }
        }

        func reason(_ route: Route, _ canary: Canary) -> String? { reasons[Self.key(route, canary)] }

        private static func key(_ route: Route, _ canary: Canary) -> Key {
            Key(object: "Ingress \(canary.name)", host: route.host, path: route.path, pathType: route.pathType)
        }
    }

    // MARK: For people

    public static func text(_ snapshot: Snapshot, inactive: [InactiveCanary] = []) -> String {
        var lines: [String] = []
        let reasons = Reasons(inactive, snapshot.routes.routes)
        for route in snapshot.routes.routes {
            lines.append("\(site(route.host, route.path)) (\(typeName(route)))  Ingress \(route.label)")
            lines.append("  stable  \(text(route.stable, snapshot))")
            if let rewrite = route.rewrite { lines.append("  asks    for \(rewrite.target)") }
            if let rule = snapshot.https.clientRules[route.index] { lines.append("  clients \(rule)") }
            if route.retry != .standard { lines.append("  again   \(route.retry)") }
            if let rule = snapshot.gzip?.rule(of: route.index) { lines.append("  answers \(rule)") }
            for (index, canary) in route.canaries.enumerated() {
                let effect = reasons.reason(route, canary).map { "not in effect: \($0)" } ?? "in effect"
                lines.append("  canary  \(text(canary.backend, snapshot))  Ingress \(canary.name), \(effect)")
                lines += route.ruleTexts(of: index).map { "            \($0)" }
            }
        }
        lines += snapshot.routes.aliases.map { "\($0.name)  is another name of \(site($0.host, ""))" }
        for canary in reasons.unbound {
            lines.append("\(site(canary.host, canary.path)) (\(typeName(canary.pathType)))  \(canary.object) is not in effect: \(canary.why)")
        }
        return lines.isEmpty ? "no routes" : lines.joined(separator: "\n")
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
        let reasons = Reasons(inactive, snapshot.routes.routes)
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
            json.member("inEffect", reasons.reason(route, canary) == nil)
            json.member("why", reasons.reason(route, canary))
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
