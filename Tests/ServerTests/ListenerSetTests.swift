import Addressing
import Exchange
import Glibc
import Reactor
import Routing
@testable import Server
import Testing

@Suite struct ListenerSetTests {
    private typealias Configured = ProcessSettings.Listener

    /// Of an address that nothing else uses: on 127.0.0.1 a port that has just become free may be taken at once by a connection
    /// that another test makes.
    private static let anyPort = Configured(address: .ipv4(0x7F53_4C01, port: 0))

    @Test func eachWorkerGetsASocket() throws {
        let bound = try ListenerSet.bind([Self.anyPort, Self.anyPort], workers: 3)
        defer { for listener in bound { listener.discard() } }
        #expect(bound.map(\.descriptors.count) == [3, 3])
        #expect(bound[0].address != bound[1].address)
    }

    @Test func whoLeavesIsJoined() throws {
        let before = try ListenerSet.bind([Self.anyPort], workers: 2)[0]
        defer { before.discard() }
        let new = Configured(address: EndpointAddress(before.address))
        #expect(throws: Supervisor.StartError.self) { _ = try ListenerSet.bind([new], workers: 2) }
        let neighbours = ListenerSet.Neighbours(leaving: [before.address], identities: before.identities)
        let bound = try ListenerSet.bind([new], workers: 2, beside: neighbours)[0]
        defer { bound.discard() }
        #expect(bound.address == before.address && bound.descriptors.count == 2)
        #expect(throws: Errno.self, "not yet") { try Listener.inspect(bound.descriptors[0]) }
        bound.listen()
        for descriptor in bound.descriptors { #expect(try Listener.inspect(descriptor).address == before.address) }
    }

    /// Whether the kernel would let us or not.
    @Test(arguments: [Listener.Sharing.alone, .first])
    func nobodyElseIsJoined(_ sharing: Listener.Sharing) throws {
        let foreign = try Listener.bind(.ipv4(address: 0x7F53_4C01, port: 0), sharing: sharing)
        let free = Configured(address: .unix(path: "/tmp/serin-listener-set-\(UInt64.random(in: 0..<1 << 40)).sock"))
        let new = Configured(address: EndpointAddress(foreign.localAddress))
        let error = #expect(throws: Supervisor.StartError.self) {
            _ = try ListenerSet.bind([free, new], workers: 1, beside: .init(leaving: [foreign.localAddress]))
        }
        #expect(error?.description == "cannot listen on \(new.address): \(Errno.EADDRINUSE)", "\(String(describing: error))")
        let again = try ListenerSet.bind([free], workers: 1)
        for listener in again { listener.discard() }
    }

    @Test func whoIsInTheWay() {
        func four(_ address: UInt32, _ port: UInt16 = 80) -> SocketAddress { .ipv4(address: address, port: port) }
        func six(_ low: UInt64) -> SocketAddress { .ipv6(high: 0, low: low, port: 80, scope: 0) }
        let cases: [(wanted: SocketAddress, leaving: [SocketAddress], staying: [SocketAddress], onlyLeaving: Bool)] = [
            (four(0), [four(0x7F00_0001)], [], true), (four(0x7F00_0001), [four(0)], [], true), (four(0), [four(0)], [], true),
            (four(0x7F00_0001), [four(0x7F00_0002)], [], false), (four(0), [four(0x7F00_0001, 81)], [], false), (four(0), [], [], false),
            (four(0), [four(0x7F00_0001)], [four(0x7F00_0002)], false), (four(0), [four(0x7F00_0001)], [four(0x7F00_0002, 81)], true),
            (six(0), [six(1)], [], true), (six(1), [six(0)], [], true), (six(0), [four(0)], [], false), (four(1), [six(0)], [], false),
            (.unix(path: "/a"), [.unix(path: "/a")], [], false),
        ]
        for test in cases {
            let neighbours = ListenerSet.Neighbours(leaving: test.leaving, staying: test.staying)
            #expect(neighbours.onlyWhoLeavesBlocks(test.wanted) == test.onlyLeaving, "\(test)")
        }
    }

    // MARK: Inherited

    struct Spread: Sendable, CustomTestStringConvertible {
        let name: String
        var isUnix = false
        var isActivated = false
        /// Inherited, and wanted.
        let sockets: Int
        let workers: Int
        /// All of them, the shared ones counted for each worker; and how many different sockets they are of.
        let descriptors: Int
        let distinct: Int
        var isShared = false
        var testDescription: String { name }
    }

    @Test(arguments: [
        Spread(name: "as many", sockets: 3, workers: 3, descriptors: 3, distinct: 3),
        Spread(name: "more sockets: none is closed", sockets: 4, workers: 3, descriptors: 4, distinct: 4),
        Spread(name: "fewer: others join", sockets: 1, workers: 3, descriptors: 3, distinct: 3),
        Spread(
            name: "one queue of a service manager", isActivated: true, sockets: 1, workers: 3, descriptors: 3, distinct: 1, isShared: true),
        Spread(name: "two of them", isActivated: true, sockets: 2, workers: 3, descriptors: 3, distinct: 2, isShared: true),
        Spread(name: "a unix socket", isUnix: true, sockets: 1, workers: 2, descriptors: 2, distinct: 1, isShared: true),
        Spread(name: "for one worker", isUnix: true, sockets: 1, workers: 1, descriptors: 1, distinct: 1),
    ])
    func inheritedSocketsAreSpreadOverWorkers(_ test: Spread) throws {
        let place = test.isUnix
            ? Configured(address: .unix(path: "/tmp/serin-listener-set-\(UInt64.random(in: 0..<1 << 40)).sock")) : Self.anyPort
        let before = try ListenerSet.bind([place], workers: test.sockets)[0]
        let names = before.descriptors.map { _ in test.isActivated ? "" : "listener" }
        var inherited = InheritedSockets(.init(before.descriptors, names: names, isUpgrade: !test.isActivated))
        let configured = Configured(address: EndpointAddress(before.address))
        var bound = try ListenerSet.bind([configured], workers: test.workers, inheriting: &inherited)
        defer {
            for listener in bound { listener.discard() }
            if case .unix(let path) = before.address { _ = unsafe unlink(path) }
        }
        let rest = inherited.closeRest()
        #expect(rest.isEmpty)
        #expect(bound[0].descriptors == before.descriptors, "connections are let in only when everything else is done")
        try ListenerSet.spread(&bound, over: test.workers)
        #expect(bound[0].descriptors.count == test.descriptors)
        #expect(try Set(bound[0].descriptors.map { try Listener.inspect($0).identity }).count == test.distinct)
        #expect(bound[0].isShared == test.isShared)
        #expect(bound[0].address == before.address)
    }

    @Test func aFailureLeavesInheritedFilesAlone() throws {
        let path = "/tmp/serin-listener-set-\(UInt64.random(in: 0..<1 << 40)).sock"
        let unix = Configured(address: .unix(path: path))
        let before = try ListenerSet.bind([unix], workers: 1)[0]
        let others = try ListenerSet.bind([Self.anyPort], workers: 1)
        defer {
            for listener in others { listener.discard() }
            // The path is only read during the call.
            _ = unsafe unlink(path)
        }
        var inherited = InheritedSockets(.init(before.descriptors, names: ["listener"], isUpgrade: true))
        #expect(throws: Supervisor.StartError.self) {
            _ = try ListenerSet.bind([unix, Configured(address: EndpointAddress(others[0].address))], workers: 1, inheriting: &inherited)
        }
        #expect(unsafe access(path, F_OK) == 0)
    }
}
