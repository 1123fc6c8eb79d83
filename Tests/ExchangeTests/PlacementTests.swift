import Addressing
import HTTP1
import Routing
import Testing
@testable import Exchange

/// What of a request makes its hash (R32).
@Suite struct PlacementTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let template: String
        var request = "GET /a//b/%63?User=7&user=8&x HTTP/1.1"
        var fields: [String] = []
        var client = "203.0.113.9"
        var isTLS = false
        var rewrite: String?
        /// What the hash is that of.
        let hashed: [UInt8]
        var testDescription: String { "R32 \(template) of \(request) \(fields) \(rewrite ?? "")" }

        init(
            _ template: String, request: String = "GET /a//b/%63?User=7&user=8&x HTTP/1.1", fields: [String] = [],
            client: String = "203.0.113.9", isTLS: Bool = false, rewrite: String? = nil, _ hashed: String, bytes: [UInt8]? = nil
        ) {
            (self.template, self.request, self.fields, self.client) = (template, request, fields, client)
            (self.isTLS, self.rewrite, self.hashed) = (isTLS, rewrite, bytes ?? Array(hashed.utf8))
        }
    }

    @Test(arguments: [
        Case("$request_uri", "/a//b/%63?User=7&user=8&x"),
        Case("$request_uri", request: "GET http://www.example.com/a?b HTTP/1.1", "http://www.example.com/a?b"),
        Case("$uri", "/a/b/c"),
        Case("$uri", request: "OPTIONS * HTTP/1.1", "/"),
        Case("$uri", rewrite: "/new$1", "/new/b/c"),
        Case("$args", "User=7&user=8&x"),
        Case("$args", request: "GET / HTTP/1.1", ""),
        Case("$arg_USER", "7"),
        Case("$arg_x", ""),
        Case("$host", "www.example.com"),
        Case("$http_x_user", fields: ["X-User: a", "x-user: b"], "a, b"),
        Case("$http_cookie", fields: ["Cookie: a=1", "Cookie: b=2"], "a=1; b=2"),
        Case("$http_x_user", fields: ["X_User: a"], ""),
        Case("$http_x_user", ""),
        Case("$cookie_SID", fields: ["Cookie: a=1", "Cookie: sid=x y; sid=z"], "x y"),
        Case("$remote_addr", "203.0.113.9"),
        Case("$remote_addr", client: "2001:db8::1", "2001:db8::1"),
        Case("$binary_remote_addr", "", bytes: [203, 0, 113, 9]),
        Case("$binary_remote_addr", client: "2001:db8::1", "", bytes: [0x20, 1, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [1]),
        Case("$remote_addr", client: "", "unix:"),
        Case("$scheme", "http"),
        Case("$scheme", isTLS: true, "https"),
        Case("$request_method", request: "PURGE / HTTP/1.1", "PURGE"),
        Case("u:$arg_user@${host}!", "u:7@www.example.com!"),
    ])
    func hashed(_ test: Case) throws {
        let template = try HashTemplate(test.template)
        var routes = RouteTableBuilder()
        let rewrite = try test.rewrite.map { Rewrite(try Pattern("/a(.*)", ignoringCase: true), target: $0) }
        _ = routes.add(host: "", path: "/", type: .prefix) { index in
            Route(index: index, label: "shop/web", host: "", path: "/", pathType: .prefix, stable: 0, rewrite: rewrite)
        }
        let endpoint = Endpoint(address: .ipv4(0x7F00_0001, port: 80))
        let backend = Backend(name: "shop/web:80", endpoints: [endpoint], balancing: .hash(template))
        let snapshot = Snapshot(routes: routes.build(), backends: [backend], sequences: [])
        let lines = [test.request, "Host: WWW.example.com:8080"] + test.fields
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        var parser = RequestParser(limits: HeadLimits(requestLine: 200, fieldBytes: 400, fieldCount: 9))
        guard case .complete = parser.parse(bytes.span) else { Issue.record("the head is not complete"); return }
        var decider = RequestDecider(seed: (1, 2))
        let decision = decider.decide(
            parser.head, in: bytes.span, client: IPAddress(test.client), isTLS: test.isTLS, snapshot: snapshot,
            rolls: RollSource(names: []) { 0 })
        guard case .forward = decision else { Issue.record("\(decision)"); return }
        var expected = CRC32()
        expected.update(test.hashed.span)
        #expect(decider.target.placement == .hash(expected.value))
    }
}
