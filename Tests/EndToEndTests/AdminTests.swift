import Foundation
import Testing

/// The admin address, and the access log.
@Suite struct AdminTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var method = "GET"
        var target = "/livez"
        var fields: [String] = []
        let status: Int
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "alive", target: "/livez", status: 200),
        Case(name: "ready", target: "/readyz", status: 200),
        Case(name: "healthy", target: "/healthz", status: 200),
        Case(name: "metrics", target: "/metrics", status: 200),
        Case(name: "routes", target: "/v1/routes", status: 200),
        Case(name: "reload", method: "POST", target: "/v1/reload", status: 200),
        Case(name: "HEAD is answered like GET", method: "HEAD", target: "/metrics", status: 200),
        Case(name: "a query is not part of the path", target: "/livez?verbose", status: 200),
        Case(name: "localhost", fields: ["Host: localhost:9901"], status: 200),
        Case(name: "an IPv6 literal", fields: ["Host: [::1]:9901"], status: 200),
        Case(name: "a configured name", fields: ["Host: Admin.Example"], status: 200),
        Case(name: "a name that a rebinding page would use", fields: ["Host: evil.example"], status: 403),
        Case(name: "a name that only begins like an address", fields: ["Host: 127.0.0.1.evil.example"], status: 403),
        Case(name: "localhost of someone else", fields: ["Host: localhost.evil.example"], status: 403),
        Case(name: "a page of another site must not reload", method: "POST", target: "/v1/reload", fields: ["Origin: http://evil.example"], status: 403),
        Case(name: "nor one without a site", method: "POST", target: "/v1/reload", fields: ["Origin: null"], status: 403),
        Case(
            name: "a page of its own may", method: "POST", target: "/v1/reload",
            fields: ["Host: localhost:9901", "Origin: http://localhost:9901"], status: 200),
        Case(name: "reading does not reload", target: "/v1/reload", status: 405),
        Case(name: "nothing to post to the metrics", method: "POST", target: "/metrics", status: 405),
        Case(name: "nothing to delete", method: "DELETE", target: "/v1/routes", status: 405),
        Case(name: "an unknown path", target: "/v2/routes", status: 404),
        Case(name: "clients' paths are not here", target: "/", status: 404),
    ])
    func answers(_ test: Case) throws {
        let origin = try RecordingOrigin.named("app")
        var configuration = TestConfiguration.origin(origin)
        configuration.adminHosts = ["admin.example"]
        let serin = try SerinProcess(configuration)
        let response = try serin.ask(test.target, method: test.method, fields: test.fields)
        #expect(response.status == test.status, "\(response.text)")
        #expect(response["Date"] != nil)
        #expect(response["Server"] == nil)
    }
}
