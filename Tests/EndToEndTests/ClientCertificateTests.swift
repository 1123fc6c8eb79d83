import Foundation
import TestCertificates
import Testing

/// Clients that show a certificate, or should: by curl, openssl s_client and Python's ssl.
@Suite struct ClientCertificateTests {
    /// A proxy whose host `shop.test` asks for certificates of an authority, and `open.test` beside it, which does not.
    private final class Asking {
        let servers: TestAuthority
        let clients: TestAuthority
        let origin: RecordingOrigin
        let proxy: TLSProxy

        /// - Parameter lists: what comes of the authority of clients as `ca.crl`.
        init(
            _ annotations: [String: String] = [:], mode: String = "scoped", settings: String = "",
            lists: (TestAuthority) throws -> String? = { _ in nil }
        ) throws {
            servers = try TestAuthority()
            clients = try TestAuthority()
            origin = try RecordingOrigin.named("app")
            let all = ["auth-tls-secret": "default/clients"].merging(annotations) { $1 }
            let open = Manifests.secret("open-tls", try servers.issue("open.test")) + "---\n"
                + Manifests.ingress("open", host: "open.test", service: "app") + "  tls: [{hosts: [open.test], secretName: open-tls}]\n"
            let authorities = try Self.secret(clients, lists(clients))
            proxy = try TLSProxy(
                origin, authority: servers, also: [open, authorities], settings: "canary: {compatibility: \(mode)}\n" + settings,
                annotations: Manifests.annotations(all))
        }

        static func secret(_ clients: TestAuthority, _ lists: String?) throws -> String {
            Manifests.secret("clients", ["ca.crt": try clients.certificate].merging(lists.map { ["ca.crl": $0] } ?? [:]) { $1 })
        }

        func curl(_ pair: TestAuthority.Pair? = nil, _ more: [String] = [], host: String = "shop.test") throws -> Curl.Answer {
            let certificate = pair.map { ["--cert", $0.chainPath, "--key", $0.keyPath] } ?? []
            return try Curl.run(certificate + more + proxy.curl(host, "/"))
        }
    }

    // MARK: Who comes in

    enum Shown: String, Sendable { case none, good, expired, stranger }

    struct Case: Sendable, CustomTestStringConvertible {
        let demand: String
        let shown: Shown
        let status: Int
        /// What the origin is told; nil: nothing.
        var verify: String?
        var testDescription: String { "\(demand), \(shown)" }
    }

    @Test(arguments: [
        Case(demand: "on", shown: .none, status: 400),
        Case(demand: "on", shown: .good, status: 200, verify: "SUCCESS"),
        Case(demand: "on", shown: .expired, status: 400),
        Case(demand: "on", shown: .stranger, status: 400),
        Case(demand: "optional", shown: .none, status: 200, verify: "NONE"),
        Case(demand: "optional", shown: .good, status: 200, verify: "SUCCESS"),
        Case(demand: "optional", shown: .stranger, status: 400),
        Case(demand: "optional_no_ca", shown: .none, status: 200, verify: "NONE"),
        Case(demand: "optional_no_ca", shown: .stranger, status: 200, verify: "FAILED:unable to verify the first certificate"),
        Case(demand: "optional_no_ca", shown: .expired, status: 400),
        Case(demand: "off", shown: .good, status: 200),
    ])
    func certificatesAreAskedFor(_ test: Case) throws {
        let asking = try Asking(["auth-tls-verify-client": test.demand])
        let stranger = try TestAuthority()
        let pair: TestAuthority.Pair? = switch test.shown {
        case .none: nil
        case .good: try asking.clients.issue("alice")
        case .expired: try asking.clients.issueExpired("alice")
        case .stranger: try stranger.issue("alice")
        }
        // What a client says of itself does not count.
        let lies = ["-H", "ssl-client-verify: SUCCESS", "-H", "SSL-Client-Subject-DN: CN=root", "-H", "ssl-client-issuer-dn: CN=x", "-H", "ssl-client-cert: x"]
        let answer = try asking.curl(pair, lies)
        #expect(answer.status == test.status, "\(answer.trace)")
        withExtendedLifetime(stranger) {}
        guard test.status == 200 else {
            #expect(asking.origin.requests.isEmpty)
            #expect(answer.trace.lowercased().contains("connection: close"))
            #expect(try asking.proxy.serin.metrics().sum("serin_client_errors_total", ["code": "400"]) == 1)
            return
        }
        let seen = try asking.origin.requests(1)[0]
        #expect(seen["ssl-client-verify"] == test.verify)
        let isShown = test.shown != .none && test.demand != "off"
        #expect(seen["ssl-client-subject-dn"] == (isShown ? "CN=alice" : nil))
        #expect(seen["ssl-client-issuer-dn"] == (isShown ? "CN=Test authority" : nil))
        #expect(seen["ssl-client-cert"] == nil)
    }

