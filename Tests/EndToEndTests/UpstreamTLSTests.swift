import Foundation
import TestCertificates
import Testing

/// Upstreams that speak TLS, by Python's ssl.
@Suite struct UpstreamTLSTests {
    private static let verified = ["proxy-ssl-secret": "default/upstream", "proxy-ssl-verify": "on", "proxy-ssl-name": "app.test"]

    /// One route to the origins by HTTPS, with a Secret `upstream`.
    private static func configuration(
        _ origins: [TestAddress], _ annotations: [String: String] = [:], secret: [String: String] = [:], settings: String = ""
    ) -> TestConfiguration {
        let all = ["backend-protocol": "HTTPS"].merging(annotations) { $1 }
        return TestConfiguration(
            services: ["app": origins.map(\.description)],
            manifests: [Manifests.ingress("app", service: "app", annotations: Manifests.annotations(all))]
                + (secret.isEmpty ? [] : [Manifests.secret("upstream", secret)]),
            settings: settings)
    }

    private static func visit(_ serin: SerinProcess, _ target: String = "/") throws -> SecureOrigin.Visit {
        let response = try serin.client().exchange("GET \(target) HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n")
        guard response.status == 200 else { throw Problem("answered \(response.status); serin wrote\n\(serin.process.errors)") }
        return try SecureOrigin.Visit(response.text)
    }

    // MARK: What is agreed on

    struct Good: Sendable, CustomTestStringConvertible {
        let name: String
        var names = ["app.test"]
        var annotations: [String: String] = [:]
        var version: String?
        var serverName = "-"
        var expect = "TLSv1.3"
        var testDescription: String { name }
    }

    @Test(arguments: [
        Good(name: "not verified", names: ["other.test"]),
        Good(name: "verified", annotations: verified),
        Good(name: "verified by its address", names: ["IP:127.0.0.1"],
             annotations: ["proxy-ssl-secret": "default/upstream", "proxy-ssl-verify": "on", "proxy-ssl-name": "127.0.0.1", "proxy-ssl-server-name": "on"]),
        Good(name: "verified by the Service's name", names: ["app.default.svc"],
             annotations: ["proxy-ssl-secret": "default/upstream", "proxy-ssl-verify": "on"]),
        Good(name: "a wildcard", names: ["*.shop.test"], annotations: verified.merging(["proxy-ssl-name": "app.shop.test"]) { $1 }),
        Good(name: "with a name, not verified", names: ["other.test"],
             annotations: ["proxy-ssl-name": "app.test", "proxy-ssl-server-name": "on"], serverName: "app.test"),
        Good(name: "verified and with a name", annotations: verified.merging(["proxy-ssl-server-name": "on"]) { $1 }, serverName: "app.test"),
        Good(name: "1.2 is enough", version: "TLSv1_2", expect: "TLSv1.2"),
        Good(name: "1.2 is wanted", annotations: ["proxy-ssl-protocols": "TLSv1.1 TLSv1.2"], expect: "TLSv1.2"),
        Good(name: "ciphers", annotations: ["proxy-ssl-protocols": "TLSv1.2", "proxy-ssl-ciphers": "ECDHE-ECDSA-AES256-GCM-SHA384"], expect: "TLSv1.2"),
    ])
    func requestsGoBySSL(_ good: Good) throws {
        let authority = try TestAuthority()
        let origin = try SecureOrigin(try authority.issue(good.names), version: good.version)
        let serin = try SerinProcess(Self.configuration([origin.address], good.annotations, secret: ["ca.crt": try authority.certificate]))
        let visit = try Self.visit(serin)
        #expect(visit.serverName == good.serverName)
        #expect(visit.version == good.expect)
        #expect(visit.client == "-")
        #expect(try serin.metrics().sum("serin_upstream_tls_handshakes_total", ["resumed": "false"]) == 1)
    }

