import Addressing
import Exchange
import Glibc
import Logging
import Reactor
import Routing
import Server
import Testing

/// A whole proxy in the test's own process.
@Suite struct SupervisorTests {
    /// Stopped when it goes, also by a failing test.
    private final class Running {
        let supervisor: Supervisor
        private var hasEnded = false

        init(_ snapshot: Snapshot, change: (inout Supervisor.Options) -> Void = { _ in }) throws {
            var settings = ProcessSettings()
            settings.listeners = [.init(address: .ipv4(0x7F00_0001, port: 0))]
            settings.admin = .ipv4(0x7F00_0001, port: 0)
            settings.workers = 2
            var options = Supervisor.Options(settings: settings, snapshot: snapshot)
            options.logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            change(&options)
            supervisor = try Supervisor.start(options)
        }

        deinit { stop() }

        func stop(graceful: Bool = false) {
            guard !hasEnded else { return }
            hasEnded = true
            supervisor.stop(graceful: graceful)
            supervisor.wait()
        }
    }

    /// Everything goes to one Service.
    private static func snapshot(_ endpoints: [SocketAddress]) -> Snapshot {
        var builder = RouteTableBuilder()
        _ = builder.add(host: "", path: "/", type: .prefix) { index in
            Route(index: index, label: "test/app", host: "", path: "/", pathType: .prefix, stable: 0)
        }
        let backend = Backend(name: "test/app:80", endpoints: endpoints.map { Endpoint(address: EndpointAddress($0)) })
        return Snapshot(routes: builder.build(), backends: [backend], sequences: [])
    }

    private static let anyPort = SocketAddress.ipv4(address: 0x7F00_0001, port: 0)

    /// The answer to one GET on a connection of its own; empty when there was none.
    private func get(_ address: SocketAddress) throws -> String {
        let attempt = try Socket.connect(to: address)
        let request = Array("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".utf8)
        switch consume attempt {
        case .connected(let socket): return Self.exchange(socket, request)
        case .inProgress(let socket): return Self.exchange(socket, request)
        }
    }

    private static func exchange(_ socket: consuming Socket, _ request: [UInt8]) -> String {
        var answer: [UInt8] = []
        var sent = 0
        // Each turn waits up to 20 s for the socket: a bound, not a measure.
        for _ in 0..<1000 {
            var entry = pollfd(fd: socket.fd, events: Int16(sent < request.count ? POLLOUT : POLLIN), revents: 0)
            // One entry, which the kernel fills during the call.
            guard unsafe poll(&entry, 1, 20_000) > 0 else { break }
            if sent < request.count {
                guard case .bytes(let count) = socket.send(request.span.extracting(droppingFirst: sent)) else { break }
                sent += count
                continue
            }
            var block = [UInt8](repeating: 0, count: 4096)
            var space = block.mutableSpan
            guard case .bytes(let count) = socket.receive(into: &space) else { break }
            answer += block[..<count]
        }
        return String(decoding: answer, as: UTF8.self)
    }

    @Test func startsServesAndStops() throws {
        let origin = try DemoOrigin(name: "origin", at: Self.anyPort)
        defer { origin.stop() }
        let proxy = try Running(Self.snapshot([origin.address]))
        #expect(proxy.supervisor.listeners.count == 1)
        let address = proxy.supervisor.listeners[0]
        #expect(address.port != 0)
        #expect(proxy.supervisor.admin.port != 0)
        let answer = try get(address)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\norigin\n"), "\(answer)")
        proxy.stop(graceful: true)
        #expect(throws: (any Error).self) { try refuseUnlessEmpty(get(address)) }
    }

    /// A connect that is under way fails only when it is used.
    private func refuseUnlessEmpty(_ answer: String) throws {
        if answer.isEmpty { throw Errno.ECONNREFUSED }
    }

    @Test func installsAnotherSnapshot() throws {
        let old = try DemoOrigin(name: "old", at: Self.anyPort), new = try DemoOrigin(name: "new", at: Self.anyPort)
        defer {
            old.stop()
            new.stop()
        }
        let proxy = try Running(Self.snapshot([old.address]))
        #expect(try get(proxy.supervisor.listeners[0]).hasSuffix("old\n"))
        proxy.supervisor.install(Self.snapshot([new.address]))
        var answer = ""
        for _ in 0..<10_000 where !answer.hasSuffix("new\n") { answer = try get(proxy.supervisor.listeners[0]) }
        #expect(answer.hasSuffix("new\n"))
        proxy.supervisor.install(Self.snapshot([]))
        for _ in 0..<10_000 where !answer.hasPrefix("HTTP/1.1 503 ") { answer = try get(proxy.supervisor.listeners[0]) }
        #expect(answer.hasPrefix("HTTP/1.1 503 "))
    }

    @Test func severalLiveSideBySide() throws {
        let origin = try DemoOrigin(name: "origin", at: Self.anyPort)
        defer { origin.stop() }
        let proxies = try (0..<3).map { _ in try Running(Self.snapshot([origin.address])) }
        #expect(Set(proxies.map { $0.supervisor.listeners[0] }).count == 3)
        proxies[0].stop()
        for proxy in proxies[1...] { #expect(try get(proxy.supervisor.listeners[0]).hasSuffix("origin\n")) }
    }

    @Test func aTakenAddressLeavesNothingBehind() throws {
        let first = try Running(Self.snapshot([]))
        let taken = first.supervisor.listeners[0]
        let unix = "/tmp/serin-server-tests-\(UInt64.random(in: 0..<1 << 40)).sock"
        #expect(throws: Supervisor.StartError.self) {
            _ = try Running(Self.snapshot([])) {
                $0.settings.listeners = [.init(address: .unix(path: unix)), .init(address: EndpointAddress(taken))]
            }
        }
        #expect(unsafe access(unix, F_OK) != 0, "the address before it was given up again, with its file")
        #expect(throws: Supervisor.StartError.self) {
            _ = try Running(Self.snapshot([])) { $0.settings.admin = EndpointAddress(taken) }
        }
    }

    /// The listener's place is taken by one that is configured differently: the old one must go first.
    @Test func aReloadReplacesAListenerInItsPlace() throws {
        let old = try DemoOrigin(name: "old", at: Self.anyPort), new = try DemoOrigin(name: "new", at: Self.anyPort)
        let spare = try Running(Self.snapshot([]))
        let place = spare.supervisor.listeners[0]
        spare.stop()
        defer {
            old.stop()
            new.stop()
        }
        let proxy = try Running(Self.snapshot([old.address])) {
            var settings = $0.settings
            settings.listeners = [.init(address: EndpointAddress(place), tls: true)]
            $0.settings.listeners = [.init(address: EndpointAddress(place))]
            let after = settings, snapshot = Self.snapshot([new.address])
            $0.reload = { .loaded(snapshot, after, inactive: [], warnings: []) }
        }
        var answer = try get(place)
        #expect(answer.hasSuffix("old\n"))
        proxy.supervisor.reload()
        for _ in 0..<10_000 where !answer.hasSuffix("new\n") { answer = (try? get(place)) ?? "" }
        #expect(answer.hasSuffix("new\n"))
    }

    @Test func stopMayBeSaidTwice() throws {
        let proxy = try Running(Self.snapshot([]))
        proxy.supervisor.stop(graceful: true)
        proxy.supervisor.stop(graceful: false)
        proxy.stop()
    }
}