    @Test func openSSLsClientComesInAndIsToldWhoMay() throws {
        let asking = try Asking()
        let pair = try asking.clients.issue("alice")
        let (said, isConnected) = try asking.proxy.openssl(["-cert", pair.chainPath, "-key", pair.keyPath])
        #expect(isConnected)
        #expect(said.contains("Acceptable client certificate CA names\nCN = Test authority"), "\(said)")
        #expect(try asking.proxy.openssl([], host: "open.test").output.contains("No client certificate CA names sent"))
    }

    /// Whoever signed it.
    @Test func aCertificateThatIsTooLongEndsTheHandshake() throws {
        let asking = try Asking(["auth-tls-verify-client": "optional_no_ca"])
        let names = (0..<300).map { "name-\($0)-of-one-certificate-for-as-many-hosts-as-there-are.test" }
        let pair = try asking.clients.issue(["alice"] + names)
        #expect(try asking.proxy.openssl(["-tls1_2", "-cert", pair.chainPath, "-key", pair.keyPath]).isConnected == false)
        try eventually("the failure to be counted") {
            try asking.proxy.serin.metrics().sum("serin_tls_failures_total", ["reason": "message_too_long"]) == 1
        }
        #expect(try asking.curl(try asking.clients.issue("alice")).status == 200)
    }

