import Foundation
import Exchange
import Routing
import TLS
import TestCertificates
import TestSupport
import Testing
@testable import Configuration

/// What `backend-protocol` and `proxy-ssl-*` come to.
@Suite struct UpstreamTLSTests {
    /// Enough for all cases: a certificate with its key, and its authority.
    private static let material: (authority: String, pair: TestAuthority.Pair)? = {
        guard let authority = try? TestAuthority(), let text = try? authority.certificate, let pair = try? authority.issue("serin.test") else { return nil }
        return (text, pair)
    }()

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// Without their prefix; their lines begin with 5, in the order of their names.
        var annotations: [String: String] = [:]
        /// Of the Secret `up`; `ca`, `chain` and `key` stand for good ones.
        var secret: [String: String] = ["ca.crt": "ca"]
        var settings = ""
        /// Nil: plain HTTP.
        let expect: String?
        var hasEndpoint = true
        var contexts = 1
        /// Warnings and errors, without their places.
        var says: [String] = []
        var testDescription: String { name }
    }

    private static let exact = "canary: {compatibility: ingress-nginx}\n"
    private static let prefix = "nginx.ingress.kubernetes.io/"

    static let cases = [
        Case(name: "nothing", expect: nil, contexts: 0),
        Case(name: "HTTP", annotations: ["backend-protocol": "http"], expect: nil, contexts: 0),
        Case(name: "HTTPS", annotations: ["backend-protocol": "https "], expect: "HTTPS, not verified"),
        Case(name: "gRPC", annotations: ["backend-protocol": "GRPC"], expect: nil, contexts: 0, says: [
            "\(prefix)backend-protocol: \"GRPC\" is not supported: requests go to the upstream by plain HTTP/1.1",
        ]),
        Case(name: "gRPC by TLS stays by TLS", annotations: ["backend-protocol": "GRPCS"], expect: "HTTPS, not verified", says: [
            "\(prefix)backend-protocol: \"GRPCS\" is not supported: HTTP/1.1 goes over the TLS connection, which gRPC does not understand",
        ]),
        Case(name: "FastCGI", annotations: ["backend-protocol": "FCGI"], expect: nil, contexts: 0, says: [
            "\(prefix)backend-protocol: \"FCGI\" is not supported: requests go to the upstream by plain HTTP/1.1",
        ]),
        Case(name: "no protocol", annotations: ["backend-protocol": "SPDY"], expect: nil, contexts: 0, says: [
            "\(prefix)backend-protocol: \"SPDY\" is no protocol: requests go to the upstream by plain HTTP/1.1; write HTTP or HTTPS",
        ]),
        Case(name: "settings without HTTPS", annotations: ["proxy-ssl-verify": "on"], expect: nil, contexts: 0, says: [
            "\(prefix)proxy-ssl-verify: \"on\" does nothing, as requests go to the upstream by HTTP; write \(prefix)backend-protocol: \"HTTPS\"",
        ]),
        Case(name: "verified", annotations: [
            "backend-protocol": "HTTPS", "proxy-ssl-secret": "default/up", "proxy-ssl-verify": "on", "proxy-ssl-name": "App.test",
        ], expect: "HTTPS, verified as app.test"),
        Case(name: "verified by the Service's name", annotations: [
            "backend-protocol": "HTTPS", "proxy-ssl-secret": "default/up", "proxy-ssl-verify": "on",
        ], expect: "HTTPS, verified as app.default.svc"),
        Case(name: "SNI only", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-server-name": "on"],
             expect: "HTTPS, not verified, asked for app.default.svc"),
        Case(name: "SNI without a Secret, exactly", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-server-name": "on"], settings: exact,
             expect: "HTTPS, not verified", says: [
                "without proxy-ssl-secret the other proxy-ssl-* do nothing, as in ingress-nginx",
             ]),
        Case(name: "verified by the system's authorities", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-verify": "on", "proxy-ssl-name": "a.test"],
             expect: "HTTPS, verified as a.test"),
        Case(name: "which exactly is not verified", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-verify": "on", "proxy-ssl-name": "a.test"],
             settings: exact, expect: "HTTPS, not verified", says: [
                "without proxy-ssl-secret the other proxy-ssl-* do nothing, as in ingress-nginx",
                "proxy-ssl-verify does nothing without a proxy-ssl-secret with ca.crt, as in ingress-nginx: the upstream's certificate is not checked",
             ]),
        Case(name: "a client certificate", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-secret": "default/up"],
             secret: ["tls.crt": "chain", "tls.key": "key"], expect: "HTTPS, not verified"),
        Case(name: "no such Secret", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-secret": "default/other"], expect: nil, hasEndpoint: false,
             contexts: 0, says: ["proxy-ssl-secret: the Secret default/other is not among the manifests, so that all requests are refused, as in ingress-nginx"]),
        Case(name: "a Secret without its namespace", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-secret": "up"], expect: nil, hasEndpoint: false,
             contexts: 0, says: ["proxy-ssl-secret: the Secret up is not of the form namespace/name, so that all requests are refused, as in ingress-nginx"]),
        Case(name: "a Secret of others", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-secret": "team/up"], expect: nil, hasEndpoint: false,
             contexts: 0, says: ["proxy-ssl-secret: the Secret team/up is of another namespace than the Ingress, so that all requests are refused, as in ingress-nginx"]),
        Case(name: "an empty Secret", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-secret": "default/up"], secret: ["x": "y"], expect: nil,
             hasEndpoint: false, contexts: 0, says: ["has neither `ca.crt` nor both `tls.crt` and `tls.key`, of which connections to upstreams need one"]),
        Case(name: "authorities that are none", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-secret": "default/up"], secret: ["ca.crt": "nothing"],
             expect: nil, hasEndpoint: false, contexts: 0, says: ["`ca.crt` holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"]),
        Case(name: "a key without its certificate's", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-secret": "default/up"],
             secret: ["tls.crt": "ca", "tls.key": "key"], expect: nil, hasEndpoint: false, contexts: 0,
             says: ["`tls.key` holds the private key of another certificate: the first certificate must be that of the key"]),
        Case(name: "words that are none", annotations: [
            "backend-protocol": "HTTPS", "proxy-ssl-ciphers": "a b", "proxy-ssl-name": "a b", "proxy-ssl-protocols": "TLSv9",
            "proxy-ssl-verify": "true", "proxy-ssl-verify-depth": "-1",
        ], expect: "HTTPS, not verified", says: [
            "\(prefix)proxy-ssl-ciphers: \"a b\" is not a list of ciphers in OpenSSL's notation: counts as not set",
            "\(prefix)proxy-ssl-name: \"a b\" is neither a DNS name nor an IP address: counts as not set",
            "\(prefix)proxy-ssl-protocols: \"TLSv9\" is not a list of SSLv2, SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3: TLS 1.2 and 1.3 are spoken",
            "\(prefix)proxy-ssl-verify: \"true\" is neither on nor off: counts as off",
            "\(prefix)proxy-ssl-verify-depth: \"-1\" is not a whole number from 1 to 100: counts as 1",
        ]),
        Case(name: "old versions only", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-protocols": "TLSv1 TLSv1.1"], expect: "HTTPS, not verified",
             says: ["\(prefix)proxy-ssl-protocols: \"TLSv1 TLSv1.1\" names nothing that Serin speaks: TLS 1.2 and 1.3 are spoken"]),
        Case(name: "ciphers that OpenSSL does not know", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-ciphers": "NO-SUCH"], expect: nil,
             hasEndpoint: false, contexts: 0, says: ["connections to upstreams can't be secured so: ciphers: no cipher match"]),
        Case(name: "ciphers of shared secrets", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-ciphers": "PSK:aNULL"], expect: nil,
             hasEndpoint: false, contexts: 0,
             says: ["connections to upstreams can't be secured so: ciphers: of use are those with certificates, and without shared secrets"]),
        Case(name: "some of them", annotations: ["backend-protocol": "HTTPS", "proxy-ssl-ciphers": "PSK:DHE-RSA-AES128-GCM-SHA256"], expect: "HTTPS, not verified"),
        Case(name: "which TLS 1.3 has no need of",
             annotations: ["backend-protocol": "HTTPS", "proxy-ssl-ciphers": "PSK", "proxy-ssl-protocols": "TLSv1.3"], expect: "HTTPS, not verified"),
    ]

    @Test(arguments: cases) func annotations(_ test: Case) throws {
        let loaded = try Self.load(test)
        let backend = try #require(loaded.snapshot.routes.routes.first.map { loaded.snapshot.backends[$0.stable] })
        #expect(backend.tls?.description == test.expect)
        #expect(backend.endpoints.isEmpty == !test.hasEndpoint)
        #expect(loaded.tls.upstreams.count == test.contexts)
        if let tls = backend.tls { #expect(loaded.tls.upstreams.indices.contains(tls.context)) }
        #expect(loaded.diagnostics.filter { $0.severity != .note }.map(\.message).sorted() == test.says.sorted())
    }

    private static func load(_ test: Case, more: String = "") throws -> Loaded {
        let text = try manifests(test)
        return Loaded(text + more, settings: settings + test.settings)
    }

    private static let settings = "services: {app: [127.0.0.1:1], new: [127.0.0.1:2]}\n"

    private static func manifests(_ test: Case) throws -> String {
        let material = try #require(self.material)
        let values = ["ca": material.authority, "chain": material.pair.chain, "key": material.pair.key]
        let entries = test.secret.sorted { $0.key < $1.key }.map { key, value in
            "  \(key): \(Data((values[value] ?? value).utf8).base64EncodedString())\n"
        }
        let lines = test.annotations.sorted { $0.key < $1.key }.map { "    \(prefix)\($0.key): \"\($0.value)\"\n" }
        let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: shop\n  annotations:\n" + lines.joined()
            + "    x: text\n" + rules("app")
        let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: up}\ndata:\n" + entries.joined()
        return ingress + secret
    }

    private static func rules(_ service: String, path: String = "/") -> String {
        "spec: {rules: [{host: shop.test, http: {paths: [{path: \(path), pathType: Prefix, backend: {service: {name: \(service), port: {number: 80}}}}]}}]}\n"
    }

    private static func other(_ name: String, _ service: String, path: String = "/", _ annotations: [String: String]) -> String {
        "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: \(name)\n  creationTimestamp: \"2030-01-01T00:00:00Z\"\n  annotations:\n"
            + annotations.sorted { $0.key < $1.key }.map { "    \(prefix)\($0.key): \"\($0.value)\"\n" }.joined() + rules(service, path: path)
    }

    // MARK: Several Ingresses

    private static let verified = ["backend-protocol": "HTTPS", "proxy-ssl-secret": "default/up", "proxy-ssl-verify": "on"]

    @Test func theSameSettingsShareAContext() throws {
        let test = Case(name: "", annotations: Self.verified, expect: nil)
        let loaded = try Self.load(test, more: Self.other("two", "new", path: "/two", Self.verified.merging(["proxy-ssl-name": "new.test"]) { $1 }))
        #expect(loaded.tls.upstreams.count == 1)
        #expect(loaded.snapshot.backends.compactMap { $0.tls?.name }.sorted() == ["app.default.svc", "new.test"])
    }

    struct Reload: Sendable, CustomTestStringConvertible {
        let name: String
        var before = UpstreamTLSTests.verified
        let after: [String: String]
        var secret = ["ca.crt": "ca"]
        let isKept: Bool
        var testDescription: String { name }
    }

    private static func with(_ more: [String: String]) -> [String: String] { verified.merging(more) { $1 } }
    private static let bySystem = ["backend-protocol": "HTTPS", "proxy-ssl-verify": "on"]

    @Test(arguments: [
        Reload(name: "nothing has changed", after: verified, isKept: true),
        Reload(name: "another name, which is the Service's affair", after: with(["proxy-ssl-name": "x.test"]), isKept: true),
        Reload(name: "longer chains", after: with(["proxy-ssl-verify-depth": "3"]), isKept: false),
        Reload(name: "no check", after: with(["proxy-ssl-verify": "off"]), isKept: false),
        Reload(name: "another version", after: with(["proxy-ssl-protocols": "TLSv1.2"]), isKept: false),
        Reload(name: "a certificate to show", after: verified, secret: ["ca.crt": "ca", "tls.crt": "chain", "tls.key": "key"], isKept: false),
        Reload(name: "the authorities of the system, which may be others now", before: bySystem, after: bySystem, isKept: false),
    ])
    func contextsStayFromLoadToLoad(_ test: Reload) throws {
        let folder = try Scratch.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func load(_ annotations: [String: String], _ secret: [String: String], after previous: PreviousLoad) throws -> LoadedConfiguration {
            try Scratch.write(Self.settings + "manifests: [shop.yaml]\n", to: folder + "/serin.yaml")
            try Scratch.write(Self.manifests(Case(name: "", annotations: annotations, secret: secret, expect: nil)), to: folder + "/shop.yaml")
            let result = ConfigurationLoader.load(file: folder + "/serin.yaml", after: previous)
            return try #require(result.configuration, "\(result.diagnostics)")
        }
        let former = try load(test.before, ["ca.crt": "ca"], after: PreviousLoad())
        let now = try load(test.after, test.secret, after: former.remains)
        let again = try load(test.after, test.secret, after: now.remains)
        #expect(former.tls.upstreams.count == 1 && now.tls.upstreams.count == 1)
        #expect((former.tls.upstreams[0] === now.tls.upstreams[0]) == test.isKept)
        #expect((now.tls.upstreams[0] === again.tls.upstreams[0]) == (test.after != Self.bySystem))
    }

    @Test func aServiceMayBeSpokenToInSeveralWays() throws {
        let loaded = try Self.load(Case(name: "", annotations: Self.verified, expect: nil), more: Self.other("two", "app", path: "/two", [:]))
        #expect(loaded.snapshot.backends.map { $0.tls?.description } == ["HTTPS, verified as app.default.svc", nil])
    }

    @Test(arguments: ["", exact]) func aCanaryHasItsMains(_ settings: String) throws {
        let canary = ["canary": "true", "canary-weight": "10", "backend-protocol": "HTTP", "proxy-ssl-verify": "off"]
        let loaded = try Self.load(
            Case(name: "", annotations: Self.verified, settings: settings, expect: nil), more: Self.other("shop-canary", "new", canary))
        let route = try #require(loaded.snapshot.routes.routes.first { !$0.canaries.isEmpty })
        #expect(loaded.snapshot.backends[route.canaries[0].backend].tls?.description == "HTTPS, verified as new.default.svc")
        #expect(loaded.messages.contains { $0.contains("backend-protocol does nothing in a canary") })
    }

    /// R36: the first Ingress of a host with authorities speaks for the others, be it a canary.
    @Test(arguments: ["", exact]) func authoritiesOfAHost(_ settings: String) throws {
        let test = Case(name: "", annotations: ["backend-protocol": "HTTPS"], settings: settings, expect: nil)
        let leak = Self.verified.merging(["canary": "true", "canary-weight": "10", "proxy-ssl-name": "x.test"]) { $1 }
        let loaded = try Self.load(test, more: Self.other("shop-canary", "new", leak))
        let route = try #require(loaded.snapshot.routes.routes.first { !$0.canaries.isEmpty })
        #expect(loaded.snapshot.backends[route.stable].tls?.description == (settings.isEmpty ? "HTTPS, not verified" : "HTTPS, verified as x.test"))
    }
}
