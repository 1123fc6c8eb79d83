import Addressing
import Exchange
import Glibc
import Logging
import Reactor
import Routing
import Synchronization
import TLS
import Testing
@testable import Server

/// Names among the endpoints: when they are asked for, and what happens until they answer.
@Suite struct NameTests {
    /// A system resolver whose answers are the test's.
    private final class Names: Sendable {
        private struct State {
            var answers: [String: [SocketAddress]] = [:]
            var held: Set<String> = []
            var asked: [String: Int] = [:]
            var answered: [String: Int] = [:]
        }

        private let state = Mutex(State())

        func lookUp(_ host: String) -> [SocketAddress]? {
            state.withLock { $0.asked[host, default: 0] += 1 }
            for _ in 0..<20_000 where state.withLock({ $0.held.contains(host) }) { usleep(1000) }
            return state.withLock {
                $0.answered[host, default: 0] += 1
                return $0.answers[host]
            }
        }

        func answer(_ host: String, _ address: SocketAddress) { state.withLock { $0.answers[host] = [address] } }
        func forget(_ host: String) { state.withLock { $0.answers[host] = nil } }
        /// Questions for this name block.
        func hold(_ host: String) { state.withLock { _ = $0.held.insert(host) } }
        func release(_ host: String) { state.withLock { _ = $0.held.remove(host) } }
        func answered(_ host: String) -> Int { state.withLock { $0.answered[host, default: 0] } }
        func asked(_ host: String) -> Int { state.withLock { $0.asked[host, default: 0] } }
    }

    /// Everything goes to one Service with these names as its endpoints.
    private static func snapshot(_ hosts: String...) -> Snapshot {
        TestProxy.snapshot(endpoints: hosts.map { Endpoint(address: .name(host: $0, port: 80)) })
    }

    private static func proxy(
        _ names: Names, _ snapshot: Snapshot, interval: TimeSpan, change: (inout Supervisor.Options) -> Void = { _ in }
    ) throws -> TestProxy {
        try TestProxy(snapshot) { options in
            change(&options)
            options.settings.resolveInterval = interval
            options.lookUp = { host, _ in names.lookUp(host) }
        }
    }

    /// Each time, what was planned while nobody asked for it may have lapsed or not.
    @Test(arguments: [TimeSpan.seconds(3600), .milliseconds(1)])
    func aNameThatComesBackIsAskedForAgain(_ interval: TimeSpan) throws {
        let one = try DemoOrigin(name: "one", at: TestProxy.anyPort), two = try DemoOrigin(name: "two", at: TestProxy.anyPort)
        let three = try DemoOrigin(name: "three", at: TestProxy.anyPort)
        defer { for origin in [one, two, three] { origin.stop() } }
        let names = Names()
        names.answer("app", one.address)
        let proxy = try Self.proxy(names, Self.snapshot("app"), interval: interval)
        #expect(try proxy.get().hasSuffix("one\n"))
        for round in 0..<10 {
            proxy.supervisor.install(TestProxy.snapshot([]))
            try proxy.expectEventually { $0.hasPrefix("HTTP/1.1 503 ") }
            names.answer("app", round % 2 == 0 ? two.address : one.address)
            proxy.supervisor.install(Self.snapshot("app"))
            try proxy.expectEventually { $0.hasSuffix(round % 2 == 0 ? "two\n" : "one\n") }
        }
        guard interval == .milliseconds(1) else { return }
        names.answer("app", three.address)
        try proxy.expectEventually { $0.hasSuffix("three\n") }
    }

