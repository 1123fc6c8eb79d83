import Addressing
@testable import Exchange
import HTTP1
import Routing
import Testing

/// What HTTP and HTTPS make of a request: redirects, what upstreams are told of the scheme, and what the proxy's own answers say.
@Suite struct HTTPSTests {
    private static func world(_ rule: HTTPSPolicy.Rule, _ change: (inout World) -> Void = { _ in }) -> World {
        var world = World()
        // Of all routes.
        world.https.rules = Array(repeating: rule, count: world.snapshot().routes.routes.count)
        world.https.strictTransport = Array("max-age=60".utf8)
        change(&world)
        return world
    }

    // MARK: Redirects

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var isTLS = false
        /// What a PROXY header has said.
        var announced: UInt16?
        var isTrusted = true
        var says: [String] = []
        /// What upstreams are told, of a route that does not redirect.
        let scheme: String
        var port = "80"
        /// Of one that does.
        let isRedirected: Bool
        var testDescription: String { name }
    }

    private static func said(_ values: String...) -> [String] { values.map { "X-Forwarded-Proto: " + $0 } }

    static let cases: [Case] = [
        Case(name: "HTTP", scheme: "http", isRedirected: true),
        Case(name: "TLS", isTLS: true, scheme: "https", port: "443", isRedirected: false),
        Case(name: "a trusted proxy took TLS off", says: said("https"), scheme: "https", isRedirected: false),
        Case(name: "in any case", says: said("HTTPS"), scheme: "HTTPS", isRedirected: false),
        Case(name: "of a WebSocket", says: said("wss"), scheme: "wss", isRedirected: false),
        Case(name: "a stranger says so", isTrusted: false, says: said("https"), scheme: "http", isRedirected: true),
        Case(name: "a trusted proxy put TLS on", isTLS: true, says: said("http"), scheme: "http", port: "443", isRedirected: true),
        Case(name: "a stranger says that it did", isTLS: true, isTrusted: false, says: said("http"), scheme: "https", port: "443", isRedirected: false),
        Case(name: "twice the same", says: said("https", "HTTPS"), scheme: "https", isRedirected: false),
        Case(name: "the last is another", says: said("https", "http"), scheme: "http", isRedirected: true),
        Case(name: "the first is another", says: said("http", "https"), scheme: "http", isRedirected: true),
        Case(name: "contradicting, by TLS", isTLS: true, says: said("https", "http"), scheme: "http", port: "443", isRedirected: true),
        Case(name: "a list of the same", says: said("https , https"), scheme: "https", isRedirected: false),
        Case(name: "a contradicting list", says: said("https, http"), scheme: "http", isRedirected: true),
        Case(name: "nothing is said", isTLS: true, says: said("", ","), scheme: "https", port: "443", isRedirected: false),
        Case(name: "too much to be believed", isTLS: true, says: said(String(repeating: "h", count: 33)), scheme: "https", port: "443", isRedirected: false),
        Case(name: "as much as is believed", isTLS: true, says: said(String(repeating: "h", count: 32)),
             scheme: String(repeating: "h", count: 32), port: "443", isRedirected: true),
        Case(name: "the other fields do not count", says: ["X-Forwarded-Scheme: https", "X-Scheme: https"], scheme: "http", isRedirected: true),
        Case(name: "a load balancer took TLS off", announced: 443, isTrusted: false, scheme: "https", port: "443", isRedirected: false),
        Case(name: "it passed HTTP on", announced: 80, isTrusted: false, scheme: "http", isRedirected: true),
        Case(name: "it passed TLS on", isTLS: true, announced: 8443, isTrusted: false, scheme: "https", port: "8443", isRedirected: false),
        Case(name: "its client is a trusted proxy", announced: 443, says: said("http"), scheme: "http", port: "443", isRedirected: true),
        Case(name: "a port that a proxy names", isTLS: true, says: ["X-Forwarded-Port: 1234"], scheme: "https", port: "1234", isRedirected: false),
    ]

    @Test(arguments: cases) func scheme(_ test: Case) {
        for rule in [[], .redirects] as [HTTPSPolicy.Rule] {
            let harness = MachineHarness(Self.world(rule) {
                $0.isTLS = test.isTLS
                $0.announcedPort = test.announced
                $0.trustsClient = test.isTrusted
            })
            harness.take(.client("GET /x HTTP/1.1|Host: a.test|" + test.says.map { $0 + "|" }.joined() + "|"))
            harness.drive()
            let isRedirected = rule.contains(.redirects) && test.isRedirected
            #expect(harness.upstreams.count == (isRedirected ? 0 : 1))
            if isRedirected {
                let answer = Message(harness.toClient).head
                #expect(answer.hasPrefix("HTTP/1.1 308 ") && answer.field("Location") == "https://a.test/x")
            } else {
                let told = text(harness.upstreams.first?.received ?? [])
                for name in ["X-Forwarded-Proto", "X-Forwarded-Scheme", "X-Scheme"] {
                    #expect(told.components("\(name): ") == [test.scheme], "\(told)")
                }
                #expect(told.components("X-Forwarded-Port: ") == [test.port], "\(told)")
            }
            #expect(harness.problems == [])
        }
    }

    struct PlainName: Sendable, CustomTestStringConvertible {
        let name: String
        var host = "a.test"
        var plain = "a.test"
        var rule: HTTPSPolicy.Rule = [.redirects, .sparesPlainNames]
        let isRedirected: Bool
        var testDescription: String { name }
    }

    /// Names without a certificate, of hosts that have one.
    @Test(arguments: [
        PlainName(name: "spared", isRedirected: false),
        PlainName(name: "in any case, with a port", host: "A.test:8080", isRedirected: false),
        PlainName(name: "another name", plain: "b.test", isRedirected: true),
        PlainName(name: "forced", rule: .redirects, isRedirected: true),
    ])
    func plainNames(_ test: PlainName) {
        let harness = MachineHarness(Self.world(test.rule) { $0.https.plainNames = HostNameTable([(test.plain, 1)]) })
        harness.take(.client("GET /x HTTP/1.1|Host: \(test.host)||"))
        harness.drive()
        #expect(harness.upstreams.count == (test.isRedirected ? 0 : 1))
        #expect(Message(harness.toClient).head.hasPrefix("HTTP/1.1 308 ") == test.isRedirected)
        #expect(harness.problems == [])
    }

    struct Place: Sendable, CustomTestStringConvertible {
        let name: String
        let request: String
        var port: UInt16 = 443
        var isTrusted = false
        var dropsSlash = false
        let location: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Place(name: "path and query", request: "GET /a/?b=c HTTP/1.1|Host: a.test:80||", location: "https://a.test/a/?b=c"),
        Place(name: "an empty query", request: "GET /a? HTTP/1.1|Host: a.test||", location: "https://a.test/a?"),
        Place(name: "a last slash", request: "GET /a/ HTTP/1.1|Host: a.test||", location: "https://a.test/a/"),
        Place(name: "it is dropped", request: "GET /a/ HTTP/1.1|Host: a.test||", dropsSlash: true, location: "https://a.test/a"),
        Place(name: "only one", request: "GET /a// HTTP/1.1|Host: a.test||", dropsSlash: true, location: "https://a.test/a/"),
        Place(name: "of the root", request: "GET / HTTP/1.1|Host: a.test||", dropsSlash: true, location: "https://a.test"),
        Place(name: "not before a query", request: "GET /a/?b HTTP/1.1|Host: a.test||", dropsSlash: true, location: "https://a.test/a/?b"),
        Place(name: "of a query", request: "GET /a?b=/ HTTP/1.1|Host: a.test||", dropsSlash: true, location: "https://a.test/a?b="),
        Place(name: "the whole server", request: "OPTIONS * HTTP/1.1|Host: a.test||", location: "https://a.test"),
        Place(name: "the whole server, at a port", request: "OPTIONS * HTTP/1.1|Host: a.test||", port: 8443, location: "https://a.test:8443"),
        Place(name: "an absolute URL", request: "GET http://a.test/b?c HTTP/1.1|Host: x||", location: "https://a.test/b?c"),
        Place(name: "without a path", request: "GET http://a.test HTTP/1.1|Host: x||", location: "https://a.test"),
        Place(name: "only with a query", request: "GET http://a.test?b HTTP/1.1|Host: x||", location: "https://a.test?b"),
        Place(name: "the host that a trusted proxy was asked for", request: "GET /x HTTP/1.1|Host: a.test|X-Forwarded-Host: shop.test:8080||",
              isTrusted: true, location: "https://shop.test/x"),
        Place(name: "the first of several", request: "GET /x HTTP/1.1|Host: a.test|X-Forwarded-Host: shop.test , b.test||",
              isTrusted: true, location: "https://shop.test/x"),
        Place(name: "an IPv6 address", request: "GET /x HTTP/1.1|Host: a.test|X-Forwarded-Host: [2001:db8::1]:80||",
              isTrusted: true, location: "https://[2001:db8::1]/x"),
        Place(name: "what is no host", request: "GET /x HTTP/1.1|Host: a.test|X-Forwarded-Host: shop.test/evil||",
              isTrusted: true, location: "https://a.test/x"),
        Place(name: "no host at all", request: "GET /x HTTP/1.1|Host: a.test|X-Forwarded-Host: ||", isTrusted: true, location: "https://a.test/x"),
        Place(name: "a stranger's host", request: "GET /x HTTP/1.1|Host: a.test|X-Forwarded-Host: shop.test||", location: "https://a.test/x"),
    ])
    func location(_ test: Place) {
        let harness = MachineHarness(Self.world(test.dropsSlash ? [.redirects, .dropsSlash] : .redirects) {
            $0.trustsClient = test.isTrusted
            $0.https.redirectPort = test.port
        })
        harness.take(.client(test.request))
        harness.drive()
        #expect(Message(harness.toClient).head.components("Location: ") == [test.location])
        #expect(harness.upstreams.isEmpty && harness.left == .open)
    }

    // MARK: Strict-Transport-Security

    @Test(arguments: [
        ("GET /nope HTTP/1.1|Host: app.test||", 404), ("GET / HTTP/1.1|Host: app.test||", 302), ("GET /app HTTP/1.1|Host: a.test||", 301),
        ("GET / HTTP/1.1|Host: empty.test||", 503), ("GET /%00 HTTP/1.1|Host: a.test||", 400), ("TRACE / HTTP/1.1|Host: a.test||", 405),
        ("OPTIONS / HTTP/1.1|Host: a.test|Max-Forwards: 0||", 200), ("GET / HTTP/1.1|Host: a.test||", 502),
    ])
    func ownAnswersSayIt(_ request: String, _ status: Int) {
        for (rule, isTLS) in [(HTTPSPolicy.Rule.isCertified, true), (.isCertified, false), ([], true)] {
            let harness = MachineHarness(Self.world(rule) { $0.isTLS = isTLS })
            harness.connects = [.refused, .refused, .refused]
            harness.take(.client(request))
            harness.drive()
            let head = Message(harness.toClient).head
            #expect(head.hasPrefix("HTTP/1.1 \(status) "), "\(head)")
            #expect(head.components("Strict-Transport-Security: ") == (rule == .isCertified && isTLS ? ["max-age=60"] : []), "\(head)")
            #expect(harness.problems == [])
        }
    }

    /// Nobody's host, or no host.
    @Test(arguments: ["GET / HTTP/1.1|Host: nowhere.test||", "GET / HTTP/1.0||", "GET / HTTP/9.9|Host: a.test||", "nonsense||"])
    func ownAnswersThatConcernNoHostDoNot(_ request: String) {
        let harness = MachineHarness(Self.world(.isCertified) { $0.isTLS = true })
        harness.take(.client(request))
        harness.drive()
        let head = Message(harness.toClient).head
        #expect(head.hasPrefix("HTTP/1.1 ") && head.components("Strict-Transport-Security: ") == [], "\(head)")
    }

    // MARK: Client certificates

    /// What speaks of certificates passes only where nobody looks at any.
    @Test(arguments: [false, true]) func whatAClientSaysOfCertificates(_ looksAtClients: Bool) {
        let harness = MachineHarness(Self.world([]) {
            // Another host's.
            if looksAtClients { $0.https.clientRules[2] = ClientRule(.required, identity: 1) }
        })
        harness.take(.client("GET / HTTP/1.1|Host: a.test|ssl-client-verify: SUCCESS|SSL-Client-Cert: x|ssl-client-subject-dn: y|X: z||"))
        harness.drive()
        let told = text(harness.upstreams.first?.received ?? [])
        #expect(told.contains("|X: z|"))
        #expect(told.components("ssl-client-verify: ") == (looksAtClients ? [] : ["SUCCESS"]))
        #expect(told.components("SSL-Client-Cert: ") == (looksAtClients ? [] : ["x"]))
        #expect(told.components("ssl-client-subject-dn: ") == (looksAtClients ? [] : ["y"]))
    }

    /// On a connection of another certificate than the host's, and of the host's without one shown.
    @Test(arguments: [
        ("GET / HTTP/1.1|Host: app.test||", 302), ("GET /nope HTTP/1.1|Host: app.test||", 404), ("GET /old HTTP/1.1|Host: app.test||", 0),
        ("GET /%00 HTTP/1.1|Host: app.test||", 400), ("GET /nope HTTP/1.1|Host: APP.test.||", 404),
    ])
    func noPathIsAWayAround(_ request: String, _ otherwise: Int) {
        let world = Self.world([.redirects, .isCertified]) { $0.isTLS = true }
        func status(_ world: World, _ certificate: UInt64, asked: Bool = false) -> Int {
            let harness = MachineHarness(world)
            harness.client.certificate = certificate
            if asked { harness.presented = ClientCertificate(.none) }
            harness.take(.client(request))
            harness.drive()
            #expect(harness.problems == [])
            return Int(Message(harness.toClient).head.dropFirst(9).prefix(3)) ?? 0
        }
        #expect(status(world, 7) == otherwise)
        var asking = world
        let route = asking.https.rules.count - 1
        asking.https.rules[route].insert(.looksAtClients)
        asking.https.clientRules[route] = ClientRule(.required, identity: 7, plainFailure: .certificateMissing)
        #expect(status(asking, 6) == 421)
        #expect(status(asking, 7, asked: true) == 400)
        asking.isTLS = false
        #expect(status(asking, 0) == 308)
        asking.https.rules[route].remove(.redirects)
        #expect(status(asking, 0) == 400)
        asking.https.clientRules[route] = ClientRule(.optional, identity: 7)
        #expect(status(asking, 0) == otherwise)
    }

    /// A host may have nothing behind it, and look at its clients all the same.
    @Test(arguments: [("GET / HTTP/1.1|Host: bare.test||", 302), ("GET /nope HTTP/1.1|Host: bare.test:443||", 404)])
    func noRouteIsNeeded(_ request: String, _ otherwise: Int) {
        func status(_ rule: ClientRule?, of host: String = "bare.test", by certificate: UInt64, shown: ClientCertificate? = nil) -> Int {
            var world = World()
            world.isTLS = true
            world.https.clientRulesOfHosts[host] = rule
            let harness = MachineHarness(world)
            harness.client.certificate = certificate
            harness.presented = shown
            harness.take(.client(request))
            harness.drive()
            #expect(harness.problems == [])
            return Int(Message(harness.toClient).head.dropFirst(9).prefix(3)) ?? 0
        }
        let rule = ClientRule(.required, identity: 7)
        #expect(status(nil, by: 7) == otherwise)
        #expect(status(rule, of: "other.test", by: 7) == otherwise)
        #expect(status(rule, by: 6) == 421)
        #expect(status(rule, by: 7, shown: ClientCertificate(.none)) == 400)
        #expect(status(rule, by: 7, shown: ClientCertificate(.good)) == otherwise)
        #expect(status(ClientRule(.required, identity: 7, isBroken: true), by: 7) == 403)
    }
}

extension String {
    /// The values of all lines of a head in `text` form that begin so.
    fileprivate func components(_ start: String) -> [String] {
        split(separator: "|").filter { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
    }
}
