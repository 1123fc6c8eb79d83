import Foundation
import TestCertificates
import Testing

/// The PROXY protocol: what proxies before Serin say of their clients, and what Serin says to upstreams.
@Suite struct ProxyProtocolTests {
    private static let trusting = "trustedProxies: [127.0.0.1/32]"

    private static func proxy(_ origin: RecordingOrigin, settings: String = trusting) throws -> SerinProcess {
        var configuration = TestConfiguration.origin(origin, settings: settings)
        configuration.announcedListeners = [0]
        return try SerinProcess(configuration)
    }

    private static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
    private static let line = "PROXY TCP4 192.0.2.7 198.51.100.2 40000 8443\r\n"
    private static let request = "GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n"

    private static func failures(_ serin: SerinProcess, _ reason: String) throws -> Int {
        try serin.metrics().sum("serin_proxy_protocol_failures_total", ["reason": reason])
    }

    // MARK: In

    struct Header: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        var address = "192.0.2.7"
        var port: String? = "8443"
        var testDescription: String { name }
    }

    static let headers: [Header] = [
        Header(name: "version 1", bytes: Array(line.utf8)),
        Header(name: "version 1, IPv6", bytes: Array("PROXY TCP6 2001:db8::7 2001:db8::1 40000 8443\r\n".utf8), address: "2001:db8::7"),
        Header(name: "version 2", bytes: signature + [0x21, 0x11, 0, 12, 192, 0, 2, 7, 198, 51, 100, 2, 0x9C, 0x40, 0x20, 0xFB]),
        Header(name: "version 2 with more behind it",
               bytes: signature + [0x21, 0x11, 0, 20, 192, 0, 2, 7, 198, 51, 100, 2, 0x9C, 0x40, 0x20, 0xFB, 4, 0, 5, 1, 2, 3, 4, 5]),
        Header(name: "version 2, IPv4 in IPv6",
               bytes: signature + [0x21, 0x21, 0, 36] + Array(repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2, 7]
                   + Array(repeating: 0, count: 15) + [1, 0x9C, 0x40, 0x20, 0xFB]),
        Header(name: "nobody's", bytes: Array("PROXY UNKNOWN\r\n".utf8), address: "127.0.0.1", port: nil),
        Header(name: "the proxy's own", bytes: signature + [0x20, 0, 0, 0], address: "127.0.0.1", port: nil),
    ]

    @Test(arguments: headers) func tellsTheClient(_ header: Header) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try Self.proxy(origin)
        let client = try serin.client()
        try client.send(header.bytes + Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        #expect(try client.readResponse().status == 200)
        // It holds for the whole connection.
        #expect(try client.get("/again").status == 200)
        for request in try origin.requests(2) {
            #expect(request["X-Real-IP"] == header.address)
            #expect(request["X-Forwarded-For"] == header.address)
            #expect(request["X-Forwarded-Port"] == header.port ?? "\(serin.address.port)")
        }
    }

    @Test func byteByByteAndInTheAccessLog() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try Self.proxy(origin, settings: Self.trusting + "\naccessLog: {format: combined, path: access.log}")
        let client = try serin.client()
        for byte in Self.line.utf8 { try client.send([byte]) }
        #expect(try client.exchange(Self.request).status == 200)
        let seen = try origin.requests(1)[0]
        // The proxy is trusted with the connection; its client is nobody.
        #expect(seen["X-Forwarded-For"] == "192.0.2.7" && seen["X-Real-IP"] == "192.0.2.7")
        try eventually("the line in the log") { serin.folder.read("access.log").hasPrefix("192.0.2.7 - - [") }
    }

    @Test func aClientOfTheClientIsBelievedIfItIsTrustedItself() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try Self.proxy(origin, settings: "trustedProxies: [127.0.0.1/32, 192.0.2.0/24]")
        let client = try serin.client()
        #expect(try client.exchange(Self.line + Self.request).status == 200)
        #expect(try origin.requests(1)[0]["X-Real-IP"] == "203.0.113.9")
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "PROXY TCP4 192.0.2.7 198.51.100.2 40000 99999\r\n", "PROXY TCP4 192.0.2.7\r\n",
        "PROXY UNKNOWN " + String(repeating: "x", count: 200), "\u{16}\u{3}\u{1}\u{2}\u{0}",
    ])
    func whatIsNoHeaderEndsTheConnection(_ text: String) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try Self.proxy(origin)
        let client = try serin.client()
        try client.send(text)
        // Unread bytes may make it a reset.
        #expect((try? client.readToEnd()) ?? [] == [])
        try eventually("the failure to be counted") { try Self.failures(serin, "malformed") == 1 }
        #expect(origin.connectionCount == 0)
    }

    @Test func strangersAreNotServed() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try Self.proxy(origin, settings: "trustedProxies: [192.0.2.0/24]")
        let client = try serin.client()
        #expect((try? client.exchange(Self.line + Self.request)) == nil)
        try eventually("the failure to be counted") { try Self.failures(serin, "untrusted") == 1 }
        #expect(origin.connectionCount == 0)
    }

    @Test func aHeaderThatDoesNotComeTimesOut() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try Self.proxy(origin, settings: Self.trusting + "\ntimeouts: {clientHeader: 300ms}")
        let (slow, gone) = (try serin.client(), try serin.client())
        try slow.send("PROXY TCP4 192")
        try gone.send("PROXY TCP4 192")
        gone.close()
        // The unread bytes may make it a reset.
        #expect((try? slow.readToEnd()) ?? [] == [])
        try eventually("the failures to be counted") {
            try Self.failures(serin, "timeout") == 1 && Self.failures(serin, "disconnected") == 1
        }
        try eventually("no client to be left") { try serin.metrics().sum("serin_connections", ["state": "client"]) == 0 }
    }

    @Test func limitsAreTheClients() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try Self.proxy(origin, settings: Self.trusting + "\nlimits: {connectionsPerClient: 1}")
        let first = try serin.client()
        #expect(try first.exchange(Self.line + Self.request).status == 200)
        let second = try serin.client()
        #expect(try second.exchange(Self.line + Self.request).status == 503)
        let other = try serin.client()
        #expect(try other.exchange(Self.line.replacing("192.0.2.7", with: "192.0.2.8") + Self.request).status == 200)
        first.close()
        try eventually("the place to be free") {
            let again = try serin.client()
            return try again.exchange(Self.line + Self.request).status == 200
        }
    }

    @Test func comesBeforeTLS() throws {
        let origin = try RecordingOrigin.named("app")
        let proxy = try TLSProxy(origin, settings: Self.trusting, isAnnounced: true)
        let script = """
            connection = raw()
            for byte in b"PROXY TCP4 192.0.2.7 198.51.100.2 40000 443\\r\\n": connection.sendall(bytes([byte]))
            secure = context().wrap_socket(connection, server_hostname="shop.test")
            expect(ask(secure)[0], 200)
            secure.close()
            # Together with the first bytes of the handshake.
            raw_socket, incoming, outgoing = raw(), ssl.MemoryBIO(), ssl.MemoryBIO()
            session = context().wrap_bio(incoming, outgoing, server_hostname="shop.test")
            def step(act):
                while True:
                    try: return act()
                    except ssl.SSLWantReadError:
                        raw_socket.sendall(pending.pop() + outgoing.read() if pending else outgoing.read())
                        incoming.write(raw_socket.recv(65536))
            pending = [b"PROXY TCP4 192.0.2.8 198.51.100.2 40000 443\\r\\n"]
            step(session.do_handshake)
            session.write(request())
            raw_socket.sendall(outgoing.read())
            assert step(lambda: session.read(12)) == b"HTTP/1.1 200"
            # TLS without the header is no header.
            try:
                connect()
                raise Exception("served without a header")
            except (ssl.SSLError, OSError): pass
            """
        try Python.run(script, proxy.secure, proxy.authority)
        #expect(try origin.requests(2).map { $0["X-Real-IP"] } == ["192.0.2.7", "192.0.2.8"])
        try eventually("the failure to be counted") { try Self.failures(proxy.serin, "malformed") == 1 }
    }

    /// A handshake is under way from the header on, not before it.
    @Test func handshakesBehindItHaveTheirLimit() throws {
        let proxy = try TLSProxy(
            try .named("app"), settings: Self.trusting + "\nlimits: {handshakes: 1}\ntimeouts: {tlsHandshake: 1h}", isAnnounced: true)
        func underWay() throws -> Int { try proxy.serin.metrics().sum("serin_tls_handshakes_under_way") }
        let silent = try RawClient(proxy.secure)
        let first = try RawClient(proxy.secure)
        try first.send(Self.line)
        try eventually("its handshake") { try underWay() == 1 }
        let second = try RawClient(proxy.secure)
        try second.send(Self.line)
        #expect(try second.isClosed())
        #expect(try proxy.serin.metrics().sum("serin_tls_handshakes_refused_total") == 1)
        first.close()
        try eventually("room") { try underWay() == 0 }
        try silent.send(Self.line)
        try eventually("the one that came first") { try underWay() == 1 }
    }

    @Test func onAUnixSocketWhoeverMayConnectIsBelieved() throws {
        let origin = try RecordingOrigin.named("app")
        let folder = try TemporaryFolder()
        var configuration = TestConfiguration.origin(origin)
        configuration.listeners = ["unix:" + folder.path("serin.sock")]
        configuration.announcedListeners = [0]
        let serin = try SerinProcess(configuration, folder: folder)
        #expect(try serin.client().exchange(Self.line + Self.request).status == 200)
        #expect(try origin.requests(1)[0]["X-Real-IP"] == "192.0.2.7")
    }

    @Test func curlSaysIt() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try Self.proxy(origin)
        let answer = try Curl.run("--haproxy-protocol", serin.url + "/")
        #expect(answer.status == 200)
        #expect(try origin.requests(1)[0]["X-Forwarded-For"] == "127.0.0.1")
    }

    private static let hasHAProxy = (try? Tools.path(of: "haproxy")) != nil

    @Test(.enabled(if: hasHAProxy), arguments: ["send-proxy", "send-proxy-v2"]) func haproxySaysIt(word: String) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try Self.proxy(origin)
        let folder = try TemporaryFolder()
        let path = folder.path("haproxy.sock")
        try folder.write("""
            defaults
                mode tcp
                timeout connect 5s
                timeout client 30s
                timeout server 30s
            frontend front
                bind unix@\(path) accept-proxy
                default_backend back
            backend back
                server serin \(serin.address) \(word) check inter 100ms

            """, to: "haproxy.cfg")
        let haproxy = try ChildProcess(try Tools.path(of: "haproxy"), ["-db", "-f", folder.path("haproxy.cfg")], named: "haproxy", in: folder)
        // It takes a header itself, so that its client can be anybody.
        let client = try eventually("haproxy to listen") { try? RawClient(.unix(path: path)) }
        #expect(try client.exchange(Self.line + Self.request).status == 200)
        let seen = try origin.requests(1)[0]
        #expect(seen["X-Real-IP"] == "192.0.2.7" && seen["X-Forwarded-Port"] == "8443")
        haproxy.signal(SIGTERM)
        _ = try haproxy.wait()
    }

    // MARK: Out

    private static func announcing(_ version: String, to endpoint: TestAddress, listener: String = "127.0.0.1:0") throws -> SerinProcess {
        var configuration = TestConfiguration(
            services: ["app": [endpoint.description]],
            manifests: [Manifests.ingress("app", service: "app", annotations: ["serin.dev/upstream-proxy-protocol": version])],
            settings: trusting)
        configuration.listeners = [listener, "127.0.0.1:0"]
        configuration.announcedListeners = [1]
        return try SerinProcess(configuration)
    }

    /// Reads a header of either version and then requests, and answers with the header.
    private static func readingOrigin() throws -> RecordingOrigin {
        try RecordingOrigin { connection in
            var header = try connection.read(1)
            if header[0] == 13 {
                header += try connection.read(15)
                header += try connection.read(Int(header[14]) << 8 | Int(header[15]))
            } else {
                while header.last != 10 { header += try connection.read(1) }
            }
            let text = header[0] == 13 ? header.map { String($0, radix: 16) }.joined(separator: " ") : String(decoding: header.dropLast(2), as: UTF8.self)
            while let request = try connection.readRequest() { try connection.answer(text, to: request) }
        }
    }

    @Test func upstreamsAreTold() throws {
        let origin = try Self.readingOrigin()
        let serin = try Self.announcing("v1", to: origin.address)
        let client = try serin.client()
        let port = client.localPort
        for _ in 0..<3 { #expect(try client.get().text == "PROXY TCP4 127.0.0.1 127.0.0.1 \(port) \(serin.address.port)") }
        #expect(origin.connectionCount == 3, "each request has its own connection")
        // A client that a proxy names is passed on as it was named.
        let named = try RawClient(serin.listeners[1])
        #expect(try named.exchange(Self.line + "GET / HTTP/1.1\r\nHost: a\r\n\r\n").text == "PROXY TCP4 192.0.2.7 198.51.100.2 40000 8443")
        // Of one that a trusted peer names by X-Forwarded-For, the port is not known.
        let forwarded = try serin.client().get("/", fields: ["X-Forwarded-For: 2001:db8::9"])
        #expect(forwarded.text == "PROXY TCP6 2001:db8::9 ::ffff:127.0.0.1 0 \(serin.address.port)")
    }

    /// What a header says that names nobody: the connection is its peer's.
    @Test(arguments: headers.suffix(2)) func upstreamsAreToldOfWhoCame(_ header: Header) throws {
        let origin = try Self.readingOrigin()
        let serin = try Self.announcing("v1", to: origin.address)
        let client = try RawClient(serin.listeners[1])
        try client.send(header.bytes + Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        #expect(try client.readResponse().text == "PROXY TCP4 127.0.0.1 127.0.0.1 \(client.localPort) \(serin.listeners[1].port)")
    }

    @Test func upstreamsAreToldInBinary() throws {
        let origin = try Self.readingOrigin()
        let serin = try Self.announcing("v2", to: origin.address)
        let named = try RawClient(serin.listeners[1])
        let text = try named.exchange(Self.line + "GET / HTTP/1.1\r\nHost: a\r\n\r\n").text
        #expect(text == "d a d a 0 d a 51 55 49 54 a 21 11 0 c c0 0 2 7 c6 33 64 2 9c 40 20 fb")
    }

    @Test func clientsOfAUnixSocketAreNobody() throws {
        let origin = try Self.readingOrigin()
        let folder = try TemporaryFolder()
        let serin = try Self.announcing("v1", to: origin.address, listener: "unix:" + folder.path("serin.sock"))
        #expect(try serin.client().get().text == "PROXY UNKNOWN")
    }

    /// Two Services at one address, of which one is told: the other's connections are not for it.
    @Test func noConnectionIsShared() throws {
        let origin = try RecordingOrigin { connection in
            while let head = try connection.readHead() {
                let isTold = head.startLine.hasPrefix("PROXY ")
                guard !isTold else { return }
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain")
            }
        }
        let serin = try SerinProcess(TestConfiguration(
            services: ["app": [origin.address.description]],
            manifests: [
                Manifests.ingress("plain", path: "/plain", service: "app"),
                Manifests.ingress("told", path: "/told", service: "app", annotations: ["serin.dev/upstream-proxy-protocol": "v1"]),
            ]))
        #expect(try serin.client().get("/plain").text == "plain")
        // On the kept connection it would be taken for a second request of the first client.
        #expect(try serin.client().get("/told").status == 502)
        #expect(try serin.client().get("/plain").text == "plain")
        #expect(origin.connectionCount >= 2)
    }

    @Test(arguments: ["v1", "v2"]) func nginxIsTold(version: String) throws {
        let nginx = try Nginx("location / { return 200 \"$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_port\"; }", listening: "proxy_protocol")
        let serin = try Self.announcing(version, to: nginx.address)
        let client = try serin.client()
        #expect(try client.get().text == "127.0.0.1 \(client.localPort) \(serin.address.port)")
        let named = try RawClient(serin.listeners[1])
        #expect(try named.exchange(Self.line + "GET / HTTP/1.1\r\nHost: a\r\n\r\n").text == "192.0.2.7 40000 8443")
    }
}