    @Test func aNewNameIsWaitedForThoughAnotherAnswers() throws {
        let one = try DemoOrigin(name: "one", at: TestProxy.anyPort), two = try DemoOrigin(name: "two", at: TestProxy.anyPort)
        defer { for origin in [one, two] { origin.stop() } }
        let names = Names()
        names.answer("old", one.address)
        names.answer("new", two.address)
        let proxy = try Self.proxy(names, Self.snapshot("old"), interval: .milliseconds(20))
        defer { for host in ["old", "new"] { names.release(host) } }
        names.hold("old")
        names.hold("new")
        // A question for the old name is on its way when the new one appears.
        let before = names.asked("old")
        try eventually { names.asked("old") > before }
        proxy.supervisor.install(Self.snapshot("new"))
        names.release("old")
        try eventually { names.asked("new") > 0 }
        for _ in 0..<50 { #expect(try proxy.get().hasSuffix("one\n"), "until the new name has an address, the old one serves") }
        names.release("new")
        try proxy.expectEventually { $0.hasSuffix("two\n") }
    }

    /// Its reload changes listeners, and waits for a new name that is held.
    private func reloading(
        _ names: Names, _ origin: SocketAddress, change: (inout ProcessSettings) -> Void
    ) throws -> TestProxy {
        names.hold("new")
        let proxy = try Self.proxy(names, TestProxy.snapshot([origin]), interval: .seconds(3600)) { options in
            var after = options.settings
            change(&after)
            options.reload = { [after] in .loaded(Self.snapshot("new"), TLSContexts(), after, inactive: [], notes: [], files: WatchedFiles()) }
        }
        proxy.supervisor.reload()
        try eventually { names.asked("new") > 0 }
        return proxy
    }

    /// A listener is what the snapshot of its configuration says, from the same moment on.
    @Test func listenersWaitForTheirSnapshot() throws {
        let one = try DemoOrigin(name: "one", at: TestProxy.anyPort)
        defer { one.stop() }
        let names = Names()
        defer { names.release("new") }
        names.answer("new", one.address)
        let path = "/tmp/serin-names-\(UInt64.random(in: 0..<1 << 40)).sock"
        let proxy = try reloading(names, one.address) {
            $0.listeners[0].proxyProtocol = true
            $0.listeners.append(.init(address: .unix(path: path)))
        }
        for _ in 0..<20 { #expect(try proxy.get().hasSuffix("one\n")) }
        names.release("new")
        // It is not known to be trusted.
        try proxy.expectEventually(\.isEmpty)
        #expect(try TestProxy.get(.unix(path: path)).hasSuffix("one\n"))
    }

    /// Nobody listens there then.
    @Test func aStopClosesListenersThatWait() throws {
        let one = try DemoOrigin(name: "one", at: TestProxy.anyPort)
        defer { one.stop() }
        let names = Names()
        defer { names.release("new") }
        let path = "/tmp/serin-names-\(UInt64.random(in: 0..<1 << 40)).sock"
        let proxy = try reloading(names, one.address) { $0.listeners.append(.init(address: .unix(path: path))) }
        #expect(unsafe access(path, F_OK) == 0)
        proxy.stop(graceful: true)
        #expect(unsafe access(path, F_OK) != 0)
    }

    @Test func aResolverThatDoesNotAnswerIsNotWaitedFor() throws {
        let names = Names()
        defer { names.release("stuck") }
        names.hold("stuck")
        let proxy = try Self.proxy(names, TestProxy.snapshot([]), interval: .seconds(3600))
        proxy.supervisor.install(Self.snapshot("stuck"))
        try eventually { names.asked("stuck") > 0 }
        proxy.stop(graceful: true)
        #expect(names.answered("stuck") == 0, "it has stopped though the question is still open")
    }

    /// Many dead names, more than are asked for at a time, and a live one: the reload waits for its answer, and not for ever.
    @Test func deadNamesDoNotHoldUpOthers() throws {
        let one = try DemoOrigin(name: "one", at: TestProxy.anyPort), two = try DemoOrigin(name: "two", at: TestProxy.anyPort)
        defer { for origin in [one, two] { origin.stop() } }
        let names = Names()
        names.answer("live", two.address)
        let dead = (0..<Resolver.maximumThreads - 1).map { "dead\($0)" }
        for name in dead { names.hold(name) }
        defer { for name in dead { names.release(name) } }
        let proxy = try Self.proxy(names, TestProxy.snapshot([one.address]), interval: .seconds(3600)) {
            $0.namePatience = 50_000_000
        }
        var endpoints = dead.map { Endpoint(address: .name(host: $0, port: 80)) }
        endpoints.insert(Endpoint(address: .name(host: "live", port: 80)), at: endpoints.count / 2)
        proxy.supervisor.install(TestProxy.snapshot(endpoints: endpoints))
        try eventually { names.answered("live") == 1 && dead.allSatisfy { names.asked($0) == 1 } }
        try proxy.expectEventually { $0.hasSuffix("two\n") }
        #expect(dead.allSatisfy { names.answered($0) == 0 }, "they are still being asked for")
        // An answer that comes late counts, too.
        names.answer("dead0", one.address)
        names.release("dead0")
        try proxy.expectEventually { $0.hasSuffix("one\n") }
    }

    @Test func onlySoManyAreAskedForAtATime() throws {
        let names = Names()
        let all = (0..<3 * Resolver.maximumThreads).map { "name\($0)" }
        for name in all { names.hold(name) }
        defer { for name in all { names.release(name) } }
        let proxy = try Self.proxy(names, TestProxy.snapshot([]), interval: .seconds(3600))
        proxy.supervisor.install(TestProxy.snapshot(endpoints: all.map { Endpoint(address: .name(host: $0, port: 80)) }))
        try eventually { all.count { names.asked($0) == 1 } == Resolver.maximumThreads }
        while let asked = all.first(where: { names.asked($0) == 1 && names.answered($0) == 0 }) {
            let open = all.count { names.asked($0) == 1 && names.answered($0) == 0 }
            #expect(open <= Resolver.maximumThreads)
            names.release(asked)
            try eventually { names.answered(asked) == 1 }
        }
        try eventually { all.allSatisfy { names.answered($0) == 1 } }
    }

    /// A name that has answered once and does so no more keeps its addresses; others follow.
    @Test func aNameThatFailsKeepsItsAddresses() throws {
        let one = try DemoOrigin(name: "one", at: TestProxy.anyPort), two = try DemoOrigin(name: "two", at: TestProxy.anyPort)
        defer { for origin in [one, two] { origin.stop() } }
        let names = Names()
        names.answer("kept", one.address)
        names.answer("moved", one.address)
        let log = LogLines()
        let proxy = try Self.proxy(names, Self.snapshot("kept", "moved"), interval: .milliseconds(1)) {
            $0.logger = Logger(label: "test") { _ in log }
        }
        names.forget("kept")
        names.answer("moved", two.address)
        try log.wait(for: "kept does not resolve")
        try proxy.expectEventually { $0.hasSuffix("two\n") }
        try proxy.expectEventually { $0.hasSuffix("one\n") }
    }

    private func eventually(_ isTrue: () -> Bool) throws {
        for _ in 0..<20_000 where !isTrue() { usleep(1000) }
        try #require(isTrue())
    }
}
