@testable import Server
import Testing

@Suite struct AdminGuardTests {
    struct Host: Sendable, CustomTestStringConvertible {
        let host: String
        let isAllowed: Bool
        var testDescription: String { host }
    }

    @Test(arguments: [
        Host(host: "127.0.0.1", isAllowed: true),
        Host(host: "10.1.2.3", isAllowed: true),
        Host(host: "[::1]", isAllowed: true),
        Host(host: "[fe80::1]", isAllowed: true),
        Host(host: "localhost", isAllowed: true),
        Host(host: "LocalHost", isAllowed: true),
        Host(host: "admin.example", isAllowed: true),
        Host(host: "ADMIN.example", isAllowed: true),
        Host(host: "", isAllowed: false),
        Host(host: "evil.example", isAllowed: false),
        Host(host: "localhost.evil.example", isAllowed: false),
        Host(host: "admin.example.evil.example", isAllowed: false),
        Host(host: "notadmin.example", isAllowed: false),
        Host(host: "127.0.0.1.evil.example", isAllowed: false),
        Host(host: "127.1", isAllowed: false),
        Host(host: "2130706433", isAllowed: false),
        Host(host: "0x7f.0.0.1", isAllowed: false),
        Host(host: "[::1", isAllowed: false),
        Host(host: "[evil.example]", isAllowed: false),
    ])
    func host(_ test: Host) {
        #expect(AdminGuard.isAllowed(host: test.host, names: ["Admin.Example"]) == test.isAllowed)
    }

    struct Origin: Sendable, CustomTestStringConvertible {
        let origin: String?
        let isSame: Bool
        var testDescription: String { origin ?? "none" }
    }

    @Test(arguments: [
        Origin(origin: nil, isSame: true),
        Origin(origin: "http://localhost:9901", isSame: true),
        Origin(origin: "HTTP://LOCALHOST:9901", isSame: true),
        Origin(origin: "http://localhost", isSame: false),
        Origin(origin: "http://localhost:9902", isSame: false),
        Origin(origin: "https://localhost:9901", isSame: false),
        Origin(origin: "http://evil.example", isSame: false),
        Origin(origin: "null", isSame: false),
        Origin(origin: "", isSame: false),
    ])
    func origin(_ test: Origin) {
        #expect(AdminGuard.isSameOrigin(test.origin, authority: "localhost:9901") == test.isSame)
    }
}
