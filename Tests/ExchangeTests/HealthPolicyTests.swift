import Exchange
import Routing
import Testing

/// What is left of a snapshot's backends without the endpoints that are not well.
@Suite struct HealthPolicyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// Of stable and canary, which have the endpoints 1 and 2 each; a digit for one that fails.
        let ailing: [String]
        var failover = Failover.canaryToStable
        var compatibility = Compatibility.scoped
        var isShared = false
        var hasStable = true
        /// The endpoints that stay.
        let rest: [String]
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "all well", ailing: ["", ""], rest: ["12", "12"]),
        Case(name: "one of each", ailing: ["1", "2"], rest: ["2", "1"]),
        Case(name: "all of stable", ailing: ["12", ""], rest: ["12", "12"]),
        Case(name: "all of the canary", ailing: ["", "12"], rest: ["12", ""]),
        Case(name: "all of both", ailing: ["12", "12"], rest: ["12", "12"]),
        Case(name: "all of the canary, beside a stable version with one that is well", ailing: ["1", "12"], rest: ["2", ""]),
        Case(name: "all of the canary, and stable has none", ailing: ["", "12"], hasStable: false, rest: ["", "12"]),
        Case(name: "all of stable, and the canary stands in", ailing: ["12", ""], failover: .both, rest: ["", "12"]),
        Case(name: "all of stable, and the canary's, which would stand in", ailing: ["12", "12"], failover: .both, rest: ["12", "12"]),
        Case(name: "all of the canary, and nobody stands in", ailing: ["", "12"], failover: .none, rest: ["12", "12"]),
        Case(name: "all of the canary, exactly", ailing: ["", "12"], failover: .none, compatibility: .ingressNginx, rest: ["12", ""]),
        Case(name: "all of a canary that is somebody's stable", ailing: ["", "12"], isShared: true, rest: ["12", "12"]),
    ])
    func leavesOut(_ test: Case) {
        func endpoint(_ digit: Character) -> EndpointAddress { .ipv4(0x7F00_0001, port: UInt16(digit.wholeNumberValue ?? 0)) }
        let both = "12".map { Endpoint(address: endpoint($0)) }
        let backends = [Backend(name: "default/old:80", endpoints: test.hasStable ? both : []), Backend(name: "default/new:80", endpoints: both)]
        var table = RouteTableBuilder()
        let canary = Canary(name: "default/canary", backend: 1, weight: 10, sequence: 0)
        _ = table.add(host: "", path: "/", type: .prefix) { index in
            Route(index: index, label: "default/main", host: "", path: "/", pathType: .prefix, stable: 0, canaries: [canary])
        }
        if test.isShared {
            _ = table.add(host: "", path: "/new", type: .prefix) { index in
                Route(index: index, label: "default/other", host: "", path: "/new", pathType: .prefix, stable: 1)
            }
        }
        let whole = Snapshot(
            routes: table.build(), backends: backends, sequences: ["default/canary"], failover: test.failover, compatibility: test.compatibility,
            health: HealthPolicy(checks: [0: HealthCheck(path: "/"), 1: HealthCheck(path: "/")]))
        let ailing = test.ailing.map { $0.map(endpoint) }
        let rest = whole.replacing(backends: whole.backends) { index, address in !ailing[index].contains(address) }
        #expect(rest.backends.map { $0.endpoints.map(\.address) } == test.rest.map { $0.map(endpoint) })
        #expect([0, 1].map { rest.health.ailing[$0] ?? [] } == ailing)
        #expect(rest.checkedEndpoints.map(\.isWell).count { !$0 } == test.ailing.joined().count)
        #expect(rest.checkedEndpoints.count == (test.hasStable ? 4 : 2))
    }
}
