import Addressing
import Exchange
import Reactor
import Routing
import Synchronization
import Testing
@testable import Server

/// The admin address while the process does not serve yet.
@Suite struct AdminStartTests {
    /// Starts a proxy that waits for a name until `meanwhile` has returned.
    private static func start(
        change: (inout Supervisor.Options) -> Void, meanwhile: () throws -> Void
    ) throws -> TestProxy {
        let name = HeldWork()
        var options = TestProxy.options(TestProxy.snapshot(endpoints: [Endpoint(address: .name(host: "app", port: 80))]))
        options.namePatience = 600_000_000_000
        options.lookUp = { _, _ in
            name.run()
            return nil
        }
        change(&options)
        let outcome = Mutex<Supervisor?>(nil)
        let starter = try Thread.start(name: "starter") { [options] in
            let supervisor = try? Supervisor.start(options)
            outcome.withLock { $0 = supervisor }
        }
        name.waitForBeginning()
        let result = Result { try meanwhile() }
        name.end()
        starter.join()
        let proxy = TestProxy(try #require(outcome.withLock { $0 }))
        try result.get()
        return proxy
    }

    private static func status(_ address: SocketAddress, _ path: String) throws -> String {
        let answer = try TestProxy.exchange(address, "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return String(answer.prefix { $0 != "\r\n" })
    }

    @Test func aProcessIsReadyOnceItServes() throws {
        // Of an address that no other test uses: nobody takes the port while it is free.
        let spare = try Listener.bind(.ipv4(address: 0x7F53_4C05, port: 0))
        let admin = spare.localAddress
        spare.close()
        let paths = ["/livez", "/metrics", "/v1/routes", "/readyz", "/healthz"]
        let proxy = try Self.start(change: { $0.settings.admin = EndpointAddress(admin) }) {
            for path in paths {
                let expected = ["/readyz", "/healthz"].contains(path) ? "HTTP/1.1 503 Service Unavailable" : "HTTP/1.1 200 OK"
                let line = try Self.status(admin, path)
                #expect(line == expected, "\(path)")
            }
        }
        for path in paths { #expect(try Self.status(admin, path) == "HTTP/1.1 200 OK", "\(path)") }
        proxy.stop()
    }

    /// The process before it listens on the same socket, and is the one that serves.
    @Test func anUpgradedProcessAnswersOnceItServes() throws {
        let before = try Listener.bind(TestProxy.anyPort)
        let admin = before.localAddress
        let copy = try Listener.duplicate(before.fd)
        let proxy = try Self.start(change: {
            $0.settings.admin = EndpointAddress(admin)
            $0.launch = Launch(
                arguments: [], passed: PassedDescriptors([copy], names: ["admin"], isUpgrade: true), manager: nil)
        }) {
            var clients: [Int32] = []
            defer { for client in clients { Socket(adopting: client).close() } }
            for _ in 0..<64 { clients.append(try Self.connect(to: admin)) }
            var accepted = 0
            while accepted < clients.count {
                try awaitReadable(before.fd)
                if case .connection = before.accept() { accepted += 1 }
            }
        }
        #expect(try Self.status(admin, "/readyz") == "HTTP/1.1 200 OK")
        proxy.stop()
    }

    private static func connect(to address: SocketAddress) throws -> Int32 {
        switch try Socket.connect(to: address) {
        case .connected(let socket): return socket.release()
        case .inProgress(let socket): return socket.release()
        }
    }
}
