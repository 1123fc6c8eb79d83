import Addressing
import Exchange
import Routing
import TLS
import Testing
@testable import Configuration

/// One configuration file with every key, none of them at its default.
@Suite struct EverySettingTests {
    private static let text = """
        listeners:
          - {address: "127.0.0.1:0"}
          - {address: "127.0.0.1:0"}
          - {address: "[2001:db8::1]:443", tls: true}
          - {address: unix:/run/serin.sock, proxyProtocol: true}
        admin: {address: "[::1]:9000", hosts: [Admin.internal]}
        workers: 3
        manifests: [a.yaml, b/]
        ingressClasses: [edge]
        services:
          shop: [10.0.0.1:80, "[fd00::1]:81", unix:/run/shop.sock, App.internal:82]
          team/shop:http: [{address: 10.0.0.2:80, weight: 2, labels: {version: v2, n: 1}}]
          none: []
        healthChecks:
          team/shop:http: {path: /healthz?full, host: shop.internal:8080, interval: 1s, timeout: 250ms, failures: 4, successes: 5}
          shop: {path: /}
        canary: {compatibility: ingress-nginx, hashBy: "cookie:uid", failover: both, annotationsRiskLevel: Medium, annotationsPrefix: edge.example}
        trustedProxies: [10.0.0.0/8, "fd00::/8", 192.0.2.1]
        resolveInterval: 5s
        http10KeepAlive: true
        via: edge
        timeouts:
          {clientHeader: 1ms, clientBody: 2s, clientKeepAlive: 3m, clientWrite: 4h, upstreamConnect: 5s,
          upstreamResponse: 6s, upstreamKeepAlive: 7s, tlsHandshake: 8s, request: 9s, tunnelIdle: 10s}
        limits:
          {requestLine: 4KiB, headerBytes: 95KiB, headerFields: 50, body: 2GiB, connections: 1000, connectionsPerClient: 7,
          handshakes: 9, memory: 1GiB, upstreamConnections: 20, upstreamQueue: 30, mirrorRequests: 40, mirrorBody: 1KiB}
        shutdownTimeout: 1m
        underscoresInHeaders: true
        accessLog: {format: combined, path: access.log}
        watch: true
        gzip: {enabled: true, level: 7, minLength: 2KiB, types: [text/css, "image/*"], memory: 3MiB}
        tls:
          {minVersion: 1.3, ciphers: [AES128-SHA], cipherSuites: [TLS_AES_256_GCM_SHA384], curves: [P-384], tickets: false, sslRedirect: false,
          redirectPort: 8443, strictSNI: true, hsts: {enabled: true, maxAge: 60, includeSubdomains: false, preload: true},
          certificates: [{certificate: a.pem, key: a.key, ocsp: a.der, hosts: [Shop.test, "*.shop.test"]}, {certificate: b.pem, key: b.key}],
          defaultCertificate: {secret: team/default-tls}}
        """

    private let settings: Settings
    private let messages: [String]

    init() {
        var log = DiagnosticLog()
        settings = SettingsReader.read(YAMLFile(name: "serin.yaml", text: Self.text), log: &log)
        messages = log.sorted.map(\.description)
    }

    /// `failover` is the one key that does not count beside the others.
    @Test func nothingElseIsSaid() {
        #expect(messages.map { $0.hasPrefix("serin.yaml:17: note: canary.failover: counts in `scoped` only") } == [true])
    }

    /// So that a new key can't be forgotten here.
    @Test(arguments: SettingsReader.keys)
    func theKeyIsThere(_ key: String) {
        #expect(Self.text.split(separator: "\n").contains { $0.hasPrefix(key + ":") })
    }

