import Addressing
import Glibc
@testable import Reactor
import Testing

@Suite struct ListenerTests {
    private static let hasIPv6: Bool = {
        do throws(Errno) {
            _ = try Listener.bind(.ipv6(high: 0, low: 1, port: 0, scope: 0))
            return true
        } catch {
            return error != .EADDRNOTAVAIL && error != .EAFNOSUPPORT
        }
    }()

    @Test func acceptsConnections() throws {
        try expectConnections(to: anyPort)
    }

    @Test(.enabled(if: hasIPv6, "this machine has no IPv6"))
    func acceptsConnectionsOverIPv6() throws {
        try expectConnections(to: .ipv6(high: 0, low: 1, port: 0, scope: 0))
    }

    private func expectConnections(to address: SocketAddress) throws {
        let listener = try Listener.bind(address, sharing: .first)
        #expect(listener.localAddress.port != 0)
        let connection = try Connection(to: listener)
        #expect(connection.clientAddress.ipAddress == listener.localAddress.ipAddress)
        #expect(connection.client.send([1].span) == .bytes(1))
        try expectNothing(toAcceptFrom: listener)
    }

    private func expectNothing(toAcceptFrom listener: borrowing Listener) throws {
        guard case .wouldBlock = listener.accept() else { throw Unexpected("something to accept") }
    }

    @Test func aSecondProcessIsRefusedButOurNextSocketIsNot() throws {
        let first = try Listener.bind(anyPort, sharing: .first)
        let address = first.localAddress
        #expect(throws: Errno.EADDRINUSE) { _ = try Listener.bind(address, sharing: .first) }
        #expect(throws: Errno.EADDRINUSE) { _ = try Listener.bind(address, sharing: .alone) }
        let second = try Listener.bind(address, sharing: .next)
        let third = try Listener.bind(address, sharing: .next)
        #expect(second.localAddress == address)
        #expect(third.localAddress == address)
        #expect(throws: Errno.EADDRINUSE) { _ = try Listener.bind(address, sharing: .first) }
    }

    @Test func nobodyJoinsOneThatIsAlone() throws {
        let alone = try Listener.bind(anyPort, sharing: .alone)
        let address = alone.localAddress
        for sharing in [Listener.Sharing.first, .next, .alone] {
            #expect(throws: Errno.EADDRINUSE) { _ = try Listener.bind(address, sharing: sharing) }
        }
    }

