import Addressing
import Exchange
import Glibc
import Reactor
import Routing
@testable import Server
import Testing

/// What a reload changes of the places where the process listens, and when the workers hear of it.
@Suite struct ListenerPlacesTests {
    private typealias Configured = ProcessSettings.Listener

    /// See `ListenerSetTests`.
    private static let anyPort = Configured(address: .ipv4(0x7F53_4C01, port: 0))

    private static func unix() -> Configured {
        Configured(address: .unix(path: "/tmp/serin-listener-places-\(UInt64.random(in: 0..<1 << 40)).sock"))
    }

    /// Plays the workers: has the sockets that it was handed, by place.
    private final class Workers {
        var places: ListenerPlaces
        private(set) var sockets: [Int: [HandedSocket]] = [:]

        init(_ listeners: [Configured], _ activated: ActivatedSockets? = nil) throws {
            places = ListenerPlaces(activated: activated)
            try follow(listeners)
        }

        func follow(_ listeners: [Configured]) throws {
            try places.follow(listeners, workers: 2)
            _ = take()
        }

        func take() -> [ListenerChanges] {
            let changes = places.takeChanges(for: 2)
            for changes in changes {
                for handed in changes.handed { sockets[handed.place, default: []].append(handed) }
            }
            for place in changes[0].closed { close(place) }
            return changes
        }

        private func close(_ place: Int) {
            for socket in sockets.removeValue(forKey: place) ?? [] { Socket(adopting: socket.fd).close() }
        }

        func identities(_ configured: Configured) throws -> Set<Int64> {
            try Set(sockets.values.joined().filter { $0.configured == configured }.map { try Listener.inspect($0.fd).identity })
        }

        deinit {
            places.abandon()
            for place in sockets.keys { close(place) }
        }
    }

    @Test func whatIsTheSameIsLeftAlone() throws {
        let workers = try Workers([Self.anyPort, Self.anyPort])
        try workers.places.follow([Self.anyPort, Self.anyPort], workers: 2)
        for changes in workers.take() { #expect(changes.handed.isEmpty && changes.configured.isEmpty && changes.closed.isEmpty) }
        #expect(workers.sockets.count == 2 && workers.sockets.values.allSatisfy { $0.count == 2 })
    }

    /// The same sockets go on: nobody is refused.
    @Test func anAddressKeepsItsSockets() throws {
        let workers = try Workers([Self.anyPort])
        var changed = Self.anyPort
        changed.tls = true
        try workers.places.follow([changed], workers: 2)
        let place = try #require(workers.sockets.keys.first)
        for changes in workers.take() { #expect(changes.handed.isEmpty && changes.closed.isEmpty && changes.configured == [place: changed]) }
        // Port 0 has become a number.
        let address = EndpointAddress(try Listener.inspect(#require(workers.sockets[place]?.first).fd).address)
        let named = Configured(address: address, proxyProtocol: true)
        try workers.places.follow([named], workers: 2)
        for changes in workers.take() { #expect(changes.handed.isEmpty && changes.closed.isEmpty && changes.configured == [place: named]) }
    }

    @Test func oneOfTwoEqualOnesGoes() throws {
        let workers = try Workers([Self.anyPort, Self.anyPort])
        try workers.follow([Self.anyPort])
        #expect(workers.sockets.count == 1)
    }

    /// What was not told of yet need not be.
    @Test func twoReloadsInARow() throws {
        let (first, second) = (Self.unix(), Self.unix())
        let workers = try Workers([first])
        let before = try workers.identities(first)
        try workers.places.follow([second], workers: 2)
        try workers.places.follow([first], workers: 2)
        for changes in workers.take() { #expect(changes.handed.isEmpty && changes.configured.isEmpty && changes.closed.isEmpty) }
        #expect(try workers.identities(first) == before)
        guard case .unix(let path)? = second.address.socketAddress else { return }
        #expect(unsafe access(path, F_OK) != 0, "what nobody has been given is closed, and its file is gone")
    }

    @Test func whatCannotBeBoundChangesNothing() throws {
        let (first, second) = (Self.unix(), Self.unix())
        let workers = try Workers([first])
        let taken = try ListenerSet.bind([Self.anyPort], workers: 1)[0]
        defer { taken.discard() }
        #expect(throws: Supervisor.StartError.self) {
            try workers.places.follow([second, Configured(address: EndpointAddress(taken.address))], workers: 2)
        }
        for changes in workers.take() { #expect(changes.handed.isEmpty && changes.configured.isEmpty && changes.closed.isEmpty) }
        try workers.follow([second])
        #expect(workers.sockets.count == 1)
    }

    /// Workers may not have closed it yet; whoever comes is theirs until they get the new one.
    @Test func aPlaceComesBackThatIsAboutToBeClosed() throws {
        var places = ListenerPlaces()
        try places.follow([Self.anyPort], workers: 1)
        let old = try #require(places.takeChanges(for: 1)[0].handed.first)
        let listener = try Listener(adopting: old.fd)
        let address = listener.localAddress
        try places.follow([], workers: 1)
        #expect(places.takeChanges(for: 1)[0].closed == [old.place])
        try places.follow([Configured(address: EndpointAddress(address))], workers: 1)
        _ = try Socket.connect(to: address)
        guard case .connection = listener.accept() else { Issue.record("the old one has no client"); return }
        listener.close()
        let new = try #require(places.takeChanges(for: 1)[0].handed.first)
        #expect(try Listener.inspect(new.fd).address == address)
        Socket(adopting: new.fd).close()
    }

    /// A service manager has it open all the time: it cannot be bound again.
    @Test func anActivatedSocketComesBack() throws {
        let managers = try ListenerSet.bind([Self.anyPort], workers: 1)[0]
        defer { managers.discard() }
        let identity = try Listener.inspect(managers.descriptors[0]).identity
        let passed = InheritedSocket(
            fd: try Listener.duplicate(managers.descriptors[0]), address: managers.address, identity: identity, role: nil)
        let configured = Configured(address: EndpointAddress(managers.address)), other = Self.unix()
        let workers = try Workers([other], ActivatedSockets([], unused: [passed]))
        for _ in 0..<2 {
            let unused = try workers.places.lendUnused()
            #expect(unused.map(\.role) == [.activatedListener])
            for socket in unused { Socket(adopting: socket.fd).close() }
            try workers.follow([configured])
            #expect(try workers.identities(configured) == [identity])
            #expect(workers.sockets.values.joined().allSatisfy { $0.isShared && !$0.ownsFile && $0.role == .activatedListener })
            #expect(try workers.places.lendUnused().isEmpty)
            try workers.follow([other])
        }
    }
}
