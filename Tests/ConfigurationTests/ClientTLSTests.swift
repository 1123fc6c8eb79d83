import Exchange
import Routing
import Foundation
import TestCertificates
import Testing
@testable import Configuration

/// What `auth-tls-*` come to.
@Suite struct ClientTLSTests {
    /// By the words that stand for them.
    private static let values: [String: String]? = {
        guard let authority = try? TestAuthority(), let other = try? TestAuthority() else { return nil }
        return try? [
            "ca": authority.certificate, "list": authority.list(), "old": authority.list(.over), "early": authority.list(.yetToCome),
            "other": other.list(),
        ]
    }()

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// Without their prefix.
        var annotations: [String: String] = [:]
        /// Of the Secret `clients`; words stand for what `values` has.
        var secret: [String: String] = ["ca.crt": "ca"]
        /// Nil: nobody looks at certificates.
        let expect: ClientRule.Demand?
        var isBroken = false
        var passes = false
        var errorPage = ""
        var pattern: String?
        /// Warnings and errors, without their places.
        var says: [String] = []
        var testDescription: String { name }
    }

    private static let prefix = "nginx.ingress.kubernetes.io/"
    private static let long = String(repeating: "x", count: 2039)
    private static let own = ["auth-tls-secret": "default/clients"]

    private static func with(_ more: [String: String]) -> [String: String] { own.merging(more) { $1 } }

    static let cases = [
        Case(name: "nothing", expect: nil),
        Case(name: "a Secret", annotations: own, expect: .required),
        Case(name: "optional", annotations: with(["auth-tls-verify-client": "optional"]), expect: .optional),
        Case(name: "optional_no_ca", annotations: with(["auth-tls-verify-client": "optional_no_ca"]), expect: .optionalWithoutAuthority),
        Case(name: "off", annotations: with(["auth-tls-verify-client": "off"]), expect: .off),
        Case(name: "a word that is none", annotations: with(["auth-tls-verify-client": "maybe"]), expect: .required, says: [
            "\(prefix)auth-tls-verify-client: \"maybe\" is none of on, off, optional and optional_no_ca: counts as on",
        ]),
        Case(name: "everything", annotations: with([
            "auth-tls-verify-depth": "3", "auth-tls-pass-certificate-to-upstream": "true", "auth-tls-error-page": "https://login.test/",
            "auth-tls-match-cn": "CN=alice",
        ]), expect: .required, passes: true, errorPage: "https://login.test/", pattern: "CN=alice"),
        Case(name: "an error page of the host", annotations: with(["auth-tls-error-page": "/error"]), expect: .required, says: [
            "\(prefix)auth-tls-error-page: \"/error\" is not an absolute URL without variables, which alone is supported: such clients are answered 400",
        ]),
        Case(name: "an error page that no head has room for", annotations: with(["auth-tls-error-page": "https://a/" + long]), expect: .required, says: [
            "\(prefix)auth-tls-error-page: \"https://a/\(long.prefix(70))…\" is longer than 2048 bytes: such clients are answered 400",
        ]),
        Case(name: "a name without CN", annotations: with(["auth-tls-match-cn": "alice"]), expect: .required, says: [
            "\(prefix)auth-tls-match-cn: \"alice\" has no CN= in it: counts as not set, as in ingress-nginx",
        ]),
        Case(name: "without a Secret", annotations: ["auth-tls-verify-client": "on"], expect: nil, says: [
            "\(prefix)auth-tls-verify-client: \"on\" does nothing without \(prefix)auth-tls-secret",
        ]),
        Case(name: "no such Secret", annotations: ["auth-tls-secret": "default/other"], expect: .required, isBroken: true, says: [
            "auth-tls-secret: the Secret default/other is not among the manifests, so that all requests are refused, as in ingress-nginx",
        ]),
        Case(name: "a Secret of others", annotations: ["auth-tls-secret": "team/clients"], expect: .required, isBroken: true, says: [
            "auth-tls-secret: the Secret team/clients is of another namespace than the Ingress, so that all requests are refused, as in ingress-nginx",
        ]),
        Case(name: "no authorities", annotations: own, secret: ["x": "y"], expect: .required, isBroken: true, says: [
            "has no `ca.crt`, which auth-tls-secret of Ingress default/shop needs",
        ]),
        Case(name: "authorities that are none", annotations: own, secret: ["ca.crt": "nothing"], expect: .required, isBroken: true, says: [
            "`ca.crt` holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)",
        ]),
        Case(name: "a revocation list", annotations: own, secret: ["ca.crt": "ca", "ca.crl": "list"], expect: .required),
        Case(name: "an empty one", annotations: own, secret: ["ca.crt": "ca", "ca.crl": ""], expect: .required),
        Case(name: "no list", annotations: own, secret: ["ca.crt": "ca", "ca.crl": "ca"], expect: .required, isBroken: true, says: [
            "`ca.crl` holds no revocation list in PEM form (-----BEGIN X509 CRL-----)",
        ]),
        Case(name: "a broken list", annotations: own,
             secret: ["ca.crt": "ca", "ca.crl": "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"],
             expect: .required, isBroken: true, says: ["`ca.crl` holds a revocation list that can't be read: wrong tag"]),
        Case(name: "an old list", annotations: own, secret: ["ca.crt": "ca", "ca.crl": "old"], expect: .required, says: [
            "`ca.crl`: a list is out of date since 2020-01-08: as in nginx, no certificate counts until there is a new one",
        ]),
        Case(name: "an early list", annotations: own, secret: ["ca.crt": "ca", "ca.crl": "early"], expect: .required, says: [
            "`ca.crl`: a list counts from 2049-01-01 only: as in nginx, no certificate counts until then",
        ]),
        Case(name: "somebody else's list", annotations: own, secret: ["ca.crt": "ca", "ca.crl": "other"], expect: .required, says: [
            "`ca.crl` has no list by CN=Test authority: as in nginx, no certificate counts that is by that authority",
        ]),
    ]

    private static func load(_ test: Case, more: String = "") throws -> Loaded {
        let values = try #require(values)
        let entries = test.secret.sorted { $0.key < $1.key }.map { key, value in
            "  \(key): \(Data((values[value] ?? value).utf8).base64EncodedString())\n"
        }
        return Loaded(
            ingress("shop", test.annotations) + "apiVersion: v1\nkind: Secret\nmetadata: {name: clients}\ndata:\n" + entries.joined() + more,
            settings: "listeners: [{address: 127.0.0.1:8443, tls: true}]\nservices: {app: [127.0.0.1:1], new: [127.0.0.1:2]}\n")
    }

    private static func ingress(_ name: String, host: String = "shop.test", path: String = "/", _ annotations: [String: String]) -> String {
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: \(name)\n  annotations:\n    x: text\n"
            + annotations.sorted { $0.key < $1.key }.map { "    \(prefix)\($0.key): \"\($0.value)\"\n" }.joined()
            + "spec: {rules: [{host: \(host), http: {paths: [{path: \(path), pathType: Prefix, backend: {service: {name: app, port: {number: 80}}}}]}}]}\n---\n"
    }

    @Test(arguments: cases) func annotations(_ test: Case) throws {
        let loaded = try Self.load(test)
        let https = loaded.snapshot.https
        let rule = https.clientRules[0]
        #expect(rule?.demand == test.expect)
        #expect((https.rules.first?.contains(.looksAtClients) ?? false) == (test.expect != nil))
        #expect(rule?.isBroken ?? false == test.isBroken)
        #expect(rule?.passesCertificate ?? false == test.passes)
        #expect(rule.map { String(decoding: $0.errorPage, as: UTF8.self) } ?? "" == test.errorPage)
        #expect(rule?.subject?.text == test.pattern)
        let said = loaded.diagnostics.filter { $0.severity != .note && $0.object != "tls" }.map(\.message)
        #expect(said.sorted() == test.says.sorted())
    }

    @Test func aPatternThatIsNoneIsAnError() throws {
        let loaded = try Self.load(Case(name: "", annotations: Self.with(["auth-tls-match-cn": "CN=("]), expect: .required))
        #expect(loaded.diagnostics.contains { $0.severity == .error && $0.message.contains("is no regular expression") })
    }

    /// Every path of a host, whichever Ingress has it; the oldest Ingress speaks for the host.
    @Test func aHostHasOneRule() throws {
        let second = Self.ingress("shop-two", path: "/two", Self.with(["auth-tls-verify-client": "off"]))
        let other = Self.ingress("other", host: "other.test", [:])
        let loaded = try Self.load(Case(name: "", annotations: Self.own, expect: nil), more: "---\n" + second + other)
        let routes = loaded.snapshot.routes.routes
        for route in routes {
            #expect(loaded.snapshot.https.clientRules[route.index]?.demand == (route.host == "shop.test" ? .required : nil), "\(route.host)\(route.path)")
        }
        #expect(routes.count == 3)
        #expect(loaded.messages.contains { $0.contains("auth-tls-secret: shop.test asks for certificates as Ingress default/shop says, which counts") })
    }

    /// A host that is written without paths, and one whose paths another Ingress has.
    @Test(arguments: ["scoped", "ingress-nginx"]) func aHostNeedsNoRoute(_ mode: String) throws {
        let values = try #require(Self.values)
        let bare = Self.ingress("bare", Self.own).replacing(/rules: .*/, with: "rules: [{host: bare.test}, {host: \"*.bare.test\"}, {host: shop.test}]}")
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: clients}\nstringData: {ca.crt: \"\(values["ca"]!.replacing("\n", with: "\\n"))\"}\n---\n"
        let loaded = Loaded(
            secret + bare + Self.ingress("shop", [:]),
            settings: "canary: {compatibility: \(mode)}\nlisteners: [{address: 127.0.0.1:8443, tls: true}]\nservices: {app: [127.0.0.1:1]}\n")
        #expect(loaded.diagnostics.filter { $0.severity == .error }.map(\.message) == [])
        let https = loaded.snapshot.https
        #expect(https.clientRulesOfHosts.mapValues(\.demand) == ["bare.test": .required, "*.bare.test": .required])
        #expect(https.clientRules.mapValues(\.demand) == [0: .required])
        #expect(Set(https.clientRulesOfHosts.values.map(\.identity) + https.clientRules.values.map(\.identity)).count == 1)
    }

    /// Connections that asked for certificates are told from others, whoever's certificate they were made with.
    @Test func identitiesDiffer() throws {
        let open = Self.ingress("open", host: "open.test", ["auth-tls-secret": "default/clients", "auth-tls-verify-depth": "2"])
        let loaded = try Self.load(Case(name: "", annotations: Self.own, expect: nil), more: "---\n" + open)
        let identities = loaded.snapshot.https.clientRules.values.map(\.identity)
        #expect(Set(identities).count == 2)
    }
}
