import Reactor
import TLS

/// What a process hands over to the next one of an upgrade beside its sockets: each kind as sealed memory, under its name. A process
/// that does not know a kind, or has none, goes on without.
enum HandedMemory: String, CaseIterable, Sendable {
    /// With which clients of the process before resume their sessions.
    case ticketKeys = "ticket-keys"
    /// What the program hands over that runs the proxy (`Supervisor.Options.handsOver`), and takes (`Launch.takeHandedOver`).
    case program

    /// Bytes; more are not believed.
    var limit: Int {
        switch self {
        case .ticketKeys: SessionTickets.sizeLimit
        case .program: 32 << 20
        }
    }

    /// Those of this process that hold something; the descriptors are the caller's. None is worth failing for: the next process does
    /// without what can't be handed over, which `warn` is told.
    static func ofThisProcess(warn: (String) -> Void) -> [(kind: HandedMemory, fd: Int32)] {
        var made: [(kind: HandedMemory, fd: Int32)] = []
        for kind in allCases {
            do throws(Errno) {
                if let fd = try kind.make() { made.append((kind, fd)) }
            } catch {
                warn("\(kind.rawValue) cannot be handed over: \(error)")
            }
        }
        return made
    }

    private func make() throws(Errno) -> Int32? {
        switch self {
        case .ticketKeys:
            var keys = SessionTickets.export()
            defer { SessionTickets.wipe(&keys) }
            return keys.isEmpty ? nil : try SealedMemory.make(name: "serin-" + rawValue, keys)
        case .program: return nil
        }
    }

    /// Before anybody is served: makes what was handed over this process's own.
    static func adopt(_ inherited: inout InheritedSockets) {
        if var keys = inherited.take(.ticketKeys) {
            if !SessionTickets.adopt(keys) {
                inherited.warn("the ticket keys that the process before has handed over are not understood: clients make full handshakes")
            }
            SessionTickets.wipe(&keys)
        }
    }
}
