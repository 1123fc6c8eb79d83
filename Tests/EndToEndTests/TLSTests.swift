import Foundation
import TestCertificates
import Testing

/// Clients that speak TLS, each by somebody else's code: OpenSSL's command, curl, Python.
@Suite struct TLSTests {
    // MARK: What is agreed on

    struct Version: Sendable, CustomTestStringConvertible {
        let name: String
        var minimum = "1.2"
        let arguments: [String]
        /// Nil: refused.
        let expect: String?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Version(name: "the newest", arguments: [], expect: "TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256"),
        Version(name: "1.2", arguments: ["-tls1_2"], expect: "TLSv1.2, Cipher is ECDHE-ECDSA-AES128-GCM-SHA256"),
        Version(name: "the order is ours", arguments: ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"],
                expect: "TLSv1.2, Cipher is ECDHE-ECDSA-AES128-GCM-SHA256"),
        Version(name: "but ChaCha20 first is obeyed", arguments: ["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"],
                expect: "TLSv1.2, Cipher is ECDHE-ECDSA-CHACHA20-POLY1305"),
        Version(name: "1.1", arguments: ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], expect: nil),
        Version(name: "1.2 where 1.3 is wanted", minimum: "1.3", arguments: ["-tls1_2"], expect: nil),
        Version(name: "CBC", arguments: ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"], expect: nil),
        Version(name: "no forward secrecy", arguments: ["-tls1_2", "-cipher", "AES128-GCM-SHA256"], expect: nil),
        Version(name: "a curve that is not offered", arguments: ["-curves", "P-521"], expect: nil),
        Version(name: "only HTTP/2", arguments: ["-alpn", "h2"], expect: nil),
    ])
    func versionsAndCiphers(_ version: Version) throws {
        let proxy = try TLSProxy(try .named("app"), tls: ["minVersion: \"\(version.minimum)\""])
        let (output, isConnected) = try proxy.openssl(version.arguments)
        #expect(isConnected == (version.expect != nil), "\(output)")
        if let expect = version.expect {
            #expect(output.contains(expect), "\(output)")
            #expect(output.contains("Verify return code: 0 (ok)"), "\(output)")
            #expect(output.contains("Compression: NONE"))
        } else {
            try eventually("the failure to be counted") { try proxy.serin.metrics().sum("serin_tls_failures_total") == 1 }
        }
    }

    @Test func curlGetsAndPuts() throws {
        let origin = try RecordingOrigin.named("app")
        let proxy = try TLSProxy(origin, settings: "limits: {body: 8MiB}")
        let answer = try Curl.run(proxy.curl("shop.test", "/x?y=1"))
        #expect(answer.exit == .exited(0))
        #expect(answer.status == 200)
        #expect(answer.body == "app\n")
        #expect(answer.trace.contains("server accepted http/1.1"), "\(answer.trace)")
        #expect(answer.trace.contains("Strict-Transport-Security: max-age=31536000; includeSubDomains"), "\(answer.trace)")
        let seen = try origin.requests(1)[0]
        #expect(seen["X-Forwarded-Proto"] == "https")
        #expect(seen["X-Forwarded-Scheme"] == "https")
        #expect(seen["X-Scheme"] == "https")
        #expect(seen["X-Forwarded-Port"] == "443", "what clients connect to; the listener's own port may be another")

        try proxy.serin.folder.write(String(repeating: "0123456789abcdef", count: 200_000), to: "upload")
        let put = try Curl.run(["-T", proxy.serin.folder.path("upload")] + proxy.curl("shop.test", "/upload"))
        #expect(put.status == 200)
        #expect(try origin.requests(2)[1].body.count == 3_200_000)
    }

    // MARK: Names

    @Test func certificatesByName() throws {
        let proxy = try TLSProxy(try .named("app"), hosts: ["shop-tls": ["shop.test"], "wild-tls": ["*.wild.test"]])
        for host in ["shop.test", "a.wild.test", "b.wild.test"] {
            let answer = try Curl.run(proxy.curl(host, "/"))
            #expect(answer.exit == .exited(0), "\(answer.trace)")
            #expect(answer.status == 200)
        }
        // curl's code for a certificate that it does not accept.
        #expect(try Curl.run(proxy.curl("a.b.wild.test", "/")).exit == .exited(60))
        #expect(try Curl.run(proxy.curl("other.test", "/")).exit == .exited(60))
        try eventually("the refusals to be counted") {
            try proxy.serin.metrics().sum("serin_tls_failures_total", ["reason": "certificate_refused"]) == 2
        }
        #expect(try proxy.openssl([], host: "other.test").output.contains("CN = serin.invalid"))
        #expect(try proxy.openssl([], host: nil).output.contains("CN = serin.invalid"))
    }

    /// Hosts that ask for certificates share it with one that does not.
    @Test func aClientWithoutANameGetsTheOnlyCertificate() throws {
        let (servers, clients) = (try TestAuthority(), try TestAuthority())
        let asking = Manifests.ingress(
            "asking", host: "two.test", service: "app", annotations: Manifests.annotations(["auth-tls-secret": "default/clients"]))
            + "  tls: [{hosts: [two.test], secretName: both-tls}]\n"
        let proxy = try TLSProxy(
            try .named("app"), authority: servers, hosts: [:],
            also: [
                Manifests.secret("both-tls", try servers.issue("one.test", "two.test")), Manifests.secret("clients", ["ca.crt": try clients.certificate]),
                Manifests.ingress("open", host: "one.test", service: "app") + "  tls: [{hosts: [one.test], secretName: both-tls}]\n", asking,
            ])
        let said = try proxy.openssl([], host: nil).output
        #expect(said.contains("CN = one.test") && said.contains("No client certificate CA names sent"), "\(said)")
        #expect(try proxy.openssl([], host: "two.test").output.contains("Acceptable client certificate CA names"))
    }

    @Test func bothKindsOfKeys() throws {
        let authority = try TestAuthority()
        let folder = try TemporaryFolder()
        let origin = try RecordingOrigin.named("app")
        var configuration = TestConfiguration.origin(origin)
        configuration.manifests = [Manifests.ingress("app", host: "shop.test", service: "app")]
        configuration.listeners = ["127.0.0.1:0"]
        configuration.secureListeners = [0]
        configuration.settings = "tls:\n  certificates:\n"
        for (name, kind) in [("ecdsa", TestAuthority.Kind.ecdsa), ("rsa", .rsa)] {
            let pair = try authority.issue("shop.test", kind: kind)
            try folder.write(pair.chain, to: name + ".pem")
            try folder.write(pair.key, to: name + ".key")
            configuration.settings += "    - {certificate: \(name).pem, key: \(name).key}\n"
        }
        let serin = try SerinProcess(configuration, folder: folder)
        try Python.run("""
            modern = connect()
            expect(modern.cipher()[0], "TLS_AES_128_GCM_SHA256")
            old = context(ssl.TLSVersion.TLSv1_2)
            expect(connect(using=old).cipher()[0], "ECDHE-ECDSA-AES128-GCM-SHA256")
            old.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
            connection = connect(using=old)
            expect(connection.cipher()[0], "ECDHE-RSA-AES128-GCM-SHA256")
            expect(ask(connection)[2], b"app\\n")
            """, serin.address, authority)
        let metrics = try serin.metrics().text
        #expect(metrics.contains("serin_tls_cert_not_after_seconds{certificate=\"ecdsa.pem\",type=\"ecdsa\"}"))
        #expect(metrics.contains("serin_tls_cert_not_after_seconds{certificate=\"rsa.pem\",type=\"rsa\"}"))
    }

    @Test func ciphersOfAnIngress() throws {
        let annotations = Manifests.annotations([
            "ssl-ciphers": "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384", "ssl-prefer-server-ciphers": "false",
        ])
        let proxy = try TLSProxy(try .named("app"), annotations: annotations)
        for (offer, expect) in [
            ("ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"),
            ("ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA256"),
        ] {
            let output = try proxy.openssl(["-tls1_2", "-cipher", offer]).output
            #expect(output.contains("Cipher is \(expect)"), "\(output)")
        }
        #expect(try !proxy.openssl(["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"]).isConnected)
        #expect(try proxy.openssl(["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], host: "other.test").isConnected, "others are as ever")
        #expect(try proxy.openssl([]).output.contains("TLSv1.3"), "1.3 has its own")
    }

    @Test func anotherHostThanTheCertificatesIsMisdirectedIfSoWished() throws {
        let hosts = ["one-tls": ["one.test"], "two-tls": ["two.test", "three.test"]]
        let script = """
            def status(name, host):
                return ask(connect(name, context(verify=False)), host=host)[0]
            expect([status("one.test", "one.test"), status("one.test", "two.test"), status("two.test", "three.test"),
                    status("two.test", "nowhere.test"), status("nowhere.test", "nowhere.test"), status("nowhere.test", "one.test")],
                   eval(args[0]))
            """
        let origin = try RecordingOrigin.named("app")
        try TLSProxy(origin, hosts: hosts, tls: ["strictSNI: true"]).python(script, "[200, 421, 200, 421, 404, 421]")
        try TLSProxy(origin, hosts: hosts).python(script, "[200, 200, 200, 404, 404, 200]")
    }

    // MARK: Resumption

    @Test func sessionsResumeOnAnyWorkerAndAfterAReload() throws {
        let proxy = try TLSProxy(try .named("app"), workers: 4)
        let folder = try TemporaryFolder()
        let client = try Python.start("""
            contexts = [context(ssl.TLSVersion.TLSv1_2), context(ssl.TLSVersion.TLSv1_3)]
            sessions = [visit(using)[0] for using in contexts]
            def again():
                for index, using in enumerate(contexts):
                    for _ in range(12):
                        fresh, reused = visit(using, sessions[index])
                        assert reused, "not resumed"
                        sessions[index] = fresh
            again()
            open(args[0], "w").close()
            wait_for(args[1])
            again()
            """, proxy.secure, proxy.authority, [folder.path("visited"), folder.path("reloaded")], in: folder)
        try eventually("the first visits; \(client.errors)") { client.exit != nil || folder.exists("visited") }
        #expect(try proxy.serin.reload().status == 200)
        try folder.write("", to: "reloaded")
        #expect(try client.wait(within: 60) == .exited(0), "\(client.errors)")
        let metrics = try proxy.serin.metrics()
        for version in ["1.2", "1.3"] {
            #expect(metrics.sum("serin_tls_handshakes_total", ["version": version, "resumed": "true"]) == 24)
            #expect(metrics.sum("serin_tls_handshakes_total", ["version": version, "resumed": "false"]) == 1)
        }
    }

    @Test func withoutTicketsOldClientsResumeBySessionID() throws {
        try TLSProxy(try .named("app"), tls: ["tickets: false"]).python("""
            using = context(ssl.TLSVersion.TLSv1_2)
            first = connect(using=using)
            expect(ask(first)[0], 200)
            session = first.session
            expect(session.has_ticket, False)
            first.unwrap()
            expect(connect(using=using, session=session).session_reused, True)
            """)
    }

    // MARK: Certificates come and go

    @Test func aReloadReplacesACertificateUnderAConnection() throws {
        let proxy = try TLSProxy(try .named("app"), workers: 2)
        let folder = try TemporaryFolder()
        let client = try Python.start("""
            stays = connect()
            before = stays.getpeercert()["serialNumber"]
            expect(ask(stays)[2], b"app\\n")
            open(args[0], "w").close()
            wait_for(args[1])
            for _ in range(8):
                fresh = connect()
                assert fresh.getpeercert()["serialNumber"] != before, "still the old one"
                expect(ask(fresh)[2], b"app\\n")
            expect(ask(stays)[2], b"app\\n")
            """, proxy.secure, proxy.authority, [folder.path("connected"), folder.path("reloaded")], in: folder)
        try eventually("the connection; \(client.errors)") { client.exit != nil || folder.exists("connected") }
        proxy.configuration.manifests[0] = Manifests.secret("shop-tls", try proxy.authority.issue("shop.test"))
        #expect(try proxy.serin.reload(proxy.configuration).status == 200)
        try folder.write("", to: "reloaded")
        #expect(try client.wait(within: 60) == .exited(0), "\(client.errors)")
    }

    @Test func anExpiredCertificateIsServedAndSaidSo() throws {
        let authority = try TestAuthority()
        let origin = try RecordingOrigin.named("app")
        var configuration = TestConfiguration.origin(origin)
        configuration.listeners = ["127.0.0.1:0"]
        configuration.secureListeners = [0]
        configuration.manifests = [
            Manifests.secret("shop-tls", try authority.issueExpired("shop.test")),
            Manifests.ingress("app", host: "shop.test", service: "app") + "  tls: [{hosts: [shop.test], secretName: shop-tls}]\n",
        ]
        let serin = try SerinProcess(configuration)
        for (arguments, exit) in [([], 0), (["--strict"], 1)] {
            let check = try SerinProcess.launch(["check"] + arguments + ["-c", SerinProcess.file], in: serin.folder, named: "check")
            #expect(try check.wait() == .exited(Int32(exit)), "\(arguments)")
            #expect((check.output + check.errors).contains("the certificate has expired on"), "\(check.output)\(check.errors)")
        }
        let client = ["--cacert", authority.certificatePath, "--resolve", "shop.test:\(serin.address.port):127.0.0.1", "https://shop.test:\(serin.address.port)/"]
        #expect(try Curl.run(client).exit == .exited(60), "its code for a certificate that it does not accept")
        #expect(try Curl.run(["-k"] + client).status == 200)
        let expiry = try serin.metrics().sum("serin_tls_cert_not_after_seconds")
        #expect(expiry > 0 && Double(expiry) < Date().timeIntervalSince1970)
    }

    @Test func aReloadWithABrokenCertificateIsRefused() throws {
        let proxy = try TLSProxy(try .named("app"))
        let (one, two) = (try proxy.authority.issue("shop.test"), try proxy.authority.issue("shop.test"))
        var broken = proxy.configuration
        broken.manifests[0] = Manifests.secret(
            "shop-tls", TestAuthority.Pair(chain: one.chain, key: two.key))
        let answer = try proxy.serin.reload(broken)
        #expect(answer.status == 422)
        #expect(answer.text.contains("`tls.key` holds the private key of another certificate"), "\(answer.text)")
        #expect(answer.text.contains("\"line\":7"), "\(answer.text)")
        for secret in [two.key, one.key] {
            let line = secret.split(separator: "\n")[1]
            #expect(!answer.text.contains(line) && !proxy.serin.process.errors.contains(line), "no key is quoted")
        }
        #expect(try Curl.run(proxy.curl("shop.test", "/")).status == 200, "the old one keeps serving")
    }
}
