import Exchange
import Foundation
import Routing
import Testing
@testable import Server

/// What `routes` and `/v1/routes` say of canaries.
@Suite struct RouteReportTests {
    typealias Inactive = RouteReport.InactiveCanary

    /// Two paths with the canary of one Ingress, and a third one with two of another.
    private static var snapshot: Snapshot {
        var builder = RouteTableBuilder()
        func canary(_ name: String, _ backend: Int) -> Canary { Canary(name: name, backend: backend, weight: 10, sequence: 0) }
        for (path, canaries) in [("/a", [canary("shop/one", 1)]), ("/b", [canary("shop/one", 1)]), ("/c", [canary("shop/two", 1), canary("shop/two", 2)])] {
            _ = builder.add(host: "h", path: path, type: .prefix) { index in
                Route(index: index, label: "shop/main", host: "h", path: path, pathType: .prefix, stable: 0, canaries: canaries)
            }
        }
        let backends = ["shop/main:80", "shop/next:80", "shop/other:80"].map { Backend(name: $0, endpoints: []) }
        return Snapshot(routes: builder.build(), backends: backends, sequences: ["one"])
    }

    /// A reason counts for its route and canary alone, however many have the object, the place or the Service.
    private static let inactive = [
        Inactive(object: "Ingress shop/one", host: "h", path: "/b", pathType: .prefix, why: "because", binding: .init(route: 1, canary: 0)),
        Inactive(object: "Ingress shop/two", host: "h", path: "/c", pathType: .prefix, why: "therefore", binding: .init(route: 2, canary: 1)),
        Inactive(object: "Ingress shop/one", host: "h", path: "/a", pathType: .exact, why: "not at all"),
        Inactive(object: "Ingress shop/one", host: "h", path: "/a", pathType: .prefix, why: "another Service"),
    ]

    /// What a manifest has as its path makes no line of its own.
    @Test func aPathStaysInItsLine() {
        var builder = RouteTableBuilder()
        _ = builder.add(host: "h", path: "/a\nother /b", type: .prefix) { index in
            Route(index: index, label: "shop/main", host: "h", path: "/a\nother /b", pathType: .prefix, stable: 0, canaries: [])
        }
        let snapshot = Snapshot(routes: builder.build(), backends: [Backend(name: "shop/main:80", endpoints: [])], sequences: [])
        let lines = RouteReport.text(snapshot).split(separator: "\n")
        #expect(lines.count == 2 && lines[0].hasPrefix("h/a other /b (Prefix)"), "\(lines)")
    }

    @Test func forPeople() {
        let lines = RouteReport.text(Self.snapshot, inactive: Self.inactive).split(separator: "\n").map(String.init)
        #expect(lines.filter { $0.contains("  canary  ") } == [
            "  canary  shop/next:80 → no endpoint  Ingress shop/one, in effect",
            "  canary  shop/next:80 → no endpoint  Ingress shop/one, not in effect: because",
            "  canary  shop/next:80 → no endpoint  Ingress shop/two, in effect",
            "  canary  shop/other:80 → no endpoint  Ingress shop/two, not in effect: therefore",
        ])
        #expect(lines.suffix(2) == [
            "h/a (Exact)  Ingress shop/one is not in effect: not at all", "h/a (Prefix)  Ingress shop/one is not in effect: another Service",
        ])
    }

    private struct Report: Decodable {
        struct Route: Decodable { let canaries: [Canary] }
        struct Canary: Decodable { let ingress: String, inEffect: Bool, why: String? }
        struct Inactive: Decodable { let object: String, path: String, pathType: String, why: String }
        let routes: [Route]
        let inactiveCanaries: [Inactive]
    }

    @Test func forPrograms() throws {
        let report = try JSONDecoder().decode(Report.self, from: Data(RouteReport.json(Self.snapshot, inactive: Self.inactive)))
        #expect(report.routes.map { $0.canaries.map(\.inEffect) } == [[true], [false], [true, false]])
        #expect(report.routes.flatMap(\.canaries).map(\.why) == [nil, "because", nil, "therefore"])
        #expect(report.inactiveCanaries.map(\.why) == ["because", "therefore", "not at all", "another Service"])
        #expect(report.inactiveCanaries.map { $0.path + " " + $0.pathType } == ["/b Prefix", "/c Prefix", "/a Exact", "/a Prefix"])
    }
}
