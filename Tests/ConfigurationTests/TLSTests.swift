import Addressing
import Exchange
import Foundation
import TestCertificates
import TestSupport
import Testing
@testable import Configuration
@testable import TLS

/// Certificates of Secrets and files, and what becomes of the hosts.
@Suite struct TLSTests {
    private static let listener = "listeners: [{address: 127.0.0.1:8443, tls: true}]\nservices: {app: [127.0.0.1:1]}\n"

    /// A Secret of 8 lines; its values are on lines 6 and 7.
    private static func secret(_ name: String, _ pair: TestAuthority.Pair) -> String {
        secret(name, ["tls.crt": base64(pair.chain), "tls.key": base64(pair.key)])
    }

    private static func secret(_ name: String, _ values: [String: String], section: String = "data") -> String {
        "apiVersion: v1\nkind: Secret\nmetadata: {name: \(name)}\ntype: kubernetes.io/tls\n\(section):\n"
            + values.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)\n" }.joined() + "---\n"
    }

    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    /// - Parameter tls: `spec.tls` in flow style.
    private static func ingress(_ name: String = "shop", host: String = "shop.test", tls: String, metadata: String = "") -> String {
        """
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: \(name)\(metadata)}
        spec:
          tls: \(tls)
          rules:
          - host: "\(host)"
            http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: app, port: {number: 80}}}}]}
        ---

        """
    }

    private static let usual = "[{hosts: [shop.test], secretName: shop-tls}]"
    private static let defaultNote =
        "serin.yaml:1: note: tls: no default certificate is given: hosts without one get a self-signed one, which no client trusts"

    // MARK: What is served

    @Test func aSecretServesItsHost() throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test")
        let loaded = Loaded(Self.secret("shop-tls", pair) + Self.ingress(tls: Self.usual), settings: Self.listener)
        #expect(loaded.messages == [Self.defaultNote])
        #expect(loaded.hasTLS)
        #expect(loaded.snapshot.https.rules == [[.redirects, .isCertified]])
        #expect(loaded.snapshot.https.certificates.map(\.source) == ["Secret default/shop-tls"])
        #expect(loaded.snapshot.https.certificates.map(\.keyType) == ["ecdsa"])
        #expect(loaded.snapshot.https.owners == nil)
    }

    @Test func stringDataIsTextAndWins() throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test")
        func block(_ text: String) -> String { "|\n" + text.split(separator: "\n").map { "    \($0)\n" }.joined() }
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: shop-tls}\ndata: {tls.crt: bm9uc2Vuc2U=, tls.key: bm9uc2Vuc2U=}\n"
            + "stringData:\n  tls.crt: \(block(pair.chain))  tls.key: \(block(pair.key))---\n"
        let loaded = Loaded(secret + Self.ingress(tls: Self.usual), settings: Self.listener)
        #expect(loaded.messages == [Self.defaultNote])
    }

    @Test func withoutHostsTheNamesInTheCertificateDecide() throws {
        let authority = try TestAuthority()
        let secrets = Self.secret("a", try authority.issue("other.test")) + Self.secret("b", try authority.issue("*.b.test"))
        let loaded = Loaded(secrets + Self.ingress(host: "a.b.test", tls: "[{secretName: a}, {secretName: b}]"), settings: Self.listener + "tls: {strictSNI: true}")
        #expect(loaded.messages.filter { !$0.contains("note:") } == [])
        let owners = try #require(loaded.snapshot.https.owners)
        #expect(owners.hosts.find(Array("a.b.test".utf8).span) == 0)
        #expect(owners.hosts.find(Array("other.test".utf8).span) == nil, "no rule names it")
    }

    @Test func severalKindsOfKeysJoin() throws {
        let authority = try TestAuthority()
        let secrets = Self.secret("a", try authority.issue("shop.test", kind: .rsa)) + Self.secret("b", try authority.issue("shop.test"))
            + Self.secret("c", try authority.issue("shop.test"))
        let one = "[{hosts: [shop.test], secretName: a}, {hosts: [shop.test], secretName: b}]"
        let later = Self.ingress("later", tls: "[{hosts: [shop.test], secretName: c}]", metadata: ", creationTimestamp: 2026-01-01T00:00:00Z")
            .replacing("path: /", with: "path: /later")
        let loaded = Loaded(secrets + Self.ingress(tls: one) + later, settings: Self.listener)
        #expect(loaded.messages.filter { !$0.contains("note:") } == [
            "test.yaml:38: warning: Ingress default/later: shop.test has a certificate of this kind already, by Ingress default/shop, "
                + "which counts",
        ])
        #expect(loaded.snapshot.https.certificates.map(\.source) == ["Secret default/a", "Secret default/b"], "what nobody gets is not among them")
    }

    @Test func aliasesAreServedAsTheirHosts() throws {
        let authority = try TestAuthority()
        let alias = ", annotations: {nginx.ingress.kubernetes.io/server-alias: alias.test}"
        let loaded = Loaded(
            Self.secret("shop-tls", try authority.issue("shop.test", "alias.test")) + Self.ingress(tls: Self.usual, metadata: alias),
            settings: Self.listener + "tls: {strictSNI: true}")
        let owners = try #require(loaded.snapshot.https.owners)
        #expect(owners.hosts.find(Array("alias.test".utf8).span) == 0)
    }

    @Test func canariesHaveNoCertificates() throws {
        let authority = try TestAuthority()
        let canary = ", annotations: {nginx.ingress.kubernetes.io/canary: \"true\", nginx.ingress.kubernetes.io/canary-weight: \"5\"}"
        let loaded = Loaded(
            Self.secret("shop-tls", try authority.issue("shop.test")) + Self.ingress("main", tls: "[]")
                + Self.ingress("new", tls: Self.usual, metadata: canary), settings: Self.listener)
        #expect(loaded.snapshot.https.rules == [])
        #expect(loaded.snapshot.https.certificates == [])
    }

    // MARK: What is wrong

    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        var tls = usual
        /// Nil: there is no Secret.
        let secret: (@Sendable (TestAuthority) throws -> String)?
        let expect: [String]
        var testDescription: String { name }
    }

    @Test(arguments: [
        Fault(name: "no Secret", secret: nil, expect: [
            "test.yaml:5: warning: Ingress default/shop: there is no Secret default/shop-tls among the manifests: its hosts get the default "
                + "certificate",
        ]),
        Fault(name: "no base64", secret: { secret("shop-tls", ["tls.crt": "'%%%'", "tls.key": base64(try $0.issue("shop.test").key)]) }, expect: [
            "test.yaml:6: error: Secret default/shop-tls: the value of `data.tls.crt` is not base64",
        ]),
        Fault(name: "PEM where base64 belongs", secret: { _ in secret("shop-tls", ["tls.crt": "-----BEGIN CERTIFICATE-----", "tls.key": ""]) }, expect: [
            "test.yaml:6: error: Secret default/shop-tls: the value of `data.tls.crt` is not base64; a text in PEM form belongs under "
                + "`stringData`",
        ]),
        Fault(name: "a key alone", secret: { secret("shop-tls", ["tls.key": base64(try $0.issue("shop.test").key)]) }, expect: [
            "test.yaml:1: error: Secret default/shop-tls: has no `tls.crt`; a Secret of type kubernetes.io/tls has both",
        ]),
        Fault(name: "another certificate's key", secret: {
            secret("shop-tls", ["tls.crt": base64(try $0.issue("shop.test").chain), "tls.key": base64(try $0.issue("shop.test").key)])
        }, expect: [
            "test.yaml:7: error: Secret default/shop-tls: `tls.key` holds the private key of another certificate: the first certificate "
                + "must be that of the key",
        ]),
        Fault(name: "no certificate", secret: { secret("shop-tls", ["tls.crt": "YQ==", "tls.key": base64(try $0.issue("shop.test").key)]) }, expect: [
            "test.yaml:6: error: Secret default/shop-tls: `tls.crt` holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)",
        ]),
        Fault(name: "another host's", secret: { secret("shop-tls", try $0.issue("other.test")) }, expect: [
            "test.yaml:13: warning: Ingress default/shop: Secret default/shop-tls is not for shop.test, but for other.test: the default "
                + "certificate is served",
        ]),
        Fault(name: "a host without a rule", tls: "[{hosts: [shop.test, gone.test], secretName: shop-tls}]", secret: {
            secret("shop-tls", try $0.issue("shop.test"))
        }, expect: [
            "test.yaml:13: note: Ingress default/shop: `spec.tls` names gone.test, but no rule of this Ingress does: no certificate is "
                + "served for it",
        ]),
        Fault(name: "no list", tls: "{}", secret: nil, expect: [
            "test.yaml:5: error: Ingress default/shop: expected a list under `spec.tls`, found a mapping",
        ]),
        Fault(name: "a misspelt key", tls: "[{hosts: [shop.test], secretname: shop-tls}]", secret: nil, expect: [
            "test.yaml:5: error: Ingress default/shop: unknown key `spec.tls.secretname`; did you mean `secretName`?",
        ]),
    ])
    func faultsAreNamed(_ fault: Fault) throws {
        let authority = try TestAuthority()
        let loaded = Loaded((try fault.secret?(authority) ?? "") + Self.ingress(tls: fault.tls), settings: Self.listener)
        #expect(loaded.messages.filter { !$0.hasPrefix("serin.yaml:1:") } == fault.expect)
        #expect(loaded.snapshot.https.certificates.count == (fault.name == "a host without a rule" ? 1 : 0), "only what is served")
    }

    @Test func certificatesThatEnd() throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test", days: 90)
        let today = Int64(Date().timeIntervalSince1970)
        func messages(inDays days: Int64) -> [String] {
            Loaded(
                Self.secret("shop-tls", pair) + Self.ingress(tls: Self.usual), settings: Self.listener, now: today + days * 86_400
            ).messages.filter { $0.contains("warning") }
        }
        #expect(messages(inDays: 70) == [])
        let soon = messages(inDays: 80)
        #expect(soon.count == 1)
        #expect(soon[0].hasPrefix("test.yaml:6: warning: Secret default/shop-tls: the certificate expires on 20"), "\(soon)")
        let late = messages(inDays: 91)
        #expect(late.count == 1)
        #expect(late[0].hasPrefix("test.yaml:6: warning: Secret default/shop-tls: the certificate has expired on 20"), "\(late)")
        let early = messages(inDays: -2)
        #expect(early.count == 1)
        #expect(early[0].hasPrefix("test.yaml:6: warning: Secret default/shop-tls: the certificate counts from 20"), "\(early)")
    }

    @Test func withoutATLSListenerItIsSaid() throws {
        let authority = try TestAuthority()
        let loaded = Loaded(
            Self.secret("shop-tls", try authority.issue("shop.test")) + Self.ingress(tls: Self.usual), settings: "services: {app: [127.0.0.1:1]}")
        #expect(loaded.messages == [
            "test.yaml:13: note: Ingress default/shop: no listener speaks TLS, so that these hosts are served by HTTP only; add one with "
                + "`tls: true`",
        ])
        #expect(!loaded.hasTLS)
        #expect(loaded.snapshot.https.rules == [])
    }

    @Test func aListenerWithoutAnyCertificateIsWorthAWarning() {
        let loaded = Loaded(Self.ingress(tls: "[]"), settings: Self.listener)
        #expect(loaded.messages == [
            Self.defaultNote.replacing("note", with: "warning") + "; and no host has one: name them by `spec.tls` or `tls.certificates`",
        ])
        #expect(loaded.hasTLS)
    }

    // MARK: serin.yaml

    struct Setting: Sendable, CustomTestStringConvertible {
        let name: String
        let yaml: String
        var line = 3
        let expect: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Setting(name: "version", yaml: "{minVersion: 1.1}", expect: "tls.minVersion: expected one of 1.2, 1.3, found `1.1`"),
        Setting(name: "a cipher that is none", yaml: "{ciphers: [NONE-SUCH]}", expect: "tls.ciphers: `NONE-SUCH` is not a cipher of TLS 1.2 that OpenSSL knows"),
        Setting(name: "one beside a cipher", yaml: "{ciphers: [ECDHE-ECDSA-AES128-GCM-SHA256, ECDHE-ECDSA-AES128-GCM-SHA265]}",
                expect: "tls.ciphers: `ECDHE-ECDSA-AES128-GCM-SHA265` is not a cipher of TLS 1.2 that OpenSSL knows"),
        Setting(name: "a name of many ciphers", yaml: "{ciphers: [ALL]}", expect: "tls.ciphers: `ALL` is not a cipher of TLS 1.2 that OpenSSL knows"),
        Setting(name: "a cipher suite that is none", yaml: "{cipherSuites: [TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA385]}",
                expect: "tls.cipherSuites: `TLS_AES_256_GCM_SHA385` is not a cipher suite of TLS 1.3 that OpenSSL knows"),
        Setting(name: "on the line of its own", yaml: "{ciphers: [ECDHE-ECDSA-AES128-GCM-SHA256,\n  NONE-SUCH]}", line: 4,
                expect: "tls.ciphers: `NONE-SUCH` is not a cipher of TLS 1.2 that OpenSSL knows"),
        Setting(name: "a rule in place of a cipher", yaml: "{ciphers: [\"ALL:!aNULL\"]}",
                expect: "tls.ciphers: `ALL:!aNULL` is not one name; list each by itself"),
        Setting(name: "no ciphers", yaml: "{ciphers: []}", expect: "tls.ciphers: the list is empty; remove the key for the default"),
        Setting(name: "ciphers that no client can agree on", yaml: "{ciphers: [PSK-AES128-GCM-SHA256, ADH-AES128-GCM-SHA256, SRP-AES-128-CBC-SHA]}",
                expect: "tls.ciphers: no client can agree on `PSK-AES128-GCM-SHA256`, `ADH-AES128-GCM-SHA256`, `SRP-AES-128-CBC-SHA`: of use are"),
        Setting(name: "a curve that is none", yaml: "{curves: [P-999]}", expect: "tls.curves: `P-999` is not a curve that OpenSSL knows"),
        Setting(name: "an unknown key", yaml: "{minversion: 1.2}", expect: "tls.minversion: unknown key; did you mean `minVersion`?"),
        Setting(name: "a certificate without a key", yaml: "{certificates: [{certificate: a.pem}]}",
                expect: "tls.certificates.key: is missing; name a PEM file"),
        Setting(name: "a host that is none", yaml: "{certificates: [{certificate: a.pem, key: b, hosts: [\"a b\"]}]}",
                expect: "tls.certificates.hosts: `a b` is not a host name, nor `*.` and one"),
        Setting(name: "a port that is none", yaml: "{redirectPort: 0}",
                expect: "tls.redirectPort: expected a whole number between 1 and 65535, found `0`"),
    ])
    func settingsThatAreWrong(_ setting: Setting) {
        let loaded = Loaded(Self.ingress(tls: "[]"), settings: Self.listener + "tls: \(setting.yaml)\n")
        let errors = loaded.messages.filter { $0.contains(" error: ") }
        #expect(errors.count == 1, "\(errors)")
        #expect(errors.first?.hasPrefix("serin.yaml:\(setting.line): error: \(setting.expect)") == true, "\(errors)")
    }

    @Test func someCiphersThatNoClientCanAgreeOn() {
        let settings = Self.listener + "tls: {ciphers: [ECDHE-RSA-AES128-GCM-SHA256, DHE-RSA-AES128-GCM-SHA256]}\n"
        #expect(Loaded(Self.ingress(tls: "[]"), settings: settings).messages.filter { $0.contains("tls.ciphers") } == [
            "serin.yaml:3: warning: tls.ciphers: no client can agree on `DHE-RSA-AES128-GCM-SHA256`: of use are those with RSA or ECDSA "
                + "certificates whose keys are agreed on by ECDHE or RSA",
        ])
    }

    @Test(arguments: [
        ("[ECDHE-RSA-AES128-GCM-SHA256]", "1.2", true), ("[ECDHE-RSA-AES128-GCM-SHA256]", "1.3", false),
        ("[ECDHE-RSA-AES128-GCM-SHA256, ECDHE-ECDSA-AES128-GCM-SHA256]", "1.2", false),
    ])
    func ciphersHaveToGoWithTheKey(_ ciphers: String, _ version: String, _ isWarned: Bool) throws {
        let secret = try Self.secret("shop-tls", TestAuthority().issue("shop.test"))
        let loaded = Loaded(secret + Self.ingress(tls: "[{hosts: [shop.test], secretName: shop-tls}]"), settings: Self.listener + "tls: {ciphers: \(ciphers), minVersion: \(version)}\n")
        let warnings = loaded.messages.filter { $0.contains("no cipher of") }
        #expect(warnings == (isWarned ? [
            "serin.yaml:1: warning: tls: no cipher of shop.test goes with the key of Secret default/shop-tls (ecdsa): "
                + "clients that speak TLS 1.2 only can't connect",
        ] : []))
    }

    @Test func filesAreReadAndWatched() throws {
        let authority = try TestAuthority()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("serin-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ text: String, _ name: String) throws {
            try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
        }
        let pair = try authority.issue("shop.test"), other = try authority.issue("default.test")
        try write(pair.chain, "shop.pem")
        try write(pair.key, "shop.key")
        try write(other.chain, "default.pem")
        try write(other.key, "default.key")
        try write(Self.ingress(tls: "[]"), "shop.yaml")
        try write(Self.listener + """
            manifests: [shop.yaml]
            watch: true
            tls:
              certificates: [{certificate: shop.pem, key: shop.key}]
              defaultCertificate: {certificate: default.pem, key: default.key}
            """, "serin.yaml")
        let file = folder.appendingPathComponent("serin.yaml").path
        let loaded = ConfigurationLoader.load(file: file)
        #expect(loaded.diagnostics.map(\.description) == [])
        #expect(loaded.configuration?.tls != nil)
        #expect(loaded.configuration?.snapshot.https.rules == [[.redirects, .isCertified]])
        #expect(loaded.configuration?.snapshot.https.certificates.map(\.source) == ["shop.pem", "default.pem"])
        for name in ["shop.pem", "shop.key", "default.pem", "default.key"] {
            #expect(loaded.watched.contains { $0.hasSuffix("/" + name) })
        }

        try write(other.key, "shop.key")
        let mismatched = ConfigurationLoader.load(file: file)
        #expect(mismatched.configuration == nil)
        #expect(mismatched.diagnostics.map(\.message) == [
            "holds the private key of another certificate: the first certificate must be that of the key",
        ])
        #expect(mismatched.diagnostics.map(\.line) == [6])
        try FileManager.default.removeItem(at: folder.appendingPathComponent("shop.key"))
        let missing = ConfigurationLoader.load(file: file)
        #expect(missing.configuration == nil)
        #expect(missing.diagnostics.contains { $0.severity == .error && $0.line == 6 && $0.message.hasSuffix("paths are relative to the configuration file") })
    }

    struct FileCase: Sendable, CustomTestStringConvertible {
        let name: String
        /// Of each file: what its certificate is for, and what is listed.
        let files: [(names: [String], kind: TestAuthority.Kind, hosts: [String])]
        var hasManifest = false
        /// Of the files, each by its number.
        let expect: [String]
        /// Files in the metrics.
        let served: [String]
        var testDescription: String { name }
    }

    @Test(arguments: [
        FileCase(name: "its own names", files: [(["shop.test", "*.shop.test"], .ecdsa, [])], expect: [], served: ["0.pem"]),
        FileCase(name: "a host below its wildcard", files: [(["*.shop.test"], .ecdsa, ["a.shop.test", "*.shop.test"])], expect: [], served: ["0.pem"]),
        FileCase(name: "another host", files: [(["shop.test"], .ecdsa, ["other.test"])],
                 expect: ["warning: 0.pem: is not for other.test, but for shop.test: clients will refuse it"], served: ["0.pem"]),
        FileCase(name: "another wildcard", files: [(["shop.test"], .ecdsa, ["*.other.test"])],
                 expect: ["warning: 0.pem: is not for *.other.test, but for shop.test: clients will refuse it"], served: ["0.pem"]),
        FileCase(name: "a host of the wildcard for the wildcard", files: [(["a.shop.test"], .ecdsa, ["*.shop.test"])],
                 expect: ["warning: 0.pem: is not for *.shop.test, but for a.shop.test: clients will refuse it"], served: ["0.pem"]),
        FileCase(name: "two of a kind", files: [(["shop.test"], .ecdsa, []), (["shop.test", "b.test"], .ecdsa, [])],
                 expect: ["warning: 1.pem: shop.test has a certificate of this kind already, 0.pem, which counts"], served: ["0.pem", "1.pem"]),
        FileCase(name: "the second for nothing", files: [(["shop.test"], .ecdsa, []), (["shop.test"], .ecdsa, ["shop.test"])],
                 expect: ["warning: 1.pem: shop.test has a certificate of this kind already, 0.pem, which counts"], served: ["0.pem"]),
        FileCase(name: "one of each kind", files: [(["shop.test"], .ecdsa, []), (["shop.test"], .rsa, [])], expect: [], served: ["0.pem", "1.pem"]),
        FileCase(name: "a host listed twice", files: [(["shop.test"], .ecdsa, ["shop.test", "shop.test"])], expect: [], served: ["0.pem"]),
        FileCase(name: "a manifest's host among others", files: [(["shop.test", "b.test"], .ecdsa, [])], hasManifest: true,
                 expect: ["note: 0.pem: shop.test has a certificate of this kind already, Secret default/shop-tls, which counts"],
                 served: ["Secret default/shop-tls", "0.pem"]),
        FileCase(name: "a manifest's host, listed", files: [(["shop.test"], .ecdsa, ["shop.test"])], hasManifest: true,
                 expect: ["warning: 0.pem: shop.test has a certificate of this kind already, Secret default/shop-tls, which counts"],
                 served: ["Secret default/shop-tls"]),
    ])
    func filesThatAreOfNoUse(_ test: FileCase) throws {
        let authority = try TestAuthority()
        let folder = try Scratch.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var settings = Self.listener + "manifests: [shop.yaml]\ntls:\n  certificates:\n"
        for (number, file) in test.files.enumerated() {
            let pair = try authority.issue(file.names, kind: file.kind)
            try Scratch.write(pair.chain, to: "\(folder)/\(number).pem")
            try Scratch.write(pair.key, to: "\(folder)/\(number).key")
            let hosts = file.hosts.map { "\"\($0)\"" }.joined(separator: ", ")
            settings += "  - {certificate: \(number).pem, key: \(number).key, hosts: [\(hosts)]}\n"
        }
        let secret = test.hasManifest ? Self.secret("shop-tls", try authority.issue("shop.test")) : ""
        try Scratch.write(secret + Self.ingress(tls: test.hasManifest ? Self.usual : "[]"), to: folder + "/shop.yaml")
        try Scratch.write(settings, to: folder + "/serin.yaml")
        let loaded = ConfigurationLoader.load(file: folder + "/serin.yaml")
        let said = loaded.diagnostics.filter { $0.object.hasSuffix(".pem") }
        #expect(said.map { "\($0.severity): \($0.object): \($0.message)" } == test.expect)
        for diagnostic in said { #expect(diagnostic.line == 6 + (Int(diagnostic.object.prefix(1)) ?? -1)) }
        #expect(loaded.configuration?.snapshot.https.certificates.map(\.source) == test.served)
    }

    /// What a load leaves is used by the next one, and what has changed is read again.
    @Test func reloadsTakeOverWhatIsTheSame() throws {
        let authority = try TestAuthority()
        let folder = try Scratch.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Scratch.write(Self.listener + "manifests: [shop.yaml]\n", to: folder + "/serin.yaml")
        func load(_ pair: TestAuthority.Pair, after previous: PreviousLoad = PreviousLoad()) throws -> LoadedConfiguration {
            try Scratch.write(Self.secret("shop-tls", pair) + Self.ingress(tls: Self.usual), to: folder + "/shop.yaml")
            return try #require(ConfigurationLoader.load(file: folder + "/serin.yaml", after: previous).configuration)
        }
        let (one, two) = (try authority.issue("shop.test", days: 30), try authority.issue("shop.test", days: 60))
        let first = try load(one)
        let same = try load(one, after: first.remains)
        let other = try load(two, after: same.remains)
        #expect(same.snapshot.https.certificates == first.snapshot.https.certificates)
        #expect(other.snapshot.https.certificates != first.snapshot.https.certificates)
        let (before, after) = (try #require(first.tls.clients), try #require(same.tls.clients))
        #expect(after !== before && after.sets[0] === before.sets[0])
        #expect(try #require(other.tls.clients).sets[0] !== after.sets[0])
    }
}
