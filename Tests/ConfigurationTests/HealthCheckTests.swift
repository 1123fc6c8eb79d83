import Exchange
import Routing
import Testing
@testable import Configuration

/// Which backends are checked, and how.
@Suite struct HealthCheckTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let yaml: String
        /// By backend: `team/shop:80`, `team/shop:http` and `default/shop:80`.
        var checks: [Int: HealthCheck] = [:]
        var messages: [String] = []
        var testDescription: String { name }
    }

    private static let backends = ["team/shop:80", "team/shop:http", "default/shop:80"].map { Backend(name: $0, endpoints: []) }

    private static func check(_ path: String, _ change: (inout HealthCheck) -> Void = { _ in }) -> HealthCheck {
        var check = HealthCheck(path: path)
        change(&check)
        return check
    }

    private static let all = check("/h?a=b") { check in
        check.host = "shop.example.com:8080"
        check.interval = .milliseconds(1)
        check.timeout = .seconds(2)
        check.failures = 4
        check.successes = 5
    }

    static let cases: [Case] = [
        Case(name: "none", yaml: "healthChecks: {}"),
        Case(name: "nothing", yaml: "healthChecks:"),
        Case(name: "the default namespace", yaml: "healthChecks: {shop: {path: /h}}", checks: [2: check("/h")]),
        Case(name: "every port", yaml: "healthChecks: {team/shop: {path: /h}}", checks: [0: check("/h"), 1: check("/h")]),
        Case(name: "a port comes first", yaml: "healthChecks: {team/shop:http: {path: /b}, team/shop: {path: /a}}", checks: [0: check("/a"), 1: check("/b")]),
        Case(name: "every key",
             yaml: "healthChecks: {shop:80: {path: '/h?a=b', host: 'shop.example.com:8080', interval: 1ms, timeout: 2s, failures: 4, successes: 5}}",
             checks: [2: all]),
        Case(name: "nobody's", yaml: "healthChecks:\n  shop:81: {path: /h}", messages: [
            "serin.yaml:2: warning: healthChecks.default/shop:81: no Ingress sends requests to this Service and port: nothing is checked",
        ]),
        Case(name: "no mapping", yaml: "healthChecks: [shop]", messages: [
            "serin.yaml:1: error: healthChecks: expected Services with their checks, found a list",
        ]),
        Case(name: "no Service", yaml: "healthChecks: {a/b/c: {path: /}}", messages: [
            "serin.yaml:1: error: healthChecks.a/b/c: expected [namespace/]name[:port] for a Service",
        ]),
        Case(name: "twice", yaml: "healthChecks:\n  shop: {path: /a}\n  default/shop: {path: /b}", checks: [2: check("/a")], messages: [
            "serin.yaml:3: error: healthChecks.default/shop: the same Service as on line 2; keep one of the two",
        ]),
        Case(name: "no path", yaml: "healthChecks: {shop: {interval: 1s}}", messages: [
            "serin.yaml:1: error: healthChecks.shop: a `path` is missing; write what endpoints are asked for, such as /healthz",
        ]),
        Case(name: "a path of two lines", yaml: "healthChecks: {shop: {path: \"/a\\r\\nb\"}}", messages: [
            "serin.yaml:1: error: healthChecks.shop.path: expected an absolute path, with a query if need be, of visible ASCII, found `/a  b`",
        ]),
        Case(name: "a host that is none", yaml: "healthChecks: {shop: {path: /, host: a b}}", checks: [2: check("/")], messages: [
            "serin.yaml:1: error: healthChecks.shop.host: expected a host name, or an address, with a port if need be, found `a b`",
        ]),
        Case(name: "never", yaml: "healthChecks: {shop: {path: /, failures: 0}}", checks: [2: check("/")], messages: [
            "serin.yaml:1: error: healthChecks.shop.failures: expected a whole number between 1 and 1000, found `0`",
        ]),
        Case(name: "an unknown key", yaml: "healthChecks: {shop: {path: /, failure: 1}}", checks: [2: check("/")], messages: [
            "serin.yaml:1: error: healthChecks.shop.failure: unknown key; did you mean `failures`?",
        ]),
    ]

    @Test(arguments: [
        ("shop", true), ("shop:1", true), ("shop:65535", true), ("10.0.0.1", true), ("10.0.0.1:80", true), ("[::1]", true), ("[::1]:8080", true),
        ("shop:0", false), ("shop:65536", false), ("shop:99999", false), ("shop:", false), (":80", false), ("shop:+1", false),
        ("shop:99999999999999999999", false), ("shop:http", false), ("a:1:2", false), ("::1", false), ("[::1", false), ("[::1]80", false),
        ("[::1]:99999", false), ("[10.0.0.1]", false), ("[]", false), ("a[b]", false), ("", false),
        (String(repeating: "a", count: 255), true), (String(repeating: "a", count: 256), false),
    ] as [(String, Bool)])
    func hosts(_ host: String, _ isGood: Bool) {
        var log = DiagnosticLog()
        let settings = SettingsReader.read(YAMLFile(name: "serin.yaml", text: "healthChecks: {shop: {path: /, host: '\(host)'}}"), log: &log)
        #expect(settings.healthChecks.map(\.check.host) == [isGood ? host : ""])
        #expect(log.entries.map(\.object) == (isGood ? [] : ["healthChecks.shop.host"]))
        #expect(log.hasErrors == !isGood)
    }

    @Test(arguments: cases) func policy(_ test: Case) {
        var log = DiagnosticLog()
        let settings = SettingsReader.read(YAMLFile(name: "serin.yaml", text: test.yaml), log: &log)
        let policy = HealthOptions.policy(Self.backends, settings.healthChecks, config: Place(file: "serin.yaml", line: 1), log: &log)
        #expect(policy.checks == test.checks)
        #expect(policy.ailing.isEmpty)
        #expect(log.sorted.map(\.description) == test.messages)
    }
}