    @Test func process() {
        let process = settings.process
        #expect(
            process.listeners.map(\.address) == [
                .ipv4(0x7F00_0001, port: 0), .ipv4(0x7F00_0001, port: 0),
                .ipv6(high: 0x2001_0DB8_0000_0000, low: 1, port: 443), .unix(path: "/run/serin.sock"),
            ])
        #expect(process.listeners.map(\.tls) == [false, false, true, false])
        #expect(process.listeners.map(\.proxyProtocol) == [false, false, false, true])
        #expect(process.admin == .ipv6(high: 0, low: 1, port: 9000))
        #expect(process.adminHosts == ["admin.internal"])
        #expect(process.workers == 3)
        #expect(process.resolveInterval == .seconds(5))
        #expect(process.shutdownTimeout == .seconds(60))
        #expect(process.accessLog == .init(format: .combined, path: "access.log"))
        #expect(process.watch)
        #expect(settings.manifests.map(\.path) == ["a.yaml", "b/"])
        #expect(settings.ingressClasses == ["edge"])
    }

    @Test func canary() {
        #expect(settings.compatibility == .ingressNginx)
        #expect(settings.hashBy == [.cookie("uid")])
        #expect(settings.failover == .both)
        #expect(settings.riskLevel == .medium)
        #expect(settings.annotationPrefix == AnnotationPrefix("edge.example"))
    }

    @Test func forwarding() {
        var forwarding = Forwarding()
        forwarding.trustedProxies = ["10.0.0.0/8", "fd00::/8", "192.0.2.1"].compactMap { AddressRange($0) }
        forwarding.via = "edge"
        forwarding.http10KeepAlive = true
        forwarding.underscoresInHeaders = true
        forwarding.strictPaths = false
        #expect(settings.forwarding == forwarding)
    }

    @Test func timeouts() {
        let times = settings.timeouts
        #expect(
            [times.clientHeader, times.clientBody, times.clientKeepAlive, times.clientWrite, times.upstreamConnect]
                == [.milliseconds(1), .seconds(2), .seconds(180), .seconds(14_400), .seconds(5)])
        #expect(
            [times.upstreamResponse, times.upstreamKeepAlive, times.tlsHandshake, times.request, times.tunnelIdle]
                == [.seconds(6), .seconds(7), .seconds(8), .seconds(9), .seconds(10)])
    }

    @Test func limits() {
        var limits = Limits()
        limits.requestLine = 4096
        limits.headerBytes = 95 << 10
        limits.headerFields = 50
        limits.body = 2 << 30
        limits.connections = 1000
        limits.connectionsPerClient = 7
        limits.handshakes = 9
        limits.memory = 1 << 30
        limits.upstreamConnections = 20
        limits.upstreamQueue = 30
        limits.mirrorRequests = 40
        limits.mirrorBody = 1024
        #expect(settings.limits == limits)
    }

    @Test func services() {
        let services = settings.services
        #expect(services.map(\.key) == ["default/shop", "team/shop:http", "default/none"])
        #expect(
            services[0].endpoints.map(\.address) == [
                .ipv4(0x0A00_0001, port: 80), .ipv6(high: 0xFD00_0000_0000_0000, low: 1, port: 81),
                .unix(path: "/run/shop.sock"), .name(host: "app.internal", port: 82),
            ])
        #expect(services[1].endpoints.map(\.weight) == [2])
        #expect(services[1].endpoints.map(\.labels) == [["version": "v2", "n": "1"]])
        #expect(services[2].endpoints.isEmpty)
    }

    @Test func healthChecks() {
        var full = HealthCheck(path: "/healthz?full")
        full.host = "shop.internal:8080"
        (full.interval, full.timeout) = (.seconds(1), .milliseconds(250))
        (full.failures, full.successes) = (4, 5)
        #expect(settings.healthChecks.map(\.key) == ["team/shop:http", "default/shop"])
        #expect(settings.healthChecks.map(\.check) == [full, HealthCheck(path: "/")])
    }

    @Test func gzip() {
        let gzip = settings.gzip
        #expect(gzip.isOn && gzip.memory == 3 << 20)
        #expect(gzip.rule.level == 7 && gzip.rule.minimumLength == 2048)
        #expect(gzip.rule.types == MediaTypes(["text/css", "image/*"]))
    }

    @Test func tls() {
        let tls = settings.tls
        #expect(tls.session.minimumVersion == .tls13)
        #expect(tls.session.ciphers == ["AES128-SHA"])
        #expect(tls.session.cipherSuites == ["TLS_AES_256_GCM_SHA384"])
        #expect(tls.session.curves == ["P-384"])
        #expect(!tls.session.tickets)
        #expect(!tls.redirects && tls.redirectPort == 8443 && tls.isStrict)
        #expect(tls.strictTransport.value == "max-age=60; preload")
        #expect(tls.certificates.map(\.certificate.value) == ["a.pem", "b.pem"])
        #expect(tls.certificates.map(\.key.value) == ["a.key", "b.key"])
        #expect(tls.certificates.map { $0.response?.value } == ["a.der", nil])
        #expect(tls.certificates.map { $0.hosts.map(\.value) } == [["shop.test", "*.shop.test"], []])
        if case .secret(let label)? = tls.defaultCertificate { #expect(label.value == "team/default-tls") } else { Issue.record("no default") }
    }
}
