import Foundation
import TestCertificates
import Testing

/// `ssl-redirect` and what belongs to it, by ingress-nginx's rules.
@Suite struct HTTPSRedirectTests {
    private static let prefix = "nginx.ingress.kubernetes.io/"
    private static let exactly = "canary: {compatibility: ingress-nginx}"

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var annotations: [String: String] = [:]
        var tls: [String] = []
        var settings = ""
        var host = "shop.test"
        var fields: [String] = []
        var target = "/a/b?c=d"
        var method = "GET"
        /// Nil: served.
        let location: String?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "a host with a certificate", location: "https://shop.test/a/b?c=d"),
        Case(name: "any method", method: "POST", location: "https://shop.test/a/b?c=d"),
        Case(name: "the port that was asked for goes", host: "shop.test:80", location: "https://shop.test/a/b?c=d"),
        Case(name: "another port", tls: ["redirectPort: 8443"], location: "https://shop.test:8443/a/b?c=d"),
        Case(name: "a path that looks like a host", target: "//evil.test/x", location: "https://shop.test//evil.test/x"),
        Case(name: "line ends that are encoded stay so", target: "/a%0D%0aX:%20y?b=%0d%0a", location: "https://shop.test/a%0D%0aX:%20y?b=%0d%0a"),
        Case(name: "off for the Ingress", annotations: ["ssl-redirect": "false"], location: nil),
        Case(name: "off for all", tls: ["sslRedirect: false"], location: nil),
        Case(name: "off for all, on for the Ingress", annotations: ["ssl-redirect": "true"], tls: ["sslRedirect: false"],
             location: "https://shop.test/a/b?c=d"),
        Case(name: "forced", annotations: ["ssl-redirect": "false", "force-ssl-redirect": "true"], location: "https://shop.test/a/b?c=d"),
        Case(name: "a host without a certificate", host: "other.test", location: nil),
        Case(name: "forced for it", annotations: ["force-ssl-redirect": "true"], host: "other.test", location: "https://other.test/a/b?c=d"),
        Case(name: "whoever is not trusted can't say that it was HTTPS", fields: ["X-Forwarded-Proto: https"],
             location: "https://shop.test/a/b?c=d"),
        Case(name: "a trusted proxy says that it was HTTPS", settings: "trustedProxies: [127.0.0.0/8]",
             fields: ["X-Forwarded-Proto: https"], location: nil),
        Case(name: "a trusted proxy says that it was HTTP", settings: "trustedProxies: [127.0.0.0/8]",
             fields: ["X-Forwarded-Proto: http"], location: "https://shop.test/a/b?c=d"),
        Case(name: "a trusted proxy contradicts itself", settings: "trustedProxies: [127.0.0.0/8]",
             fields: ["X-Forwarded-Proto: https", "X-Forwarded-Proto: http"], location: "https://shop.test/a/b?c=d"),
        Case(name: "a trusted proxy was asked for another host", settings: "trustedProxies: [127.0.0.0/8]",
             fields: ["X-Forwarded-Host: www.shop.test:8080, shop.test"], location: "https://www.shop.test/a/b?c=d"),
        Case(name: "the whole server", target: "*", method: "OPTIONS", location: "https://shop.test"),
        Case(name: "a last slash", target: "/a/", location: "https://shop.test/a/"),
        Case(name: "a last slash, as in ingress-nginx", settings: exactly, target: "/a/", location: "https://shop.test/a"),
        Case(name: "a query's, as in ingress-nginx", settings: exactly, target: "/a/?b=/", location: "https://shop.test/a/?b="),
        Case(name: "a last slash is kept", annotations: ["preserve-trailing-slash": "true"], settings: exactly, target: "/a/",
             location: "https://shop.test/a/"),
    ])
    func redirects(_ example: Case) throws {
        let origin = try RecordingOrigin.named("app")
        let annotations = Dictionary(uniqueKeysWithValues: example.annotations.map { (Self.prefix + $0.key, $0.value) })
        let proxy = try TLSProxy(
            origin, also: [Manifests.ingress("other", host: "other.test", service: "app", annotations: annotations)],
            tls: example.tls, settings: example.settings, annotations: annotations)
        let client = try RawClient(proxy.plain)
        let lines = ["\(example.method) \(example.target) HTTP/1.1", "Host: \(example.host)"] + example.fields
        for _ in 0..<2 {
            let response = try client.exchange(lines.joined(separator: "\r\n") + "\r\n\r\n")
            #expect(response.status == (example.location == nil ? 200 : 308))
            #expect(response["Location"] == example.location)
            #expect(response["Strict-Transport-Security"] == nil, "means nothing over HTTP (RFC 6797 section 8.1)")
        }
        #expect(origin.requests.count == (example.location == nil ? 2 : 0))
        try proxy.python("expect(ask(connect())[0], 200)")
    }

    /// Redirects of Serin's own for other reasons: what the client sees is what a trusted proxy says.
    @Test(arguments: [("10.0.0.0/8", "http"), ("127.0.0.0/8", "https")])
    func ownRedirectsKeepTheScheme(_ trusted: String, _ scheme: String) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(TestConfiguration(
            services: ["app": [origin.address.description]],
            manifests: [
                Manifests.ingress("slash", host: "slash.test", path: "/app/", service: "app"),
                Manifests.ingress("root", host: "root.test", service: "app", annotations: [Self.prefix + "app-root": "/start"]),
            ], settings: "trustedProxies: [\(trusted)]"))
        let client = try serin.client()
        let fields = ["X-Forwarded-Proto: https"]
        let slash = try client.get("/app?q=1", host: "slash.test", fields: fields)
        #expect(slash.status == 301 && slash["Location"] == "\(scheme)://slash.test/app/?q=1")
        let root = try client.get("/", host: "root.test", fields: fields)
        #expect(root.status == 302 && root["Location"] == "\(scheme)://root.test/start")
        #expect(origin.requests.isEmpty)
    }

    struct Explained: Sendable, CustomTestStringConvertible {
        let name: String
        let url: String
        var headers: [String: String] = [:]
        var tls: [String] = []
        var settings = ""
        var client = "198.51.100.1"
        let says: String
        var version = "stable"
        var isRouted = true
        var testDescription: String { name }
    }

    @Test(arguments: [
        Explained(name: "by HTTP", url: "http://shop.test/a?b", says: "answered 308 to https://shop.test/a?b", version: "none"),
        Explained(name: "another port", url: "http://shop.test:80/", tls: ["redirectPort: 8443"], says: "answered 308 to https://shop.test:8443/", version: "none"),
        Explained(name: "without a scheme", url: "shop.test/", says: "by HTTP it is answered 308"),
        Explained(name: "by HTTPS", url: "https://shop.test/", says: "one endpoint"),
        Explained(
            name: "by HTTPS to a trusted proxy", url: "http://shop.test/", headers: ["X-Forwarded-Proto": "https"],
            settings: "trustedProxies: [192.0.2.0/24]", client: "192.0.2.1", says: "one endpoint"),
        Explained(
            name: "by HTTP to a trusted proxy", url: "https://shop.test/x/", headers: ["X-Forwarded-Proto": "http", "X-Forwarded-Host": "www.test"],
            settings: "trustedProxies: [192.0.2.0/24]\n" + exactly, client: "192.0.2.1", says: "answered 308 to https://www.test/x\"", version: "none"),
        Explained(name: "an alias that its host's certificate is not for", url: "http://alias.test/", says: "one endpoint"),
        Explained(name: "a host without redirect", url: "http://other.test/", says: "one endpoint"),
        Explained(
            name: "another certificate", url: "https://shop.test/", headers: ["Host": "next.test"],
            tls: ["strictSNI: true"], says: "another certificate: answered 421",
            version: "none", isRouted: false),
        Explained(name: "another certificate is no matter", url: "https://shop.test/", headers: ["Host": "next.test"], says: "one endpoint"),
        Explained(name: "by HTTP there is none", url: "http://other.test/", headers: ["Host": "next.test"], says: "answered 308 to https://next.test/", version: "none"),
    ])
    func explainSaysSo(_ test: Explained) throws {
        let proxy = try TLSProxy(
            try .named("app"), hosts: ["shop-tls": ["shop.test"], "next-tls": ["next.test"]],
            also: [
                Manifests.ingress("other", host: "other.test", service: "app"),
                Manifests.ingress("aliased", host: "next.test", path: "/x", service: "app", annotations: [Self.prefix + "server-alias": "alias.test"]),
            ], tls: test.tls, settings: test.settings)
        let pairs = test.headers.map { #""\#($0.key)":"\#($0.value)""# }.joined(separator: ",")
        let answer = try proxy.serin.ask("/v1/explain", method: "POST", body: #"{"url":"\#(test.url)","clientIP":"\#(test.client)","headers":{\#(pairs)}}"#)
        #expect(answer.status == 200)
        let text = answer.text.replacingOccurrences(of: "\\/", with: "/")
        #expect(text.contains(test.says) && text.contains(#""version":"\#(test.version)""#), "\(text)")
        #expect(text.contains(#""route":null"#) != test.isRouted, "\(text)")
    }

    @Test func challengesOfAuthoritiesAreServedByHTTP() throws {
        let path = "/.well-known/acme-challenge/token"
        let proxy = try TLSProxy(
            try .named("app"), also: [Manifests.ingress("challenge", host: "shop.test", path: path, type: "Exact", service: "app")])
        let client = try RawClient(proxy.plain)
        #expect(try client.get(path, host: "shop.test").status == 200)
        #expect(try client.get("/.well-known/acme-challenge/other", host: "shop.test").status == 308)
    }

    /// A load balancer that ends TLS and says by the PROXY protocol where its client connected to.
    @Test(arguments: [(443, 200, "https"), (80, 308, ""), (8443, 308, "")])
    func behindALoadBalancer(_ port: Int, _ status: Int, _ scheme: String) throws {
        let origin = try RecordingOrigin.named("app")
        var configuration = try TLSProxy(origin, settings: "trustedProxies: [127.0.0.1/32]").configuration
        configuration.announcedListeners = [0]
        let serin = try SerinProcess(configuration)
        let client = try serin.client()
        let request = "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n"
        #expect(try client.exchange("PROXY TCP4 192.0.2.7 198.51.100.2 40000 \(port)\r\n" + request).status == status)
        #expect(try client.exchange(request).status == status, "it holds for the whole connection")
        for seen in origin.requests {
            #expect(seen["X-Forwarded-Proto"] == scheme && seen["X-Forwarded-Port"] == "\(port)")
        }
        #expect(origin.requests.count == (status == 200 ? 2 : 0))
    }

    /// A proxy that speaks TLS to Serin for clients who came to it by HTTP.
    @Test func behindAProxyThatPutsTLSOn() throws {
        let origin = try RecordingOrigin.named("app")
        let proxy = try TLSProxy(origin, settings: "trustedProxies: [127.0.0.1/32]")
        try proxy.python("""
            for said, status in [("http", 308), ("https", 200)]:
                answer = ask(connect(), extra="X-Forwarded-Proto: %s\\r\\n" % said)
                expect((answer[0], answer[1].get("location")), (status, "https://shop.test/" if status == 308 else None))
            """)
        #expect(try origin.requests(1).map { $0["X-Forwarded-Proto"] } == ["https"])
    }

    @Test func withoutATLSListenerNothingIsRedirected() throws {
        let proxy = try TLSProxy(try .named("app"))
        var configuration = proxy.configuration
        configuration.secureListeners = []
        let serin = try SerinProcess(configuration)
        #expect(try serin.client().get(host: "shop.test").status == 200)
    }

    @Test func strictTransportIsAsConfigured() throws {
        let script = "expect(ask(connect())[1].get('strict-transport-security'), eval(args[0]))"
        let origin = try RecordingOrigin.answering(
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nStrict-Transport-Security: max-age=1\r\nX: y\r\n\r\n")
        try TLSProxy(origin).python(script, "'max-age=31536000; includeSubDomains'")
        try TLSProxy(origin, tls: ["hsts: {maxAge: 60, includeSubdomains: false, preload: true}"]).python(script, "'max-age=60; preload'")
        try TLSProxy(origin, tls: ["hsts: {enabled: false}"]).python(script, "'max-age=1'")
    }

    /// Of hosts that have a certificate, whether or not a path of theirs was asked for.
    @Test func strictTransportIsInOwnAnswersToo() throws {
        let refusing = try ClosedPort()
        let proxy = try TLSProxy(
            try .named("app"), hosts: ["shop-tls": ["shop.test", "*.shop.test"]],
            also: [
                Manifests.ingress("slash", host: "shop.test", path: "/dir/", service: "app"),
                Manifests.ingress("gone", host: "shop.test", path: "/gone", service: "gone"),
                Manifests.ingress("part", host: "a.shop.test", path: "/part", service: "app") + "  tls: [{hosts: [a.shop.test], secretName: shop-tls}]\n",
                Manifests.ingress("other", host: "other.test", service: "app"),
            ])
        proxy.configuration.services["gone"] = [refusing.address.description]
        #expect(try proxy.serin.reload(proxy.configuration).status == 200)
        try proxy.python("""
            connection = connect()
            for target, host, status in [
                ("/dir", "shop.test", 301), ("/gone", "shop.test", 502), ("/nope", "a.shop.test", 404), ("/", "b.shop.test", 200),
                ("/", "other.test", 200), ("/", "nowhere.test", 404),
            ]:
                answer = ask(connection, target, host)
                says = "max-age=31536000; includeSubDomains" if "shop.test" in host else None
                expect((target, host, answer[0], answer[1].get("strict-transport-security")), (target, host, status, says))
            """)
    }
}
