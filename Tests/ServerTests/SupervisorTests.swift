import Addressing
import Exchange
import Glibc
import Logging
import Reactor
import Routing
import TLS
@testable import Server
import Testing

/// A whole proxy in the test's own process.
@Suite struct SupervisorTests {
    @Test func startsServesAndStops() throws {
        let origin = try DemoOrigin(name: "origin", at: TestProxy.anyPort)
        defer { origin.stop() }
        let proxy = try TestProxy(TestProxy.snapshot([origin.address]))
        #expect(proxy.supervisor.listeners.count == 1)
        let address = proxy.supervisor.listeners[0]
        #expect(address.port != 0)
        #expect(proxy.supervisor.admin.port != 0)
        let answer = try TestProxy.get(address)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\norigin\n"), "\(answer)")
        proxy.stop(graceful: true)
        #expect(throws: (any Error).self) { try refuseUnlessEmpty(TestProxy.get(address)) }
    }

    /// A connect that is under way fails only when it is used.
    private func refuseUnlessEmpty(_ answer: String) throws {
        if answer.isEmpty { throw Errno.ECONNREFUSED }
    }

    @Test func installsAnotherSnapshot() throws {
        let old = try DemoOrigin(name: "old", at: TestProxy.anyPort), new = try DemoOrigin(name: "new", at: TestProxy.anyPort)
        defer {
            old.stop()
            new.stop()
        }
        let proxy = try TestProxy(TestProxy.snapshot([old.address]))
        #expect(try proxy.get().hasSuffix("old\n"))
        proxy.supervisor.install(TestProxy.snapshot([new.address]))
        try proxy.expectEventually { $0.hasSuffix("new\n") }
        proxy.supervisor.install(TestProxy.snapshot([]))
        try proxy.expectEventually { $0.hasPrefix("HTTP/1.1 503 ") }
    }

    /// Memory is that of one snapshot again.
    @Test func nothingKeepsTheSnapshotThatItBeganWith() throws {
        weak var first: Snapshot?
        let proxy: TestProxy
        do {
            let snapshot = TestProxy.snapshot([])
            first = snapshot
            proxy = try TestProxy(snapshot)
        }
        #expect(try proxy.get().hasPrefix("HTTP/1.1 503 ") && first != nil)
        proxy.supervisor.install(TestProxy.snapshot([]))
        awaitRelease { first == nil }
        #expect(first == nil)
        proxy.stop()
    }

    /// A request that outlives a reload ends when nobody else comes: what it began with goes all the same.
    @Test func theLastRequestOfASnapshotTakesItAlong() throws {
        weak var first: Snapshot?
        let origin = try Listener.bind(TestProxy.anyPort)
        let proxy: TestProxy
        do {
            let snapshot = TestProxy.snapshot([origin.localAddress], host: "slow")
            first = snapshot
            proxy = try TestProxy(snapshot) { $0.settings.workers = 1 }
        }
        let attempt = try Socket.connect(to: proxy.supervisor.listeners[0])
        switch consume attempt {
        case .connected(let client): try end(client, origin, proxy) { first != nil }
        case .inProgress(let client): try end(client, origin, proxy) { first != nil }
        }
        awaitRelease { first == nil }
        #expect(first == nil)
    }

    /// No event tells of it; for a minute at most.
    private func awaitRelease(_ isDone: () -> Bool) {
        for _ in 0..<6000 where !isDone() { usleep(10_000) }
    }

    private func end(_ client: consuming Socket, _ origin: consuming Listener, _ proxy: TestProxy, _ isKept: () -> Bool) throws {
        try awaitWritable(client.fd)
        let request = Array("GET / HTTP/1.1\r\nHost: slow\r\n\r\n".utf8)
        guard case .bytes(request.count) = client.send(request.span) else { throw Errno.EPIPE }
        try awaitReadable(origin.fd)
        proxy.supervisor.install(TestProxy.snapshot([]))
        try proxy.expectEventually { $0.hasPrefix("HTTP/1.1 503 ") }
        #expect(isKept(), "while its request is under way")
        origin.close()
        try awaitReadable(client.fd)
    }

