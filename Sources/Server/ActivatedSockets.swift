import Addressing
import Exchange
import Reactor
import Routing

/// The listening sockets that a service manager has made for this process, but not the admin address's. It has them open itself: closing
/// them here frees nothing, so they are kept for a configuration that wants them again.
struct ActivatedSockets {
    private let sockets: [InheritedSocket]

    /// - Parameters:
    ///   - bound: copies are kept of those that are a service manager's.
    ///   - unused: belong to this value from now on.
    init(_ bound: [ListenerSet.Bound], unused: [InheritedSocket]) throws(Errno) {
        var sockets = unused
        for listener in bound where listener.role.isActivated {
            for descriptor in try Self.copies(of: listener.descriptors) {
                sockets.append(InheritedSocket(fd: descriptor, address: listener.address, identity: Listener.identity(of: descriptor), role: listener.role))
            }
        }
        self.sockets = sockets
    }

    /// Copies of those at the address of `configured`, for all workers; nil: there is none.
    func listen(_ configured: ProcessSettings.Listener, workers: Int) throws(Supervisor.StartError) -> ListenerSet.Bound? {
        let fitting = sockets.filter { $0.address == configured.address.socketAddress }
        guard let first = fitting.first else { return nil }
        do throws(Errno) {
            let copies = try Self.copies(of: fitting.map(\.fd))
            var bound = ListenerSet.Bound(
                configured: configured, address: first.address, descriptors: copies, isShared: false, isInherited: true,
                role: .activatedListener)
            do throws(Errno) {
                try ListenerSet.spread(&bound, over: workers)
            } catch {
                bound.discard()
                throw error
            }
            return bound
        } catch {
            throw ListenerSet.failure(configured, error)
        }
    }

    /// Copies for the next process.
    func lend(except used: [SocketAddress]) throws(Errno) -> [LentSocket] {
        let unused = sockets.filter { !used.contains($0.address) }
        return try Self.copies(of: unused.map(\.fd)).map { LentSocket(fd: $0, role: .activatedListener, configured: nil) }
    }

    func close() { ListenerSet.close(sockets.map(\.fd)) }

    /// All or none.
    private static func copies(of descriptors: [Int32]) throws(Errno) -> [Int32] {
        var copies: [Int32] = []
        do throws(Errno) {
            for descriptor in descriptors { copies.append(try Listener.duplicate(descriptor)) }
        } catch {
            ListenerSet.close(copies)
            throw error
        }
        return copies
    }
}