    @Test func theKernelDealsOutAmongOurSockets() throws {
        let first = try Listener.bind(anyPort, sharing: .first)
        let second = try Listener.bind(first.localAddress, sharing: .next)
        var loop = try EventLoop()
        try loop.add(first.fd, token: Token(slot: 0, generation: 0), interest: .acceptor)
        try loop.add(second.fd, token: Token(slot: 1, generation: 0), interest: .acceptor)
        var accepted = [0, 0]
        for _ in 0..<64 {
            let client = try connected(to: first.localAddress)
            try #require(loop.wait(atMostMilliseconds: patience) == 1)
            let event = loop.nextEvent()
            let slot = try Int(#require(event).token.slot)
            if slot == 0, case .connection = first.accept() { accepted[0] += 1 }
            if slot == 1, case .connection = second.accept() { accepted[1] += 1 }
            client.close()
        }
        #expect(accepted[0] + accepted[1] == 64)
        // By a hash of the ports: one side empty has a chance of 2^-63.
        #expect(accepted[0] > 0 && accepted[1] > 0)
    }

    @Test func acceptedSocketsSendAtOnce() throws {
        let listener = try Listener.bind(anyPort)
        let connection = try Connection(to: listener)
        #expect(try option(IPPROTO_TCP, TCP_NODELAY, of: connection.server.fd) == 1)
        #expect(try option(IPPROTO_TCP, TCP_NODELAY, of: connection.client.fd) == 1)
        connection.server.setNoDelay(false)
        #expect(try option(IPPROTO_TCP, TCP_NODELAY, of: connection.server.fd) == 0)
    }

    private func option(_ level: Int, _ option: Int32, of fd: Int32) throws -> Int32 {
        var value: Int32 = -1
        var length = socklen_t(MemoryLayout<Int32>.size)
        // Both point to variables of this function.
        try #require(unsafe getsockopt(fd, Int32(level), option, &value, &length) == 0)
        return value
    }

    // MARK: Unix sockets

    @Test func unixSocketsConnectAndCleanUp() throws {
        let path = temporarySocketPath()
        let listener = try Listener.bind(.unix(path: path))
        #expect(listener.localAddress == .unix(path: path))
        let connection = try Connection(to: listener)
        #expect(connection.clientAddress == .unix(path: ""))
        #expect(connection.client.peerAddress == .unix(path: path))
        listener.removeSocketFile()
        #expect(throws: Errno.ENOENT) { _ = try Socket.connect(to: .unix(path: path)) }
    }

    @Test func aLiveSocketFileIsNotTakenOver() throws {
        let path = temporarySocketPath()
        let listener = try Listener.bind(.unix(path: path))
        defer { listener.removeSocketFile() }
        #expect(throws: Errno.EADDRINUSE) { _ = try Listener.bind(.unix(path: path)) }
        _ = try Socket.connect(to: .unix(path: path))
    }

    @Test func aSocketFileLeftBehindIsReplaced() throws {
        let path = temporarySocketPath()
        try Listener.bind(.unix(path: path)).close()
        #expect(throws: Errno.ECONNREFUSED) { _ = try Socket.connect(to: .unix(path: path)) }
        let listener = try Listener.bind(.unix(path: path))
        defer { listener.removeSocketFile() }
        _ = try Socket.connect(to: .unix(path: path))
    }

    @Test func aPlainFileIsLeftAlone() throws {
        let path = temporarySocketPath()
        // The path is only read during the calls.
        let fd = unsafe open(path, O_CREAT | O_EXCL | O_WRONLY, 0o600)
        try #require(fd >= 0)
        defer {
            close(fd)
            unsafe unlink(path)
        }
        #expect(throws: Errno.EADDRINUSE) { _ = try Listener.bind(.unix(path: path)) }
        #expect(unsafe access(path, F_OK) == 0)
    }

    @Test func onlyItsOwnFileIsRemoved() throws {
        let path = temporarySocketPath()
        let old = try Listener.bind(.unix(path: path))
        old.removeSocketFile()
        let new = try Listener.bind(.unix(path: path))
        defer { new.removeSocketFile() }
        try old.duplicate().removeSocketFile()
        old.removeSocketFile()
        _ = try Socket.connect(to: .unix(path: path))
    }

    @Test func aDuplicateSharesTheQueue() throws {
        let listener = try Listener.bind(.unix(path: temporarySocketPath()))
        defer { listener.removeSocketFile() }
        let duplicate = try listener.duplicate()
        #expect(duplicate.fd != listener.fd)
        #expect(duplicate.localAddress == listener.localAddress)
        var loop = try EventLoop()
        try loop.add(duplicate.fd, token: Token(slot: 0, generation: 0), interest: .sharedAcceptor)
        let client = try connected(to: listener.localAddress)
        try #require(loop.wait(atMostMilliseconds: patience) == 1)
        guard case .connection(let server, _) = listener.accept() else { throw Unexpected("nothing to accept") }
        try expectNothing(toAcceptFrom: duplicate)
        #expect(client.send([1].span) == .bytes(1))
        #expect(receive(server).1 == [1])
    }

    // MARK: Adopting

    @Test func adoptsAnInheritedListener() throws {
        let fd = try Listener.bind(anyPort).release()
        _ = fcntl(fd, F_SETFL, 0)
        let listener = try Listener(adopting: fd)
        try expectNothing(toAcceptFrom: listener)
        _ = try Connection(to: listener)
    }

    @Test func adoptsNothingElse() throws {
        let pair = try Pair()
        let fd = pair.near.fd
        #expect(throws: Errno.EINVAL) { _ = try Listener(adopting: fd) }
        let bell = try WakeUp()
        #expect(throws: Errno.ENOTSOCK) { _ = try Listener(adopting: bell.fd) }
        // Both stay open and in the hands of their owners.
        #expect(fcntl(fd, F_GETFD) >= 0)
    }

    @Test func inspectsWhatAnotherProcessNames() throws {
        let listener = try Listener.bind(anyPort)
        let copy = try listener.duplicate()
        let (address, identity) = try Listener.inspect(listener.fd)
        #expect(address == listener.localAddress)
        #expect(try Listener.inspect(copy.fd).identity == identity)
        #expect(try Listener.inspect(Listener.bind(anyPort).release()).identity != identity)
        #expect(fcntl(listener.fd, F_GETFD) & FD_CLOEXEC != 0)
        #expect(throws: Errno.EBADF) { _ = try Listener.inspect(987_654) }
        let datagrams = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(datagrams) }
        #expect(throws: Errno.EINVAL) { _ = try Listener.inspect(datagrams) }
        let bell = try WakeUp()
        #expect(throws: Errno.ENOTSOCK) { _ = try Listener.inspect(bell.fd) }
    }

    /// Serin binds no such sockets, but a service manager may.
    @Test(.enabled(if: hasIPv6, "this machine has no IPv6"))
    func anIPv4ClientOfASocketForBothIsIPv4() throws {
        let fd = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in6(), off: Int32 = 0
        address.sin6_family = sa_family_t(AF_INET6)
        // ::ffff:127.0.0.1, so that the socket is reachable from this machine only.
        // The kernel reads what the lengths say, of variables of this function.
        _ = unsafe withUnsafeMutableBytes(of: &address.sin6_addr) { unsafe $0.copyBytes(from: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1]) }
        try #require(unsafe setsockopt(fd, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &off, 4) == 0)
        let bound = unsafe withUnsafeBytes(of: &address) { raw in
            unsafe raw.withMemoryRebound(to: sockaddr.self) { unsafe Glibc.bind(fd, $0.baseAddress, socklen_t(raw.count)) }
        }
        try #require(bound == 0 && listen(fd, 8) == 0)
        let listener = try Listener(adopting: fd)
        #expect(listener.localAddress.ipAddress == .v4(0x7F00_0001))
        #expect(try Connection(to: listener).clientAddress.ipAddress == .v4(0x7F00_0001))
    }

    // MARK: Refusals

    enum Verdict: Sendable { case wouldBlock, transient, exhausted }

    /// To lower the descriptor limit would starve the tests that run beside this one: the table stands for it.
    @Test(arguments: [
        (Errno.EAGAIN, Verdict.wouldBlock), (.ECONNABORTED, .transient), (.EPROTO, .transient), (.EPERM, .transient),
        (.ENETUNREACH, .transient), (.EHOSTUNREACH, .transient), (.EMFILE, .exhausted), (.ENFILE, .exhausted),
        (.ENOBUFS, .exhausted), (.ENOMEM, .exhausted), (.EINVAL, .exhausted), (Errno(code: 9999), .exhausted),
    ])
    func saysWhetherToGoOn(_ error: Errno, _ verdict: Verdict) throws {
        switch AcceptResult(refusal: error) {
        case .wouldBlock: #expect(verdict == .wouldBlock)
        case .transient(let same): #expect(verdict == .transient && same == error)
        case .exhausted(let same): #expect(verdict == .exhausted && same == error)
        case .connection: throw Unexpected("a connection")
        }
    }
}
