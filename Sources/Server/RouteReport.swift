public import Exchange
import Routing
import Telemetry

/// The compiled route table, as `GET /v1/routes` and `serin routes --json` show it.
public enum RouteReport {
    public static func json(_ snapshot: Snapshot) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.key("routes")
        json.beginArray()
        for route in snapshot.routes.routes { write(route, snapshot, to: &json) }
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
