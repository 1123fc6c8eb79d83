import Addressing
import Reactor
@testable import Server
import Testing

@Suite struct InheritedSocketsTests {
    private static let ports = SocketAddress.ipv4(address: 0x7F53_4C03, port: 0)
    private static let otherPorts = SocketAddress.ipv4(address: 0x7F53_4C04, port: 0)

    /// Listening sockets, closed when they go, as far as nobody else has done it.
    private static func bind(_ address: SocketAddress, _ sharing: Listener.Sharing = .first) throws -> (fd: Int32, address: SocketAddress) {
        let listener = try Listener.bind(address, sharing: sharing)
        let place = listener.localAddress
        return (listener.release(), place)
    }

    @Test func theExactAddressComesBeforePortZero() throws {
        let one = try Self.bind(Self.ports), two = try Self.bind(Self.ports), foreign = try Self.bind(Self.otherPorts)
        let twin = try Self.bind(two.address, .next)
        var inherited = InheritedSockets(.init(
            [foreign.fd, two.fd, one.fd, twin.fd], names: Array(repeating: "listener", count: 4), isUpgrade: true))
        let dealt = inherited.deal(to: [Self.ports, two.address, Self.ports, nil])
        #expect(dealt.map { $0.map(\.fd) } == [[one.fd], [two.fd, twin.fd], [], []])
        let rest = inherited.closeRest()
        #expect(rest == [foreign.address])
        for socket in dealt.joined() { Socket(adopting: socket.fd).close() }
    }

    /// Both have port 0 in the configuration.
    @Test func theAdminAddressIsToldApartByItsName() throws {
        let admin = try Self.bind(Self.ports), listener = try Self.bind(Self.ports)
        var inherited = InheritedSockets(.init([admin.fd, listener.fd], names: ["admin", "listener"], isUpgrade: true))
        let taken = inherited.takeAdmin(at: Self.ports)
        #expect(taken?.fd == admin.fd && taken?.isActivated == false)
        let dealt = inherited.deal(to: [Self.ports])
        #expect(dealt.joined().map(\.fd) == [listener.fd])
        for fd in [admin.fd, listener.fd] { Socket(adopting: fd).close() }
    }

    @Test func aServiceManagersSocketIsForWhatHasItsAddress() throws {
        let admin = try Self.bind(Self.ports), listener = try Self.bind(Self.ports)
        // Its names mean nothing here, not even ours.
        var inherited = InheritedSockets(.init([admin.fd, listener.fd], names: ["listener", "ready"], isUpgrade: false))
        let any = inherited.takeAdmin(at: Self.ports), exact = inherited.takeAdmin(at: admin.address)
        #expect(any?.fd == nil, "port 0 may be any of them")
        #expect(exact?.isActivated == true)
        let dealt = inherited.deal(to: [listener.address])
        #expect(dealt.joined().map(\.isActivated) == [true])
        for fd in [admin.fd, listener.fd] { Socket(adopting: fd).close() }
    }

    // MARK: Memory

    @Test func whatTheProcessBeforeHandsOverIsTakenOnce() throws {
        let fd = try SealedMemory.make(name: "serin-test", [1, 2, 3])
        var inherited = InheritedSockets(.init([fd], names: ["ticket-keys"], isUpgrade: true))
        let first = inherited.take(.ticketKeys), second = inherited.take(.ticketKeys)
        #expect(first == [1, 2, 3] && second == nil)
        #expect(inherited.warnings == [])
    }

    @Test func whatIsNoMemoryIsIgnored() throws {
        let listener = try Self.bind(Self.ports)
        var inherited = InheritedSockets(.init([listener.fd], names: ["ticket-keys"], isUpgrade: true))
        let taken = inherited.take(.ticketKeys)
        #expect(taken == nil)
        #expect(inherited.warnings.count == 1 && inherited.warnings[0].hasPrefix("descriptor \(listener.fd) (ticket-keys), which was passed, is of no use: "), "\(inherited.warnings)")
    }

    @Test func keysThatAreNoneAreIgnored() throws {
        let fd = try SealedMemory.make(name: "serin-test", [1, 2, 3])
        var inherited = InheritedSockets(.init([fd], names: ["ticket-keys"], isUpgrade: true))
        HandedMemory.adopt(&inherited)
        #expect(inherited.warnings == ["the ticket keys that the process before has handed over are not understood: clients make full handshakes"])
    }

    /// Its names mean nothing here.
    @Test func aServiceManagerHandsOverNoMemory() throws {
        let fd = try SealedMemory.make(name: "serin-test", [1, 2, 3])
        var inherited = InheritedSockets(.init([fd], names: ["ticket-keys"], isUpgrade: false))
        let taken = inherited.take(.ticketKeys)
        #expect(taken == nil)
        #expect(inherited.warnings.count == 1 && inherited.warnings[0].contains("is no listening stream socket"), "\(inherited.warnings)")
        Socket(adopting: fd).close()
    }

    // MARK: Sockets

    @Test func oneSocketIsTakenOnce() throws {
        let socket = try Self.bind(Self.ports)
        let copy = try Listener.duplicate(socket.fd)
        var inherited = InheritedSockets(.init([socket.fd, copy], names: ["listener", "listener"], isUpgrade: true))
        let dealt = inherited.deal(to: [socket.address])
        #expect(dealt.joined().map(\.fd) == [socket.fd])
        Socket(adopting: socket.fd).close()
    }

    @Test func whatIsNoListeningSocketIsNamed() throws {
        let bell = try WakeUp()
        let inherited = InheritedSockets(.init([bell.fd, 987_654], names: ["web", ""], isUpgrade: false))
        #expect(inherited.sockets.isEmpty)
        #expect(inherited.warnings.count == 2)
        let warning = "descriptor \(bell.fd) (web), which was passed, is no listening stream socket: "
        #expect(inherited.warnings.first?.hasPrefix(warning) == true)
        #expect(inherited.warnings.last?.contains("descriptor 987654, which") == true)
    }

    @Test func readinessIsToldOnce() throws {
        let (pipe, other) = try ReadinessPipe.make()
        var inherited = InheritedSockets(.init([other], names: ["ready"], isUpgrade: true))
        #expect(inherited.warnings.isEmpty && pipe.read() == .nothingYet)
        inherited.tellReadiness()
        inherited.tellReadiness()
        #expect(pipe.read() == .ready)
        #expect(pipe.read() == .ended)
    }
}
