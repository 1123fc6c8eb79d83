import COpenSSL
import TestCertificates
import TestSupport
import Testing
@testable import TLS

@Suite struct HandshakeTests {
    // MARK: Versions and parameters

    struct Offer: Sendable, CustomTestStringConvertible {
        let name: String
        var minimum = TLSVersion.tls12
        var from = TLS1_2_VERSION
        var to = TLS1_3_VERSION
        var ciphers: String?
        var curves: String?
        var protocols: [UInt8] = []
        let expect: Expectation
        var testDescription: String { name }

        enum Expectation: Sendable { case version(Int32), failure(TLSFailure) }
    }

    private static let http11: [UInt8] = [8] + Array("http/1.1".utf8)
    private static let h2: [UInt8] = [2] + Array("h2".utf8)

    @Test(arguments: [
        Offer(name: "the newest of both", expect: .version(TLS1_3_VERSION)),
        Offer(name: "1.2", to: TLS1_2_VERSION, expect: .version(TLS1_2_VERSION)),
        Offer(name: "1.1 is too old", from: TLS1_VERSION, to: TLS1_1_VERSION, expect: .failure(.version)),
        Offer(name: "1.2 is too old where 1.3 is wanted", minimum: .tls13, to: TLS1_2_VERSION, expect: .failure(.version)),
        Offer(name: "1.3 where it is wanted", minimum: .tls13, expect: .version(TLS1_3_VERSION)),
        Offer(name: "a cipher without forward secrecy", to: TLS1_2_VERSION, ciphers: "AES128-GCM-SHA256", expect: .failure(.parameters)),
        Offer(name: "a cipher that is no AEAD", to: TLS1_2_VERSION, ciphers: "ECDHE-ECDSA-AES128-SHA", expect: .failure(.parameters)),
        Offer(name: "another curve", to: TLS1_2_VERSION, curves: "P-521", expect: .failure(.parameters)),
        Offer(name: "another curve in 1.3", from: TLS1_3_VERSION, curves: "P-521", expect: .failure(.parameters)),
        Offer(name: "HTTP/1.1 by ALPN", protocols: h2 + http11, expect: .version(TLS1_3_VERSION)),
        Offer(name: "only HTTP/2 by ALPN", protocols: h2, expect: .failure(.applicationProtocol)),
    ])
    func offersAreTakenOrRefused(_ offer: Offer) throws {
        let authority = try TestAuthority()
        var settings = TLSSettings()
        settings.minimumVersion = offer.minimum
        let context = try TLSContext.of([("a", ["shop.test"], [try authority.issue("shop.test")])], settings: settings)
        var options = TestClient.Options()
        options.minimumVersion = offer.from
        options.maximumVersion = offer.to
        options.ciphers = offer.ciphers
        options.curves = offer.curves
        options.protocols = offer.protocols
        let duet = Duet(context, options)
        let outcome = duet.handshake()
        switch offer.expect {
        case .version(let version):
            #expect(outcome == .bytes(0))
            #expect(duet.client.version == version)
            #expect(duet.server.version == (version == TLS1_3_VERSION ? .tls13 : .tls12))
            #expect(duet.client.chosenProtocol == (offer.protocols.isEmpty ? "" : "http/1.1"))
        case .failure(let failure):
            #expect(outcome == .failed(failure))
            #expect(duet.server.handshake() == .failed(failure), "it stays so")
        }
    }

    @Test func settingsThatOpenSSLDoesNotTake() throws {
        func fault(_ change: (inout TLSSettings) -> Void) -> TLSSettingsFault? {
            var settings = TLSSettings()
            change(&settings)
            do {
                _ = try TLSContext.of([], settings: settings)
                return nil
            } catch {
                return error as? TLSSettingsFault
            }
        }
        #expect(fault { _ in } == nil)
        if case .ciphers? = fault({ $0.ciphers = ["NOSUCH"] }) {} else { Issue.record("ciphers") }
        if case .cipherSuites? = fault({ $0.cipherSuites = ["NOSUCH"] }) {} else { Issue.record("suites") }
        if case .curves? = fault({ $0.curves = ["NOSUCH"] }) {} else { Issue.record("curves") }
    }

    // MARK: Certificates

