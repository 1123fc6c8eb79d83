import Addressing
import Exchange
import Foundation
import Routing
import TLS
import Testing
@testable import Configuration

/// The configuration file: what each key accepts, and what is said about what it does not.
@Suite struct SettingsTests {
    struct Fault: CustomTestStringConvertible, Sendable {
        let name: String
        let yaml: String
        let expect: [String]
        var testDescription: String { name }
    }

    private static func read(_ yaml: String) -> (settings: Settings, messages: [String]) {
        var log = DiagnosticLog()
        let settings = SettingsReader.read(YAMLFile(name: "serin.yaml", text: yaml), log: &log)
        return (settings, log.sorted.map(\.description))
    }

    private static let time = "expected a length of time such as 250ms, 30s, 5m or 1h, from 1ms to a year, found"
    private static let address = "expected \(AddressText.listenerForm), found"

    static let faults: [Fault] = [
        Fault(name: "unknown key, near", yaml: "workers: 2\nlistner: []", expect: [
            "serin.yaml:2: error: listner: unknown key; did you mean `listeners`?",
        ]),
        Fault(name: "unknown key, far", yaml: "canary: {colour: red}", expect: [
            "serin.yaml:1: error: canary.colour: unknown key; known here: compatibility, hashBy, failover, annotationsRiskLevel, annotationsPrefix",
        ]),
        Fault(name: "unknown key below", yaml: "timeouts:\n  clientheader: 5s\n", expect: [
            "serin.yaml:2: error: timeouts.clientheader: unknown key; did you mean `clientHeader`?",
        ]),
        Fault(name: "key twice", yaml: "via: off\nworkers: 1\nvia: edge\n", expect: [
            "serin.yaml:3: error: YAML: the key `via` stands here again (first on line 1); keep one of the two",
        ]),
        Fault(name: "key twice below", yaml: "limits:\n  body: 1\n  # again\n  'body': 2\n", expect: [
            "serin.yaml:4: error: YAML: the key `body` stands here again (first on line 2); keep one of the two",
        ]),
        Fault(name: "key twice in a flow", yaml: "limits: {body: 1, body: 2}\n", expect: [
            "serin.yaml:1: error: YAML: the key `body` stands here again (first on line 1); keep one of the two",
        ]),
        Fault(name: "two documents", yaml: "workers: 1\n---\nvia: off\n", expect: [
            "serin.yaml:3: error: configuration: a second YAML document; the configuration is one, move its keys to the first",
        ]),
        Fault(name: "no mapping", yaml: "- a\n", expect: [
            "serin.yaml:1: error: configuration: expected a mapping of keys to values, found a list",
        ]),
        Fault(name: "time without unit", yaml: "resolveInterval: 30", expect: ["serin.yaml:1: error: resolveInterval: \(time) `30`"]),
        Fault(name: "time of zero", yaml: "shutdownTimeout: 0s", expect: ["serin.yaml:1: error: shutdownTimeout: \(time) `0s`"]),
        Fault(name: "time too long", yaml: "shutdownTimeout: 99999999999999999999h", expect: [
            "serin.yaml:1: error: shutdownTimeout: \(time) `99999999999999999999h`",
        ]),
        Fault(name: "time of nothing", yaml: "timeouts:\n  request:\n", expect: [
            "serin.yaml:2: error: timeouts.request: expected `off`, or a length of time such as 250ms, 30s, 5m or 1h, from 1ms to a year, found nothing",
        ]),
        Fault(name: "off where it can't be", yaml: "timeouts: {tunnelIdle: off}", expect: [
            "serin.yaml:1: error: timeouts.tunnelIdle: \(time) `off`",
        ]),
        Fault(name: "size with a wrong unit", yaml: "limits:\n  headerBytes: 32kb", expect: [
            "serin.yaml:2: error: limits.headerBytes: expected a size such as 8KiB, 10MiB or plain bytes, between 256 and 98304, found `32kb`",
        ]),
        Fault(name: "count", yaml: "limits: {headerFields: many, connections: -1}", expect: [
            "serin.yaml:1: error: limits.headerFields: expected a whole number between 1 and 10000, found `many`",
            "serin.yaml:1: error: limits.connections: expected `auto`, or a whole number between 1 and 100000000, found `-1`",
        ]),
        Fault(name: "size or auto", yaml: "limits: {memory: 1KiB}", expect: [
            "serin.yaml:1: error: limits.memory: expected `auto`, or a size such as 512MiB, of at least 1048576, found `1KiB`",
        ]),
        Fault(name: "workers", yaml: "workers: 0", expect: [
            "serin.yaml:1: error: workers: expected `auto`, or a whole number between 1 and 1024, found `0`",
        ]),
        Fault(name: "truth", yaml: "http10KeepAlive: yes\nunderscoresInHeaders: [true]", expect: [
            "serin.yaml:1: error: http10KeepAlive: expected true or false, found `yes`",
            "serin.yaml:2: error: underscoresInHeaders: expected true or false, found a list",
        ]),
        Fault(name: "the PROXY protocol of nobody", yaml: "listeners:\n- {address: 127.0.0.1:80, proxyProtocol: true}\n- {address: unix:/a, proxyProtocol: true}", expect: [
            "serin.yaml:2: error: listeners: 127.0.0.1:80 wants the PROXY protocol, but nobody's header is believed, so that every connection "
                + "would be closed; name the proxies under `trustedProxies`",
        ]),
        Fault(name: "the PROXY protocol of somebody misspelt", yaml: "listeners: [{address: 127.0.0.1:80, proxyProtocol: true}]\ntrustedProxies: [me]", expect: [
            "serin.yaml:2: error: trustedProxies: expected an address range such as 10.0.0.0/8 or 2001:db8::/32, found `me`",
        ]),
        Fault(name: "gzip, a word", yaml: "gzip: maybe", expect: ["serin.yaml:1: error: gzip: expected `on`, `off` or a mapping, found `maybe`"]),
        Fault(name: "gzip, a list", yaml: "gzip: [on]", expect: ["serin.yaml:1: error: gzip: expected a mapping of keys to values, found a list"]),
        Fault(name: "gzip", yaml: "gzip:\n  level: 10\n  minLength: 0\n  memory: 1KiB\n  types: [html, text/, text/css]\n  typs: []", expect: [
            "serin.yaml:2: error: gzip.level: expected a whole number between 1 and 9, found `10`",
            "serin.yaml:3: error: gzip.minLength: expected a size such as 8KiB, 10MiB or plain bytes, between 1 and 1073741824, found `0`",
            "serin.yaml:4: error: gzip.memory: expected a size such as 8KiB, 10MiB or plain bytes, between 1048576 and 68719476736, found `1KiB`",
            "serin.yaml:5: error: gzip.types: `html` is no media type; write it as `text/css`, a family as `text/*`, all of them as `\"*\"`",
            "serin.yaml:5: error: gzip.types: `text/` is no media type; write it as `text/css`, a family as `text/*`, all of them as `\"*\"`",
            "serin.yaml:6: error: gzip.typs: unknown key; did you mean `types`?",
        ]),
        Fault(name: "word", yaml: "canary: {failover: maybe}", expect: [
            "serin.yaml:1: error: canary.failover: expected one of none, canaryToStable, both, found `maybe`",
        ]),
        Fault(name: "compatibility", yaml: "canary:\n  compatibility: nginx", expect: [
            "serin.yaml:2: error: canary.compatibility: expected one of scoped, ingress-nginx, found `nginx`",
        ]),
        Fault(name: "failover beside exact parity", yaml: "canary:\n  compatibility: ingress-nginx\n  failover: both", expect: [
            "serin.yaml:3: note: canary.failover: counts in `scoped` only: in `ingress-nginx` a canary without endpoints is answered "
                + "by stable (R21.3), a stable one without endpoints with 503 (R21.0)",
        ]),
        Fault(name: "log formats to come", yaml: "accessLog: {format: json}", expect: [
            "serin.yaml:1: error: accessLog.format: `json` arrives with a later release; `off` and `combined` are available",
        ]),
        Fault(name: "log format", yaml: "accessLog: {format: fancy}", expect: [
            "serin.yaml:1: error: accessLog.format: expected one of off, combined, found `fancy`",
        ]),
        Fault(name: "listener by name", yaml: "listeners: [{address: localhost:80}]", expect: [
            "serin.yaml:1: error: listeners.address: \(address) `localhost:80`",
        ]),
        Fault(name: "listener without port", yaml: "listeners: [{address: 127.0.0.1}]", expect: [
            "serin.yaml:1: error: listeners.address: \(address) `127.0.0.1`",
        ]),
        Fault(name: "listener without brackets", yaml: "listeners: [{address: \"::1:8080\"}]", expect: [
            "serin.yaml:1: error: listeners.address: \(address) `::1:8080`",
        ]),
        Fault(name: "listener without address", yaml: "listeners:\n- tls: false", expect: [
            "serin.yaml:2: error: listeners: an `address` is missing; write \(AddressText.listenerForm)",
        ]),
        Fault(name: "listener as text", yaml: "listeners: [127.0.0.1:8080]", expect: [
            "serin.yaml:1: error: listeners: expected a mapping of keys to values, found `127.0.0.1:8080`",
        ]),
        Fault(name: "no listener", yaml: "listeners: []", expect: [
            "serin.yaml:1: error: listeners: the list is empty; name an address, or remove the key for 0.0.0.0:8080",
        ]),
        Fault(name: "listener twice", yaml: "listeners:\n- address: 127.0.0.1:80\n- address: 127.0.0.1:80", expect: [
            "serin.yaml:3: error: listeners: 127.0.0.1:80 is listed twice; remove one",
        ]),
        Fault(name: "admin", yaml: "admin: {address: 9901, hosts: [\"a b\"]}", expect: [
            "serin.yaml:1: error: admin.address: \(address) `9901`",
            "serin.yaml:1: error: admin.hosts: expected a host name without a port, found `a b`",
        ]),
        Fault(name: "admin among the listeners", yaml: "listeners: [{address: 127.0.0.1:80}]\nadmin:\n  address: 127.0.0.1:80", expect: [
            "serin.yaml:3: error: admin.address: 127.0.0.1:80 is a listener, open to every client; give the admin an address of its own",
        ]),
        Fault(name: "proxies", yaml: "trustedProxies: [10.0.0.0/33, ten]", expect: [
            "serin.yaml:1: error: trustedProxies: expected an address range such as 10.0.0.0/8 or 2001:db8::/32, found `10.0.0.0/33`",
            "serin.yaml:1: error: trustedProxies: expected an address range such as 10.0.0.0/8 or 2001:db8::/32, found `ten`",
        ]),
        Fault(name: "via", yaml: "via: \"a b\"", expect: [
            "serin.yaml:1: error: via: expected `off`, or a name of letters, digits, `-`, `.` and `_`, found `a b`",
        ]),
        Fault(name: "hash key", yaml: "canary: {hashBy: cookie}", expect: [
            "serin.yaml:1: error: canary.hashBy: expected \(HashKeyText.form), found `cookie`",
        ]),
        Fault(name: "services", yaml: "services:\n  a/b/c: []\n  x: 127.0.0.1:80\n  y: [\"127.0.0.1\"]\n  z:\n", expect: [
            "serin.yaml:2: error: services.a/b/c: expected [namespace/]name[:port] for a Service",
            "serin.yaml:3: error: services.x: expected a list of addresses, found `127.0.0.1:80`; `[]` says that it has no endpoints",
            "serin.yaml:4: error: services.y: expected \(AddressText.endpointForm), found `127.0.0.1`",
            "serin.yaml:5: error: services.z: expected a list of addresses, found nothing; `[]` says that it has no endpoints",
        ]),
        Fault(name: "the same Service twice", yaml: "services:\n  x: []\n  default/x: []\n  x:80: []\n", expect: [
            "serin.yaml:3: error: services.default/x: the same Service as on line 2; keep one of the two",
        ]),
        Fault(name: "the long form", yaml: "services: {x: [{weight: 0, labels: [a], adress: \"a:1\"}]}", expect: [
            "serin.yaml:1: error: services.x.adress: unknown key; did you mean `address`?",
            "serin.yaml:1: error: services.x.weight: expected a whole number between 1 and 65535, found `0`",
            "serin.yaml:1: error: services.x.labels: expected labels with their values, found a list",
            "serin.yaml:1: error: services.x: an `address` is missing; write \(AddressText.endpointForm)",
        ]),
        Fault(name: "an endpoint of port 0", yaml: "services: {x: [\"127.0.0.1:0\"]}", expect: [
            "serin.yaml:1: error: services.x: expected \(AddressText.endpointForm), found `127.0.0.1:0`",
        ]),
        Fault(name: "manifests", yaml: "manifests: here/", expect: [
            "serin.yaml:1: error: manifests: expected a list of files or folders, found `here/`",
        ]),
        Fault(name: "classes", yaml: "ingressClasses: [[nginx]]", expect: [
            "serin.yaml:1: error: ingressClasses: expected class names, found a list",
        ]),
    ]

