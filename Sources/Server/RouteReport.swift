public import Exchange
import Routing
import Telemetry

/// The compiled route table, as `GET /v1/routes` and `serin routes --json` show it.
public enum RouteReport {
    /// A path of a canary Ingress that no request can reach.
    public struct InactiveCanary: Sendable {
        public let object: String
        public let host: String
        public let path: String
        public let why: String

        public init(object: String, host: String, path: String, why: String) {
            self.object = object
            self.host = host
            self.path = path
            self.why = why
        }
    }

    // MARK: For people

    public static func text(_ snapshot: Snapshot, inactive: [InactiveCanary] = []) -> String {
        var lines: [String] = []
        for route in snapshot.routes.routes {
            lines.append("\(site(route.host, route.path)) (\(typeName(route)))  Ingress \(route.label)")
            lines.append("  stable  \(text(snapshot.backends[route.stable]))")
            if let rewrite = route.rewrite { lines.append("  asks    for \(rewrite.target)") }
            for canary in route.canaries {
                lines.append("  canary  \(text(snapshot.backends[canary.backend]))  Ingress \(canary.name)")
                lines += canary.ruleTexts(keys: route.keys).map { "            \($0)" }
            }
        }
        lines += snapshot.routes.aliases.map { "\($0.name)  is another name of \(site($0.host, ""))" }
        for canary in inactive {
            lines.append("\(site(canary.host, canary.path))  \(canary.object) is not in effect: \(canary.why)")
        }
        return lines.isEmpty ? "no routes" : lines.joined(separator: "\n")
    }

    private static func site(_ host: String, _ path: String) -> String { (host.isEmpty ? "*" : host) + path }

    private static func typeName(_ route: Route) -> String {
        (route.pathType == .exact ? "Exact" : "Prefix") + (route.isPattern ? ", a regular expression" : "")
    }

    private static func text(_ backend: Backend) -> String {
        let endpoints = backend.endpoints.map(\.address.description)
        return "\(backend.name) → \(endpoints.isEmpty ? "no endpoint" : endpoints.joined(separator: ", "))"
    }

    // MARK: For programs

    public static func json(_ snapshot: Snapshot, inactive: [InactiveCanary] = []) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("routes")
        json.beginArray()
        for route in snapshot.routes.routes { write(route, snapshot, to: &json) }
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
            json.member("why", canary.why)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return json.finish()
    }

    private static func write(_ route: Route, _ snapshot: Snapshot, to json: inout JSONWriter) {
        json.beginObject()
        json.member("ingress", route.label)
        json.member("host", route.host)
        json.member("path", route.path)
        json.member("pathType", route.pathType == .exact ? "Exact" : "Prefix")
        json.member("regex", route.isPattern)
        json.member("rewrite", route.rewrite?.target)
        json.key("stable")
        write(snapshot.backends[route.stable], to: &json)
        json.key("canaries")
        json.beginArray()
        for canary in route.canaries {
            json.beginObject()
            json.member("ingress", canary.name)
            json.member("rules", canary.ruleTexts(keys: route.keys))
            json.key("backend")
            write(snapshot.backends[canary.backend], to: &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    private static func write(_ backend: Backend, to json: inout JSONWriter) {
        json.beginObject()
        json.member("service", backend.name)
        json.member("endpoints", backend.endpoints.map(\.address.description))
        json.endObject()
    }
}