    @Test func bodiesGoBothWays() throws {
        let authority = try TestAuthority()
        let origin = try SecureOrigin(try authority.issue("app.test"))
        let serin = try SerinProcess(Self.configuration([origin.address], settings: "limits: {body: 8MiB}"))
        let body = String(repeating: "0123456789abcdef", count: 200_000)
        let client = try serin.client()
        let answer = try client.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body, method: "POST")
        #expect(answer.status == 200)
        #expect(answer.text == body)
        #expect(try client.exchange("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").text.hasPrefix("0 full"), "on the same connection")
    }

    // MARK: What is refused

    struct Bad: Sendable, CustomTestStringConvertible {
        enum Fault: Sendable { case wrongName, expired, otherAuthority, plainText, hangsUp, oldVersion, noCertificate, revoked, floods }
        let fault: Fault
        let reason: String
        /// In the log.
        let says: String
        /// Its direction and name.
        var alert: (direction: String, name: String)?
        var testDescription: String { "\(fault)" }
    }

    @Test(arguments: [
        Bad(fault: .wrongName, reason: "wrong_name", says: "as app.test: wrong_name (hostname mismatch)", alert: ("sent", "bad_certificate")),
        Bad(fault: .expired, reason: "expired", says: "expired (certificate has expired)", alert: ("sent", "certificate_expired")),
        Bad(fault: .otherAuthority, reason: "untrusted", says: "untrusted (unable to get local issuer certificate)",
            alert: ("sent", "unknown_ca")),
        Bad(fault: .plainText, reason: "plain_text", says: "plain_text"),
        Bad(fault: .hangsUp, reason: "disconnected", says: "disconnected"),
        Bad(fault: .floods, reason: "flooded", says: "flooded"),
        Bad(fault: .oldVersion, reason: "version", says: "version"),
        Bad(fault: .revoked, reason: "revoked", says: "revoked (certificate revoked)", alert: ("sent", "certificate_revoked")),
        Bad(fault: .noCertificate, reason: "alert", says: "alert", alert: ("received", "handshake_failure")),
    ])
    func aFailureIs502AndSaysWhy(_ bad: Bad) throws {
        let authority = try TestAuthority()
        var annotations = Self.verified
        var secret = ["ca.crt": try authority.certificate]
        let stranger = try TestAuthority()
        var secure: SecureOrigin?
        var plain: RecordingOrigin?
        switch bad.fault {
        case .wrongName: secure = try SecureOrigin(try authority.issue("other.test"))
        case .revoked:
            let pair = try authority.issue("app.test")
            secure = try SecureOrigin(pair)
            secret["ca.crl"] = try authority.list(revoking: [pair])
        case .expired: secure = try SecureOrigin(try authority.issueExpired("app.test"))
        case .otherAuthority: secure = try SecureOrigin(try stranger.issue("app.test"))
        case .plainText: plain = try RecordingOrigin { connection in
            try connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            _ = try connection.readToEnd()
        }
        case .hangsUp: plain = try RecordingOrigin { _ in }
        // Records full of HelloRequest, which a client may ignore (RFC 5246 section 7.4.1.1).
        case .floods: plain = try RecordingOrigin { connection in
            for _ in 0..<2000 { try connection.send([22, 3, 3, 64, 0] + [UInt8](repeating: 0, count: 16 << 10)) }
        }
        case .oldVersion:
            secure = try SecureOrigin(try authority.issue("app.test"), version: "TLSv1_2")
            annotations["proxy-ssl-protocols"] = "TLSv1.3"
        case .noCertificate: secure = try SecureOrigin(try authority.issue("app.test"), clients: authority, version: "TLSv1_2")
        }
        let address = try #require(secure?.address ?? plain?.address)
        let serin = try SerinProcess(Self.configuration([address], annotations, secret: secret))
        let response = try serin.client().exchange("GET /secret HTTP/1.1\r\nHost: shop.test\r\n\r\n")
        #expect(response.status == 502)
        try serin.waitForLog(bad.says)
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_upstream_tls_failures_total", ["reason": bad.reason]) >= 1, "\(metrics.text)")
        #expect(metrics.sum("serin_upstream_tls_handshakes_total") == 0)
        if let alert = bad.alert {
            #expect(metrics.sum("serin_upstream_tls_alerts_total", ["direction": alert.direction, "alert": alert.name]) >= 1, "\(metrics.text)")
        }
        #expect(plain?.requests.isEmpty ?? true, "never in plain text")
        withExtendedLifetime((secure, plain, stranger)) {}
    }

    @Test func aCertificateThatNobodyVerifiesIsNotBlamed() throws {
        let stranger = try TestAuthority()
        let origin = try SecureOrigin(try stranger.issue("app.test"), clients: stranger, version: "TLSv1_2")
        let serin = try SerinProcess(Self.configuration([origin.address], [:]))
        #expect(try serin.client().get(host: "shop.test").status == 502)
        try serin.waitForLog("alert")
        #expect(!serin.process.errors.contains("alert ("), "\(serin.process.errors)")
    }

    /// ingress-nginx has no `proxy_ssl_crl`.
    @Test(arguments: [("scoped", 502), ("ingress-nginx", 200)]) func whatWasTakenBackCountsAsTheModeSays(_ mode: String, _ status: Int) throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("app.test")
        let origin = try SecureOrigin(pair)
        let secret = ["ca.crt": try authority.certificate, "ca.crl": try authority.list(revoking: [pair])]
        let serin = try SerinProcess(Self.configuration(
            [origin.address], Self.verified, secret: secret, settings: "canary: {compatibility: \(mode)}"))
        let response = try serin.client().exchange("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n")
        #expect(response.status == status)
        #expect(serin.process.errors.contains("`ca.crl` does nothing for upstreams") == (mode == "ingress-nginx"))
    }

    /// Two authorities stand between the origin and the one that is trusted.
    @Test(arguments: [("1", 502), ("2", 200)]) func chainsHaveTheirLength(_ depth: String, _ status: Int) throws {
        let root = try TestAuthority()
        let upper = try TestAuthority(below: root, name: "Upper"), lower = try TestAuthority(below: upper, name: "Lower")
        let origin = try SecureOrigin(try lower.issue("app.test"))
        let serin = try SerinProcess(Self.configuration(
            [origin.address], Self.verified.merging(["proxy-ssl-verify-depth": depth]) { $1 }, secret: ["ca.crt": try root.certificate]))
        #expect(try serin.client().exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == status)
        if status == 502 { try serin.waitForLog("untrusted (certificate chain too long)") }
        withExtendedLifetime(lower) {}
    }

    // MARK: PROXY protocol

    /// The header goes ahead of the handshake, of each anew.
    @Test(arguments: ["v1", "v2"]) func originsAreToldOfTheClientBeforeTLS(_ version: String) throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("app.test")
        let origin = try SecureOrigin(pair, isAnnounced: true)
        let bad = try SecureOrigin(try authority.issue("other.test"), isAnnounced: true)
        var configuration = Self.configuration(
            [bad.address, origin.address], Self.verified, secret: ["ca.crt": try authority.certificate])
        let all = Manifests.annotations(Self.verified.merging(["backend-protocol": "HTTPS"]) { $1 })
        configuration.manifests[0] = Manifests.ingress(
            "app", service: "app", annotations: all.merging(["serin.dev/upstream-proxy-protocol": version]) { $1 })
        let serin = try SerinProcess(configuration)
        let client = try serin.client()
        let (from, to) = (client.localPort, serin.address.port)
        for _ in 0..<3 {
            let answer = try client.exchange("GET /header HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.status == 200, "another endpoint is asked when one fails; \(serin.process.errors)")
            if version == "v1" {
                #expect(answer.text == "PROXY TCP4 127.0.0.1 127.0.0.1 \(from) \(to)\r\n")
            } else {
                // Signature, version and command, TCP over IPv4, 12 bytes: two addresses and two ports.
                let expected: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x11, 0, 12, 127, 0, 0, 1, 127, 0, 0, 1]
                    + [UInt8(from >> 8), UInt8(from & 255), UInt8(to >> 8), UInt8(to & 255)]
                #expect(answer.body == expected)
            }
        }
        let posted = try client.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", method: "POST")
        #expect(posted.text == "hi")
        let metrics = try serin.metrics()
        let handshakes = metrics.sum("serin_upstream_tls_handshakes_total")
        #expect(handshakes == 4, "each request has its own connection")
        #expect(metrics.sum("serin_connections", ["state": "upstream_idle"]) == 0)
    }

    @Test func anotherEndpointIsTriedAfterAFailedHandshake() throws {
        let authority = try TestAuthority()
        let bad = try SecureOrigin(try authority.issue("other.test")), good = try SecureOrigin(try authority.issue("app.test"))
        let serin = try SerinProcess(Self.configuration(
            [bad.address, good.address], Self.verified, secret: ["ca.crt": try authority.certificate]))
        for _ in 0..<4 {
            let answer = try serin.client().exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", method: "POST")
            #expect(answer.status == 200, "nothing had been sent")
            #expect(answer.text == "hi")
        }
        #expect(try serin.metrics().sum("serin_upstream_tls_failures_total") == 1, "it is skipped then")
    }

    @Test func aStalledHandshakeEndsWithTheTimeForConnecting() throws {
        let silent = try RecordingOrigin { connection in _ = try connection.readToEnd() }
        let serin = try SerinProcess(Self.configuration([silent.address], settings: "timeouts: {upstreamConnect: 300ms}"))
        #expect(try serin.client().exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 504)
        #expect(try serin.metrics().sum("serin_upstream_tls_failures_total", ["reason": "timeout"]) == 1)
        #expect(silent.requests.isEmpty)
    }

    // MARK: Client certificates

    @Test(arguments: ["TLSv1_2", "TLSv1_3"])
    func anOriginThatWantsACertificateGetsIt(_ version: String) throws {
        let authority = try TestAuthority()
        let origin = try SecureOrigin(try authority.issue("app.test"), clients: authority, version: version)
        let own = try authority.issue("serin.test")
        let secret = ["ca.crt": try authority.certificate, "tls.crt": own.chain, "tls.key": own.key]
        let serin = try SerinProcess(Self.configuration([origin.address], Self.verified, secret: secret))
        #expect(try Self.visit(serin).client == "serin.test")
        // Without one, be it found out only when the answer is awaited.
        let without = try SerinProcess(Self.configuration([origin.address], Self.verified, secret: ["ca.crt": try authority.certificate]))
        #expect(try without.client().exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 502)
        #expect(try without.metrics().sum("serin_upstream_tls_failures_total", ["reason": version == "TLSv1_3" ? "certificate_refused" : "alert"]) >= 1)
    }

    /// Writing to it fails, and what it has said before counts (http-edge duty 42).
    @Test(arguments: ["TLSv1_2", "TLSv1_3"])
    func anAnswerBeforeTheEndIsNotLost(_ version: String) throws {
        let authority = try TestAuthority()
        let origin = try SecureOrigin(try authority.issue("app.test"), version: version)
        let serin = try SerinProcess(Self.configuration([origin.address]))
        let client = try serin.client()
        try client.send("POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 2001\r\n\r\n.")
        try origin.awaitRefusal(.asked)
        let half = String(repeating: ".", count: 1000)
        try client.send(half)
        try origin.awaitRefusal(.busy)
        // What it has not read makes its end a reset, which comes upon Serin as it is about to write more.
        try serin.process.freeze()
        try client.send(half)
        try origin.refuse()
        serin.process.signal(SIGCONT)
        let response = try client.readResponse(to: "POST")
        #expect(response.status == 413 && response.text == "refused")
    }

    // MARK: Connections

    @Test(arguments: ["TLSv1_2", "TLSv1_3"])
    func connectionsAreKeptAndSessionsResumed(_ version: String) throws {
        let authority = try TestAuthority()
        let origin = try SecureOrigin(try authority.issue("app.test"), version: version)
        let serin = try SerinProcess(Self.configuration([origin.address], Self.verified, secret: ["ca.crt": try authority.certificate]))
        for _ in 0..<5 {
            let visit = try Self.visit(serin)
            #expect(visit.connection == 0, "one connection serves them all")
            #expect(!visit.isResumed)
        }
        // This one the origin ends.
        _ = try Self.visit(serin, "/length")
        for expected in 1...3 {
            try eventually("the end of the connection to be seen") { try serin.metrics().sum("serin_connections", ["state": "upstream_idle"]) == 0 }
            let visit = try Self.visit(serin, "/length")
            #expect(visit.connection == expected)
            #expect(visit.isResumed)
        }
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_upstream_tls_handshakes_total", ["resumed": "true"]) == 3)
        #expect(metrics.sum("serin_upstream_tls_handshakes_total", ["resumed": "false"]) == 1)
        #expect(metrics.sum("serin_upstream_tls_failures_total") == 0, "an end between requests is none")
    }

    @Test func connectionsOfOtherSettingsAreNotShared() throws {
        let authority = try TestAuthority()
        let origin = try SecureOrigin(try authority.issue("app.test"))
        var configuration = Self.configuration([origin.address], Self.verified, secret: ["ca.crt": try authority.certificate])
        let other = Manifests.annotations(["backend-protocol": "HTTPS", "proxy-ssl-name": "app.test", "proxy-ssl-server-name": "on"])
        configuration.manifests.append(Manifests.ingress("other", path: "/other", service: "app", annotations: other))
        let wrong = Manifests.annotations(Self.verified.merging(["backend-protocol": "HTTPS", "proxy-ssl-name": "wrong.test"]) { $1 })
        configuration.manifests.append(Manifests.ingress("wrong", path: "/wrong", service: "app", annotations: wrong))
        let serin = try SerinProcess(configuration)
        #expect(try Self.visit(serin).connection == 0)
        #expect(try Self.visit(serin, "/other").connection == 1)
        #expect(try Self.visit(serin, "/other").serverName == "app.test")
        #expect(try Self.visit(serin).serverName == "-")
        #expect(try serin.client().exchange("GET /wrong HTTP/1.1\r\nHost: a\r\n\r\n").status == 502, "no connection and no session of another name")
    }

    @Test func aReloadKeepsConnectionsOfTheSameSettingsOnly() throws {
        let authority = try TestAuthority()
        let origin = try SecureOrigin(try authority.issue("app.test"))
        let secret = ["ca.crt": try authority.certificate]
        let serin = try SerinProcess(Self.configuration([origin.address], Self.verified, secret: secret))
        #expect(try Self.visit(serin).connection == 0)
        #expect(try serin.reload().status == 200)
        #expect(try Self.visit(serin).connection == 0)
        // Another authority: what the old one vouched for is over.
        let stranger = try TestAuthority()
        #expect(try serin.reload(Self.configuration([origin.address], Self.verified, secret: ["ca.crt": try stranger.certificate])).status == 200)
        #expect(try serin.client().exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 502)
        let broken = try serin.reload(Self.configuration([origin.address], Self.verified, secret: ["ca.crt": "nonsense"]))
        #expect(broken.status == 422)
        #expect(broken.text.contains("`ca.crt` holds no certificate in PEM form"), "\(broken.text)")
        #expect(try serin.reload(Self.configuration([origin.address], Self.verified, secret: secret)).status == 200)
        #expect(try Self.visit(serin).connection > 0)
    }

    // MARK: Ends

    @Test func anAnswerThatTLSDidNotEndIsCut() throws {
        let authority = try TestAuthority()
        let origin = try SecureOrigin(try authority.issue("app.test"))
        let serin = try SerinProcess(Self.configuration([origin.address]))
        for target in ["/whole", "/cut"] {
            let client = try serin.client()
            try client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
            let isWhole = (try? client.readResponse()).map { $0.status == 200 && $0.text.hasPrefix("\(target == "/whole" ? 0 : 1) full") } ?? false
            #expect(isWhole == (target == "/whole"), "\(target)")
        }
        #expect(try Self.visit(serin, "/length").version == "TLSv1.3", "a length tells the end by itself")
    }

    // MARK: Canaries

    @Test(arguments: ["scoped", "ingress-nginx"])
    func aCanaryIsSpokenToAsItsMain(_ mode: String) throws {
        let authority = try TestAuthority()
        let old = try SecureOrigin(try authority.issue("app.test")), new = try SecureOrigin(try authority.issue("app.test"), version: "TLSv1_2")
        var configuration = Self.configuration([old.address], Self.verified, secret: ["ca.crt": try authority.certificate])
        configuration.services["new"] = [new.address.description]
        configuration.manifests.append(Manifests.canary("app-canary", service: "new", ["canary-by-header": "X-New", "backend-protocol": "HTTP"]))
        configuration.settings = "canary: {compatibility: \(mode)}"
        let serin = try SerinProcess(configuration)
        #expect(try Self.visit(serin).version == "TLSv1.3")
        let answer = try serin.client().exchange("GET / HTTP/1.1\r\nHost: a\r\nX-New: always\r\n\r\n")
        #expect(try SecureOrigin.Visit(answer.text).version == "TLSv1.2")
        #expect(serin.process.errors.contains("backend-protocol does nothing in a canary"), "\(serin.process.errors)")
        let routes = try serin.ask("/v1/routes").text
        #expect(routes.components(of: "\"protocol\":\"HTTPS\",\"verified\":true,\"serverName\":\"app.test\"") == 2, "\(routes)")
        let explain = try SerinProcess.launch(["explain", "-c", SerinProcess.file, "http://shop.test/"], in: serin.folder, named: "explain")
        #expect(try explain.wait() == .exited(0))
        #expect(explain.output.contains("by HTTPS, verified as app.test"), "\(explain.output)")
        let table = try SerinProcess.launch(["routes", "-c", SerinProcess.file], in: serin.folder, named: "routes")
        #expect(try table.wait() == .exited(0))
        #expect(table.output.contains(", by HTTPS, verified as app.test"), "\(table.output)")
    }

    @Test func withoutItsSecretNothingIsSentAnywhere() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(Self.configuration([origin.address], ["proxy-ssl-secret": "default/missing"]))
        #expect(try serin.client().exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 503)
        #expect(origin.requests.isEmpty)
        #expect(serin.process.errors.contains("the Secret default/missing is not among the manifests"), "\(serin.process.errors)")
    }
}

extension String {
    fileprivate func components(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let found = rest.range(of: text) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