    @Test func theCertificateGoesOn() throws {
        let asking = try Asking(["auth-tls-pass-certificate-to-upstream": "true"])
        let pair = try asking.clients.issue("alice")
        #expect(try asking.curl(pair).status == 200)
        let sent = try #require(try asking.origin.requests(1)[0]["ssl-client-cert"])
        #expect(sent.removingPercentEncoding == pair.chain)
        #expect(sent.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    }

    /// What a wildcard's Ingress wants holds for all names below it, with whatever certificate.
    @Test func aNameBelowAWildcardMayHaveItsOwnCertificate() throws {
        let (servers, clients) = (try TestAuthority(), try TestAuthority())
        let own = try servers.issue("own.wild.test")
        let proxy = try TLSProxy(
            try .named("app"), authority: servers, hosts: ["wild-tls": ["*.wild.test"]], also: [try Asking.secret(clients, nil)],
            tls: ["certificates: [{certificate: \(own.chainPath), key: \(own.keyPath)}]"],
            annotations: Manifests.annotations(["auth-tls-secret": "default/clients"]))
        let pair = try clients.issue("alice")
        for host in ["own.wild.test", "other.wild.test"] {
            let shown = try Curl.run(["--cert", pair.chainPath, "--key", pair.keyPath] + proxy.curl(host, "/"))
            #expect(shown.status == 200, "\(host): \(shown.trace)")
            #expect(try Curl.run(proxy.curl(host, "/")).status == 400, "\(host)")
        }
        #expect(try proxy.openssl([], host: "own.wild.test").output.contains("CN = own.wild.test"))
    }

    @Test func theSubjectMustMatch() throws {
        let asking = try Asking(["auth-tls-match-cn": "CN=(alice|bob)$"])
        #expect(try asking.curl(try asking.clients.issue("alice")).status == 200)
        #expect(try asking.curl(try asking.clients.issue("mallory")).status == 403)
    }

    /// Two authorities stand between the client and the one that is trusted.
    @Test(arguments: [("1", 400), ("2", 200)]) func chainsHaveTheirLength(_ depth: String, _ status: Int) throws {
        let asking = try Asking(["auth-tls-verify-depth": depth])
        let upper = try TestAuthority(below: asking.clients, name: "Upper"), lower = try TestAuthority(below: upper, name: "Lower")
        let answer = try asking.curl(try lower.issue("alice"))
        #expect(answer.status == status, "\(answer.trace)")
        #expect(try asking.curl(try upper.issue("bob")).status == 200)
        withExtendedLifetime(lower) {}
    }

    @Test func whoIsRefusedMayBeSentElsewhere() throws {
        let asking = try Asking(["auth-tls-error-page": "https://login.test/why"])
        let answer = try asking.curl()
        #expect(answer.status == 302)
        #expect(answer.trace.contains("Location: https://login.test/why"), "\(answer.trace)")
    }

    // MARK: Taken back

    struct List: Sendable, CustomTestStringConvertible {
        let name: String
        var demand = "on"
        var period = TestAuthority.Period.now
        var isOfOthers = false
        let statuses: [String: Int]
        /// In the log.
        var says = ""
        var testDescription: String { name }
    }

    /// Whether `bob`, whose certificate was taken back, comes in, and `alice`, whose was not.
    @Test(arguments: [
        List(name: "a list", statuses: ["alice": 200, "bob": 400]),
        List(name: "optional", demand: "optional", statuses: ["alice": 200, "bob": 400]),
        List(name: "optional_no_ca is no pardon", demand: "optional_no_ca", statuses: ["alice": 200, "bob": 400]),
        List(name: "nobody asks", demand: "off", statuses: ["alice": 200, "bob": 200]),
        List(name: "out of date", period: .over, statuses: ["alice": 400, "bob": 400], says: "a list is out of date since 2020-01-08"),
        List(name: "not yet", period: .yetToCome, statuses: ["alice": 400, "bob": 400], says: "a list counts from 2049-01-01 only"),
        List(name: "of another authority", isOfOthers: true, statuses: ["alice": 400, "bob": 400], says: "has no list by CN=Test authority"),
    ])
    func certificatesAreTakenBack(_ list: List) throws {
        var pairs: [String: TestAuthority.Pair] = [:]
        let other = try TestAuthority()
        let asking = try Asking(["auth-tls-verify-client": list.demand]) { clients in
            for name in ["alice", "bob"] { pairs[name] = try clients.issue(name) }
            return try (list.isOfOthers ? other : clients).list(list.period, revoking: [pairs["bob"]!])
        }
        for (name, status) in list.statuses { #expect(try asking.curl(pairs[name]).status == status, "\(name)") }
        #expect(asking.proxy.serin.process.errors.contains(list.says) || list.says.isEmpty)
        #expect(asking.proxy.serin.process.errors.contains("ca.crl") == !list.says.isEmpty)
        let end = "serin_tls_crl_next_update_seconds{secret=\"Secret default/clients\"} "
        #expect(try asking.proxy.serin.metrics().text.contains(list.period == .over ? end + "1578441600\n" : end))
    }

    /// As nginx has it: whoever vouches for a certificate must have a list, too, and be on nobody's.
    @Test func theWholeChainIsLookedUp() throws {
        var middle: TestAuthority?
        func status(_ lists: (TestAuthority, TestAuthority) throws -> String) throws -> Int {
            let asking = try Asking(["auth-tls-verify-depth": "2"]) { clients in
                let made = try TestAuthority(below: clients, name: "Middle")
                middle = made
                return try lists(clients, made)
            }
            return try asking.curl(try #require(middle).issue("alice")).status
        }
        #expect(try status { root, _ in try root.list() } == 400)
        #expect(try status { root, middle in try root.list() + middle.list() } == 200)
        #expect(try status { root, middle in try root.list(revoking: middle) + middle.list() } == 400)
    }

    /// What was agreed on before does not count any more: neither a session nor a connection.
    @Test func aNewListCountsAtOnce() throws {
        let asking = try Asking { try $0.list() }
        let alice = try asking.clients.issue("alice")
        let folder = try TemporaryFolder()
        let client = try Python.start("""
            using = context()
            using.load_cert_chain(args[0], args[1])
            stays, other = connect(using=using), connect(using=using)
            expect([ask(stays)[0], ask(other)[0]], [200, 200])
            session = other.session
            other.unwrap()
            open(args[2], "w").close()
            wait_for(args[3])
            expect(ask(stays)[0], 421)
            again = connect(using=using, session=session)
            expect(again.session_reused, False)
            expect(ask(again)[0], 400)
            """, asking.proxy.secure, asking.proxy.authority, [alice.chainPath, alice.keyPath] + ["in", "reloaded"].map(folder.path), in: folder)
        try eventually("the client to be in; \(client.errors)") { client.exit != nil || folder.exists("in") }
        let last = asking.proxy.configuration.manifests.count - 1
        asking.proxy.configuration.manifests[last] = try Asking.secret(asking.clients, asking.clients.list(revoking: [alice]))
        #expect(try asking.proxy.serin.reload(asking.proxy.configuration).status == 200)
        try folder.write("", to: "reloaded")
        #expect(try client.wait(within: 60) == .exited(0), "\(client.errors)")
    }

    // MARK: No way around

    @Test(arguments: ["scoped", "ingress-nginx"])
    func anotherNamesConnectionIsNoWayAround(_ mode: String) throws {
        let asking = try Asking(mode: mode)
        let pair = try asking.clients.issue("alice")
        try asking.proxy.python("""
            def status(name, host, certificate=None):
                using = context(verify=False)
                if certificate: using.load_cert_chain(*certificate)
                return ask(connect(name, using), host=host)[0]
            own = args[0], args[1]
            expect(status("shop.test", "shop.test", own), 200)
            expect(status("open.test", "open.test"), 200)
            expect(status("open.test", "shop.test"), 421)
            expect(status("open.test", "SHOP.test.", own), 421)
            expect(status("nowhere.test", "shop.test", own), 421)
            expect(status(None, "shop.test", own), 421)
            expect(status("shop.test", "open.test"), 200)
            """, pair.chainPath, pair.keyPath)
        #expect(try asking.origin.requests(3).count == 3)
    }

    /// Also paths that lead to no upstream: who is not let in learns nothing of what there is.
    @Test(arguments: ["scoped", "ingress-nginx"])
    func noPathIsAWayAround(_ mode: String) throws {
        let asking = try Asking(mode: mode)
        let manifest = Manifests.ingress(
            "area", host: "area.test", path: "/dir/", service: "app",
            annotations: Manifests.annotations(["auth-tls-secret": "default/clients", "app-root": "/area", "server-alias": "alias.test"]))
        let secret = Manifests.secret("area-tls", try asking.servers.issue(["area.test", "alias.test"]))
        asking.proxy.configuration.manifests += [secret, manifest + "  tls: [{hosts: [area.test], secretName: area-tls}]\n"]
        #expect(try asking.proxy.serin.reload(asking.proxy.configuration).status == 200)
        let pair = try asking.clients.issue("alice")
        try asking.proxy.python("""
            own = context()
            own.load_cert_chain(args[0], args[1])
            for host in ["area.test", "alias.test"]:
                for target, status in [("/", 302), ("/dir", 301), ("/dir/", 200), ("/nope", 404), ("/a%2f..%2fb", None)]:
                    found = ask(connect(host, own), target, host)[0]
                    if status: expect(found, status)
                    for name, using, wanted in [(host, context(), 400), ("open.test", context(), 421), ("open.test", own, 421)]:
                        expect((host, target, name, ask(connect(name, using), target, host)[0]), (host, target, name, wanted))
            """, pair.chainPath, pair.keyPath)
        let plain = try RawClient(asking.proxy.plain)
        for target in ["/", "/dir", "/dir/", "/nope"] { #expect(try plain.get(target, host: "area.test").status == 308, "\(target)") }
    }

    @Test func plainHTTPIsNoWayAroundEither() throws {
        func status(_ annotations: [String: String], _ mode: String = "scoped") throws -> Int {
            let asking = try Asking(annotations, mode: mode)
            return try Curl.run(["-H", "ssl-client-verify: SUCCESS"] + asking.proxy.curl("shop.test", "/", plainly: true)).status
        }
        #expect(try status([:]) == 308)
        #expect(try status(["ssl-redirect": "false"]) == 400)
        #expect(try status(["ssl-redirect": "false", "auth-tls-verify-client": "optional"]) == 200)
        // As nginx has it.
        #expect(try status(["ssl-redirect": "false"], "ingress-nginx") == 200)
        #expect(try status(["ssl-redirect": "false", "auth-tls-match-cn": "CN=alice"], "ingress-nginx") == 403)
    }

    /// Neither one of another name nor one of the same: a certificate is looked at each time.
    @Test func noSessionIsResumedWhereACertificateIsAskedFor() throws {
        let asking = try Asking()
        let pair = try asking.clients.issue("alice")
        try asking.proxy.python("""
            for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
                using = context(version)
                using.load_cert_chain(args[0], args[1])
                first = connect(using=using)
                expect(ask(first)[0], 200)
                session = first.session
                first.unwrap()
                again = connect(using=using, session=session)
                expect(again.session_reused, False)
                expect(ask(again)[0], 200)
                again.unwrap()
                other = connect("open.test", using, session)
                expect(other.session_reused, False)
                expect(ask(other, host="open.test")[0], 200)
                session = other.session
                other.unwrap()
                back = connect(using=using, session=session)
                expect(back.session_reused, False)
            """, pair.chainPath, pair.keyPath)
        let requests = try asking.origin.requests(6)
        #expect(requests.map { $0["ssl-client-subject-dn"] } == ["CN=alice", "CN=alice", nil, "CN=alice", "CN=alice", nil])
    }

    // MARK: Configurations

    @Test func aReloadChangesWhoComesIn() throws {
        let asking = try Asking()
        let (alice, bob) = (try asking.clients.issue("alice"), try asking.servers.issue("bob"))
        #expect(try asking.curl(alice).status == 200)
        #expect(try asking.curl(bob).status == 400)
        let last = asking.proxy.configuration.manifests.count - 1
        asking.proxy.configuration.manifests[last] = Manifests.secret("clients", ["ca.crt": try asking.servers.certificate])
        #expect(try asking.proxy.serin.reload(asking.proxy.configuration).status == 200)
        #expect(try asking.curl(alice).status == 400)
        #expect(try asking.curl(bob).status == 200)
    }

    @Test func withoutItsSecretNobodyComesIn() throws {
        let asking = try Asking(["auth-tls-secret": "default/missing"])
        #expect(try asking.curl(try asking.clients.issue("alice")).status == 403)
        #expect(asking.origin.requests.isEmpty)
        #expect(asking.proxy.serin.process.errors.contains("auth-tls-secret: the Secret default/missing is not among the manifests"))
    }

    /// R36: a canary's requests come in as its main's; in ingress-nginx a canary may speak for the host.
    @Test(arguments: ["scoped", "ingress-nginx"])
    func canaries(_ mode: String) throws {
        let asking = try Asking(mode: mode)
        let old = Manifests.canary("shop-canary", host: "shop.test", service: "app", ["canary-by-header": "X-New"])
        let leaking = Manifests.canary("open-canary", host: "open.test", service: "app", ["canary-weight": "1", "auth-tls-secret": "default/clients"])
        asking.proxy.configuration.manifests += [old, leaking]
        #expect(try asking.proxy.serin.reload(asking.proxy.configuration).status == 200)
        #expect(try asking.curl(nil, ["-H", "X-New: always"]).status == 400)
        #expect(try asking.curl(try asking.clients.issue("alice"), ["-H", "X-New: always"]).status == 200)
        #expect(try asking.curl(host: "open.test").status == (mode == "scoped" ? 200 : 400))
    }
}
