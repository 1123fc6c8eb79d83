import Addressing
import Exchange
import Glibc
import Logging
import Reactor
import Routing
import Testing
@testable import Server

/// A whole proxy in the test's own process, on loopback ports of the kernel's choice. Stopped when it goes, also by a failing test.
final class TestProxy {
    static let anyPort = SocketAddress.ipv4(address: 0x7F00_0001, port: 0)

    let supervisor: Supervisor
    private var hasEnded = false

    init(_ snapshot: Snapshot, change: (inout Supervisor.Options) -> Void = { _ in }) throws {
        var options = Self.options(snapshot)
        change(&options)
        supervisor = try Supervisor.start(options)
    }

    /// One that runs already.
    init(_ supervisor: Supervisor) { self.supervisor = supervisor }

    static func options(_ snapshot: Snapshot) -> Supervisor.Options {
        var settings = ProcessSettings()
        settings.listeners = [.init(address: .ipv4(0x7F00_0001, port: 0))]
        settings.admin = .ipv4(0x7F00_0001, port: 0)
        settings.workers = 2
        var options = Supervisor.Options(settings: settings, snapshot: snapshot)
        options.logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return options
    }

    deinit { stop() }

    func stop(graceful: Bool = false) {
        guard !hasEnded else { return }
        hasEnded = true
        supervisor.stop(graceful: graceful)
        supervisor.wait()
    }

    /// Everything, or everything for one host, goes to one Service.
    static func snapshot(endpoints: [Endpoint], host: String = "") -> Snapshot {
        var builder = RouteTableBuilder()
        _ = builder.add(host: host, path: "/", type: .prefix) { index in
            Route(index: index, label: "test/app", host: host, path: "/", pathType: .prefix, stable: 0)
        }
        return Snapshot(routes: builder.build(), backends: [Backend(name: "test/app:80", endpoints: endpoints)], sequences: [])
    }

    static func snapshot(_ addresses: [SocketAddress], host: String = "") -> Snapshot {
        snapshot(endpoints: addresses.map { Endpoint(address: EndpointAddress($0)) }, host: host)
    }

    // MARK: Asking

    /// The answer to one GET on a connection of its own; empty when there was none.
    func get() throws -> String { try Self.get(supervisor.listeners[0]) }

    /// Asks until the answer is as wanted.
    func expectEventually(_ isWanted: (String) -> Bool) throws {
        var answer = try get()
        for _ in 0..<10_000 where !isWanted(answer) { answer = try get() }
        #expect(isWanted(answer), "\(answer)")
    }

    static func get(_ address: SocketAddress) throws -> String {
        try exchange(address, "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
    }

    /// All that comes until the connection ends, or for 20 s nothing does.
    static func exchange(_ address: SocketAddress, _ text: String) throws -> String {
        let attempt = try Socket.connect(to: address)
        let request = Array(text.utf8)
        switch consume attempt {
        case .connected(let socket): return exchange(socket, request)
        case .inProgress(let socket): return exchange(socket, request)
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
}