    struct Asked: Sendable, CustomTestStringConvertible {
        let name: String
        let serverName: String?
        let expect: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Asked(name: "its own name", serverName: "shop.test", expect: "shop.test"),
        Asked(name: "in any case", serverName: "SHOP.test", expect: "shop.test"),
        Asked(name: "a wildcard", serverName: "a.wild.test", expect: "*.wild.test"),
        Asked(name: "below the wildcard's label", serverName: "a.b.wild.test", expect: Certificate.selfSignedName),
        Asked(name: "an unknown name", serverName: "other.test", expect: Certificate.selfSignedName),
        Asked(name: "no name, several certificates", serverName: nil, expect: Certificate.selfSignedName),
    ])
    func theNameChoosesTheCertificate(_ asked: Asked) throws {
        let authority = try TestAuthority()
        let shop = try authority.issue("shop.test"), wild = try authority.issue("*.wild.test")
        let context = try TLSContext.of([("a", ["shop.test"], [shop]), ("b", ["*.wild.test"], [wild])])
        for version in [TLS1_2_VERSION, TLS1_3_VERSION] {
            var options = TestClient.Options()
            options.serverName = asked.serverName
            options.maximumVersion = version
            let duet = Duet(context, options)
            #expect(duet.handshake() == .bytes(0))
            #expect(duet.client.peerName == asked.expect)
        }
    }

    @Test func withoutANameTheOnlyCertificateIsServed() throws {
        let authority = try TestAuthority()
        let context = try TLSContext.of([("a", ["shop.test"], [try authority.issue("shop.test")])])
        var options = TestClient.Options()
        options.serverName = nil
        let duet = Duet(context, options)
        #expect(duet.handshake() == .bytes(0))
        #expect(duet.client.peerName == "shop.test")
        options.serverName = "other.test"
        let other = Duet(context, options)
        #expect(other.handshake() == .bytes(0))
        #expect(other.client.peerName == Certificate.selfSignedName, "but not for another name")
    }

    @Test func clientsThatCanGetECDSA() throws {
        let authority = try TestAuthority()
        let pairs = [try authority.issue("shop.test", kind: .rsa), try authority.issue("shop.test")]
        let context = try TLSContext.of([("a", ["shop.test"], pairs)])
        let modern = Duet(context)
        #expect(modern.handshake() == .bytes(0))
        #expect(!modern.client.peerHasRSA)
        var options = TestClient.Options()
        options.maximumVersion = TLS1_2_VERSION
        let both = Duet(context, options)
        #expect(both.handshake() == .bytes(0))
        #expect(!both.client.peerHasRSA)
        options.ciphers = "ECDHE-RSA-AES128-GCM-SHA256"
        let old = Duet(context, options)
        #expect(old.handshake() == .bytes(0))
        #expect(old.client.peerHasRSA)
    }

    // MARK: Resumption

    struct Way: Sendable, CustomTestStringConvertible {
        let name: String
        let version: Int32
        var tickets = true
        /// With a context made anew, as by a reload.
        var renewed = false
        /// Whose certificates come from elsewhere, under the same name.
        var source = "a"
        var serverName = "shop.test"
        let resumes: Bool
        var testDescription: String { name }
    }

    @Test(arguments: [
        Way(name: "1.2 by ticket", version: TLS1_2_VERSION, resumes: true),
        Way(name: "1.3 by ticket", version: TLS1_3_VERSION, resumes: true),
        Way(name: "1.2 by session id", version: TLS1_2_VERSION, tickets: false, resumes: true),
        Way(name: "1.3 by session id", version: TLS1_3_VERSION, tickets: false, resumes: true),
        Way(name: "1.2 by ticket, after a reload", version: TLS1_2_VERSION, renewed: true, resumes: true),
        Way(name: "1.3 by ticket, after a reload", version: TLS1_3_VERSION, renewed: true, resumes: true),
        Way(name: "1.2, other certificates", version: TLS1_2_VERSION, renewed: true, source: "b", resumes: false),
        Way(name: "1.3, other certificates", version: TLS1_3_VERSION, renewed: true, source: "b", resumes: false),
        Way(name: "1.2, another host's", version: TLS1_2_VERSION, serverName: "other.test", resumes: false),
        Way(name: "1.3, another host's", version: TLS1_3_VERSION, serverName: "other.test", resumes: false),
    ])
    func sessionsAreResumed(_ way: Way) throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test"), other = try authority.issue("other.test")
        var settings = TLSSettings()
        settings.tickets = way.tickets
        let context = try TLSContext.of([("a", ["shop.test"], [pair]), ("o", ["other.test"], [other])], settings: settings)
        var options = TestClient.Options()
        options.maximumVersion = way.version
        let first = Duet(context, options)
        #expect(first.handshake() == .bytes(0))
        #expect(!first.server.isResumed)
        options.session = first.client.session
        options.serverName = way.serverName
        first.client.sayGoodbye()
        first.carry()
        _ = first.read()

        let next = way.renewed
            ? try TLSContext.of([(way.source, ["shop.test"], [pair]), ("o", ["other.test"], [other])], settings: settings) : context
        let second = Duet(next, options)
        #expect(second.handshake() == .bytes(0))
        #expect(second.server.isResumed == way.resumes)
        #expect(second.client.isResumed == way.resumes)
        second.client.write("hello")
        second.carry()
        #expect(second.read().bytes == Array("hello".utf8))

        options.session = second.client.session
        let third = Duet(next, options)
        #expect(third.handshake() == .bytes(0))
        #expect(third.client.isResumed, "a connection that was resumed leaves what the next one can go on with")
    }

    /// Early data could be played back by whoever has seen it: none is allowed, and what a client sends all the same is dropped.
    @Test func earlyDataIsNotAccepted() throws {
        let authority = try TestAuthority()
        let context = try TLSContext.of([("a", ["shop.test"], [try authority.issue("shop.test")])])
        var options = TestClient.Options()
        options.minimumVersion = TLS1_3_VERSION
        let first = Duet(context, options)
        #expect(first.handshake() == .bytes(0))
        let session = try #require(first.client.session)
        #expect(session.earlyDataLimit == 0, "its ticket says so")
        session.allowEarlyData()
        options.session = session
        let second = Duet(context, options)
        #expect(second.client.writeEarly("GET /early HTTP/1.1\r\n\r\n"))
        #expect(second.handshake() == .bytes(0))
        #expect(second.client.isResumed && !second.client.isEarlyDataAccepted)
        second.client.write("late")
        second.carry()
        #expect(second.read().bytes == Array("late".utf8), "what came early is not there")
    }

    // MARK: Ciphers of hosts

    struct Preference: Sendable, CustomTestStringConvertible {
        let name: String
        var ciphers: CipherPreference?
        var serverName: String? = "shop.test"
        /// The client's, in its order.
        let offer: String
        /// Nil: none in common.
        let expect: String?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Preference(name: "ours in our order", offer: "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256", expect: "ECDHE-ECDSA-AES128-GCM-SHA256"),
        Preference(name: "the client's order", ciphers: CipherPreference(isOurOrder: false),
                   offer: "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256", expect: "ECDHE-ECDSA-AES256-GCM-SHA384"),
        Preference(name: "a list", ciphers: CipherPreference(list: "ECDHE-ECDSA-AES256-GCM-SHA384"),
                   offer: "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384", expect: "ECDHE-ECDSA-AES256-GCM-SHA384"),
        Preference(name: "a list without what the client has", ciphers: CipherPreference(list: "ECDHE-ECDSA-AES256-GCM-SHA384"),
                   offer: "ECDHE-ECDSA-AES128-GCM-SHA256", expect: nil),
        Preference(name: "a list with what others are refused", ciphers: CipherPreference(list: "ECDHE-ECDSA-AES128-SHA256"),
                   offer: "ECDHE-ECDSA-AES128-SHA256", expect: "ECDHE-ECDSA-AES128-SHA256"),
        Preference(name: "is the host's only", ciphers: CipherPreference(list: "ECDHE-ECDSA-AES128-SHA256", isOurOrder: false), serverName: "other.test",
                   offer: "ECDHE-ECDSA-AES128-SHA256", expect: nil),
        Preference(name: "the order is the host's only", ciphers: CipherPreference(isOurOrder: false), serverName: "other.test",
                   offer: "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256", expect: "ECDHE-ECDSA-AES128-GCM-SHA256"),
    ])
    func ciphersOfHosts(_ test: Preference) throws {
        let authority = try TestAuthority()
        let sets = try ["shop.test", "other.test"].map { name in
            let pair = try authority.issue(name)
            return HostCertificates(
                source: name, hosts: [name], certificates: [try Certificate(chain: Array(pair.chain.utf8), key: Array(pair.key.utf8))],
                ciphers: name == "shop.test" ? test.ciphers : nil)
        }
        let context = try TLSContext(
            TLSSettings(), sets, fallback: HostCertificates(source: "self-signed", hosts: [], certificates: [.selfSigned]))
        var options = TestClient.Options()
        options.maximumVersion = TLS1_2_VERSION
        options.ciphers = test.offer
        options.serverName = test.serverName
        let duet = Duet(context, options)
        #expect(duet.handshake() == (test.expect == nil ? .failed(.parameters) : .bytes(0)))
        #expect(duet.client.cipher == test.expect)
    }

    @Test func aSessionOfOtherCiphersIsNotResumed() throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("shop.test", "strict.test")
        let certificate = try Certificate(chain: Array(pair.chain.utf8), key: Array(pair.key.utf8))
        let sets = [
            HostCertificates(source: "one", hosts: ["shop.test"], certificates: [certificate], ciphers: CipherPreference(list: "ECDHE-ECDSA-AES128-SHA256")),
            HostCertificates(source: "one", hosts: ["strict.test"], certificates: [certificate]),
        ]
        let context = try TLSContext(
            TLSSettings(), sets, fallback: HostCertificates(source: "self-signed", hosts: [], certificates: [.selfSigned]))
        var options = TestClient.Options()
        options.maximumVersion = TLS1_2_VERSION
        let first = Duet(context, options)
        #expect(first.handshake() == .bytes(0))
        options.session = first.client.session
        options.serverName = "strict.test"
        let second = Duet(context, options)
        #expect(second.handshake() == .bytes(0))
        #expect(!second.client.isResumed)
    }

    // MARK: Bad clients

    @Test func byteByByte() throws {
        let authority = try TestAuthority()
        let context = try TLSContext.of([("a", ["shop.test"], [try authority.issue("shop.test")])])
        for version in [TLS1_2_VERSION, TLS1_3_VERSION] {
            var options = TestClient.Options()
            options.maximumVersion = version
            let duet = Duet(context, options)
            #expect(duet.handshake(inPiecesOf: 1) == .bytes(0))
        }
    }

    struct Garbage: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let expect: TLSFailure
        var testDescription: String { name }
    }

    @Test(arguments: [
        Garbage(name: "GET", bytes: Array("GET / HTTP/1.1\r\n\r\n".utf8), expect: .plainText),
        Garbage(name: "a method that OpenSSL does not know", bytes: Array("PATCH / HTTP/1.1\r\n\r\n".utf8), expect: .plainText),
        Garbage(name: "one letter", bytes: Array("g".utf8), expect: .plainText),
        Garbage(name: "zeros", bytes: [UInt8](repeating: 0, count: 64), expect: .version),
        Garbage(name: "an alert", bytes: [21, 3, 1, 0, 2, 2, 40], expect: .malformed),
        Garbage(name: "a record that is too long", bytes: [22, 3, 1, 0xFF, 0xFF] + [UInt8](repeating: 1, count: 64), expect: .malformed),
        Garbage(name: "a handshake that is none", bytes: [22, 3, 1, 0, 4, 1, 0, 0, 0], expect: .malformed),
    ])
    func garbageIsRefused(_ garbage: Garbage) throws {
        let duet = Duet(try TLSContext.of([]))
        duet.send(garbage.bytes)
        #expect(duet.server.handshake() == .failed(garbage.expect))
        if garbage.expect == .plainText { #expect(duet.receive().isEmpty, "nothing that HTTP does not understand goes out") }
        #expect(duet.server.sayGoodbye(), "there is nothing to say")
    }

    @Test func aClientThatGoesAway() throws {
        let context = try TLSContext.of([])
        let early = Duet(context)
        early.hangUp()
        #expect(early.server.handshake() == .failed(.disconnected))

        let halfway = Duet(context)
        _ = halfway.client.handshake()
        let hello = halfway.client.take()
        halfway.send(hello.prefix(hello.count / 2))
        #expect(halfway.server.handshake() == .wantsRead)
        halfway.hangUp()
        #expect(halfway.server.handshake() == .failed(.disconnected))
    }

    /// A seeded walk: whatever the bytes, a handshake goes on, ends or waits, and nothing is ever read as a request.
    /// One byte of what the client sends is changed on its way: either end notices, be it by the last words of the handshake.
    @Test func changedBytesNeverPass() throws {
        let authority = try TestAuthority()
        let context = try TLSContext.of([("a", ["shop.test"], [try authority.issue("shop.test")])])
        for seed in 0..<200 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let duet = Duet(context)
            // Behind the versions of its records, which do not matter.
            let (flight, first) = seed.isMultiple(of: 2) ? (0, 5) : (1, 11)
            var outcome = TLSOutcome.wantsRead
            for step in 0..<4 {
                _ = duet.client.handshake()
                var bytes = duet.client.take()
                if step == flight { bytes[first + generator.below(bytes.count - first)] ^= UInt8(1 + generator.below(255)) }
                duet.send(bytes)
                if outcome == .wantsRead { outcome = duet.server.handshake() }
                duet.client.give(duet.receive())
            }
            #expect(outcome != .bytes(0), "seed \(seed)")
        }
    }
}