    @Test func severalLiveSideBySide() throws {
        let origin = try DemoOrigin(name: "origin", at: TestProxy.anyPort)
        defer { origin.stop() }
        let proxies = try (0..<3).map { _ in try TestProxy(TestProxy.snapshot([origin.address])) }
        #expect(Set(proxies.map { $0.supervisor.listeners[0] }).count == 3)
        proxies[0].stop()
        for proxy in proxies[1...] { #expect(try proxy.get().hasSuffix("origin\n")) }
    }

    @Test func aTakenAddressLeavesNothingBehind() throws {
        let first = try TestProxy(TestProxy.snapshot([]))
        let taken = first.supervisor.listeners[0]
        let unix = "/tmp/serin-server-tests-\(UInt64.random(in: 0..<1 << 40)).sock"
        #expect(throws: Supervisor.StartError.self) {
            _ = try TestProxy(TestProxy.snapshot([])) {
                $0.settings.listeners = [.init(address: .unix(path: unix)), .init(address: EndpointAddress(taken))]
            }
        }
        #expect(unsafe access(unix, F_OK) != 0, "the address before it was given up again, with its file")
        #expect(throws: Supervisor.StartError.self) {
            _ = try TestProxy(TestProxy.snapshot([])) { $0.settings.admin = EndpointAddress(taken) }
        }
    }

    /// The same address, configured as something else: the old listener has to go before the new one can come.
    @Test func aReloadReplacesAListenerInItsPlace() throws {
        let old = try DemoOrigin(name: "old", at: TestProxy.anyPort), new = try DemoOrigin(name: "new", at: TestProxy.anyPort)
        defer {
            old.stop()
            new.stop()
        }
        // Of an address that no other test uses: nobody takes the port while it is free.
        let spare = try Listener.bind(.ipv4(address: 0x7F53_4C02, port: 0))
        let place = spare.localAddress
        spare.close()
        let proxy = try TestProxy(TestProxy.snapshot([old.address])) {
            var settings = $0.settings
            settings.listeners = [.init(address: EndpointAddress(place))]
            $0.settings.listeners = [.init(address: EndpointAddress(place), tls: true)]
            $0.tls.clients = try? TLSContext(TLSSettings(), [], fallback: Self.selfSigned)
            let after = settings, snapshot = TestProxy.snapshot([new.address])
            $0.reload = { .loaded(snapshot, TLSContexts(), after, inactive: [], notes: [], files: WatchedFiles()) }
        }
        var answer = try TestProxy.get(place)
        #expect(answer.hasPrefix("HTTP/1.1 400 "), "it speaks TLS")
        proxy.supervisor.reload()
        for _ in 0..<10_000 where !answer.hasSuffix("new\n") { answer = (try? TestProxy.get(place)) ?? "" }
        #expect(answer.hasSuffix("new\n"))
    }

    private static let selfSigned = HostCertificates(source: "self-signed", hosts: [], certificates: [.selfSigned])

    @Test func aTLSListenerWithoutCertificatesIsRefused() throws {
        let origin = try DemoOrigin(name: "origin", at: TestProxy.anyPort)
        defer { origin.stop() }
        #expect(throws: Supervisor.StartError.self) {
            _ = try TestProxy(TestProxy.snapshot([])) { $0.settings.listeners[0].tls = true }
        }
        let log = LogLines()
        let proxy = try TestProxy(TestProxy.snapshot([origin.address])) {
            var settings = $0.settings
            settings.listeners[0].tls = true
            let after = settings, snapshot = $0.snapshot
            $0.logger = Logger(label: "test") { _ in log }
            $0.reload = { .loaded(snapshot, TLSContexts(), after, inactive: [], notes: [], files: WatchedFiles()) }
        }
        proxy.supervisor.reload()
        try log.wait(for: "reload refused: a listener speaks TLS", times: 1)
        #expect(try proxy.get().hasSuffix("origin\n"))
    }

    @Test func stopMayBeSaidTwice() throws {
        let proxy = try TestProxy(TestProxy.snapshot([]))
        proxy.supervisor.stop(graceful: true)
        proxy.supervisor.stop(graceful: false)
        proxy.stop()
    }

    /// A program that never says that it serves.
    @Test func anUpgradeThatTakesTooLongIsGivenUp() throws {
        let origin = try DemoOrigin(name: "origin", at: TestProxy.anyPort)
        defer { origin.stop() }
        let log = LogLines()
        let proxy = try TestProxy(TestProxy.snapshot([origin.address])) {
            $0.launch = Launch(arguments: ["sleep", "1000"], passed: PassedDescriptors(), manager: nil)
            $0.launch?.upgradePatience = 50_000_000
            $0.logger = Logger(label: "test") { _ in log }
        }
        for round in 1...2 {
            proxy.supervisor.upgrade()
            try log.wait(for: "did not serve in time: it was killed by signal 15; this process goes on serving", times: round)
            #expect(try proxy.get().hasSuffix("origin\n"))
        }
    }

    /// A program that neither serves nor ends: it has copies of the listening sockets.
    @Test(arguments: [true, false])
    func aStopDoesNotLeaveTheNextProcessBehind(_ isPatient: Bool) throws {
        let log = LogLines()
        let mark = "/tmp/serin-upgrade-\(UInt64.random(in: 0..<1 << 40))"
        // The path is only read during these calls.
        try #require(unsafe mkfifo(mark, 0o600) == 0)
        let started = unsafe open(mark, O_RDONLY | O_NONBLOCK)
        defer {
            close(started)
            _ = unsafe unlink(mark)
        }
        let proxy = try TestProxy(TestProxy.snapshot([])) {
            $0.settings.shutdownTimeout = .milliseconds(isPatient ? 10 : 600_000)
            $0.launch = Launch(arguments: ["sh", "-c", "trap '' TERM; echo > \(mark); exec sleep 1000"], passed: PassedDescriptors(), manager: nil)
            $0.launch?.killGrace = 50_000_000
            $0.logger = Logger(label: "test") { _ in log }
        }
        proxy.supervisor.upgrade()
        try awaitReadable(started)
        if !isPatient { proxy.supervisor.stop(graceful: true) }
        proxy.stop(graceful: isPatient)
        try log.wait(for: "was told to stop, as this one was: it was killed by signal 9")
    }

    @Test(arguments: [true, false])
    func withoutAProgramThereIsNoUpgrade(_ isInit: Bool) throws {
        let log = LogLines()
        let proxy = try TestProxy(TestProxy.snapshot([])) {
            $0.logger = Logger(label: "test") { _ in log }
            if isInit { $0.launch = Launch(arguments: ["true"], passed: PassedDescriptors(), manager: nil, isInit: true) }
        }
        proxy.supervisor.upgrade()
        try log.wait(for: isInit ? "upgrade refused: this is process 1" : "upgrade refused: this process does not know")
    }
}
