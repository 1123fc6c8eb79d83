import Addressing
import Synchronization

/// The gates of a process, by address, and the rooms where requests wait for several of them. Those that no worker uses any more are
/// forgotten.
final class EndpointGates: Sendable {
    private struct Reference<Object: AnyObject & Sendable> {
        weak var object: Object?
    }

    private let gates = Mutex<[SocketAddress: Reference<EndpointGate>]>([:])
    private let rooms = Mutex<[[SocketAddress]: Reference<WaitingRoom>]>([:])
    private let tickets = Atomic<UInt64>(0)

    func gate(at address: SocketAddress) -> EndpointGate {
        gates.withLock { Self.find(address, in: &$0) { EndpointGate() } }
    }

    /// - Parameter addresses: of a backend's endpoints, in the order that all workers know them in.
    func room(of addresses: [SocketAddress]) -> WaitingRoom {
        rooms.withLock { Self.find(addresses, in: &$0) { WaitingRoom() } }
    }

    /// Each one is higher than those before it.
    func takeTicket() -> UInt64 { tickets.add(1, ordering: .relaxed).newValue }

    private static func find<Key: Hashable, Object: AnyObject & Sendable>(
        _ key: Key, in known: inout [Key: Reference<Object>], orMake make: () -> Object
    ) -> Object {
        if let object = known[key]?.object { return object }
        known = known.filter { $0.value.object != nil }
        let object = make()
        known[key] = Reference(object: object)
        return object
    }
}