    @Test(arguments: faults)
    func fault(_ fault: Fault) {
        #expect(Self.read(fault.yaml).messages == fault.expect)
    }

    @Test(arguments: ["", "# nothing\n", "---\n...\n", "timeouts:\nlimits:\nservices:\nlisteners:\nmanifests:\n"])
    func emptyIsDefault(_ yaml: String) {
        let (settings, messages) = Self.read(yaml)
        #expect(messages.isEmpty)
        expectDefaults(settings)
    }

    /// The example that shows every key shows the defaults.
    @Test func exampleShowsTheDefaults() throws {
        let path = Golden.repository.appendingPathComponent("config/serin.yaml").path
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let (settings, messages) = Self.read(text)
        #expect(messages.isEmpty)
        expectDefaults(settings, namesListeners: true)
        for key in SettingsReader.keys { #expect(text.contains("\n\(key):"), "\(key) is missing") }
    }

    private func expectDefaults(_ settings: Settings, namesListeners: Bool = false) {
        var defaults = ProcessSettings()
        defaults.namesListeners = namesListeners
        #expect(settings.process == defaults)
        #expect(settings.timeouts == Timeouts())
        #expect(settings.limits == Limits())
        #expect(settings.forwarding == Forwarding())
        #expect(settings.forwarding.strictPaths)
        #expect(settings.failover == .canaryToStable)
        #expect(settings.compatibility == .scoped)
        #expect(settings.hashBy.isEmpty)
        #expect(settings.ingressClasses == ["nginx", "serin"])
        #expect(settings.services.isEmpty)
        #expect(settings.healthChecks.isEmpty)
        #expect(settings.tls.session == TLSSettings())
        #expect(settings.tls.certificates.isEmpty && settings.tls.defaultCertificate == nil)
        #expect(settings.tls.redirects && settings.tls.redirectPort == 443 && !settings.tls.isStrict)
        #expect(settings.tls.strictTransport.value == "max-age=31536000; includeSubDomains")
        #expect(!settings.gzip.isOn && settings.gzip.rule == GzipPolicy.Rule() && settings.gzip.memory == 64 << 20)
    }

    @Test(arguments: [("scoped", Compatibility.scoped, true), ("ingress-nginx", .ingressNginx, false)])
    func compatibility(_ text: String, _ expect: Compatibility, _ strictPaths: Bool) {
        let (settings, messages) = Self.read("canary: {compatibility: \(text)}")
        #expect(messages.isEmpty)
        #expect(settings.compatibility == expect)
        #expect(settings.forwarding.strictPaths == strictPaths)
    }

    @Test(arguments: [
        ("request", []), ("clientIP", [ValueKey.clientAddress]), ("cookie:Uid", [.cookie("uid")]),
        ("header:X-User", [.header("x_user")]), ("query:user id", [.query("user id")]),
        ("clientIP/24", [.clientNetwork(v4: 24, v6: 64)]), ("clientIP/8/48", [.clientNetwork(v4: 8, v6: 48)]),
        ("clientIP/32/128", [.clientAddress]), ("cookie:a,header:b", [.cookie("a"), .header("b")]),
        ("clientIP/24 , query:q", [.clientNetwork(v4: 24, v6: 64), .query("q")]), ("cookie:a,cookie:A", [.cookie("a")]),
    ])
    func hashKeys(_ text: String, _ expect: [ValueKey]) throws {
        #expect(try #require(HashKeyText.parse(text)).keys == expect)
    }

    @Test(arguments: [
        "", "Request", "cookie:", "cookie:a b", "header:a:b", "query:", "ip", ":x", "clientIP/", "clientIP/0", "clientIP/33",
        "clientIP/24/129", "clientIP/24/0", "clientIP/24/64/8", "clientIP/+24", "clientIP/a", "cookie:a,", ",cookie:a",
        "request,cookie:a", "cookie:a,request", "clientIP/24,64",
    ])
    func noHashKeys(_ text: String) {
        #expect(HashKeyText.parse(text) == nil)
    }
}
