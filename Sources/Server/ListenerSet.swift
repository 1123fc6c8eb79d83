import Addressing
import Exchange
import Glibc
import Reactor
import Routing

/// Binds listening addresses for all workers at once.
enum ListenerSet {
    /// One address, with its sockets.
    struct Bound {
        let configured: ProcessSettings.Listener
        let address: SocketAddress
        /// Owned by the workers that take them in turn; at least one.
        fileprivate(set) var descriptors: [Int32]
        /// Whether several of them are of the same socket.
        fileprivate(set) var isShared: Bool
        /// Whether this process was started with it: it is another one's, too.
        let isInherited: Bool
        let role: SocketRole

        /// Closes sockets that no worker will take, and removes the file that a unix socket has made.
        func discard() {
            for descriptor in descriptors {
                do throws(Errno) {
                    let listener = try Listener(adopting: descriptor, ownsSocketFile: !isInherited)
                    listener.removeSocketFile()
                    listener.close()
                } catch {
                    Socket(adopting: descriptor).close()
                }
            }
        }
    }

    /// All of them or none. An inherited socket that listens on the address of one of them is taken instead of a new one.
    static func bind(
        _ listeners: [ProcessSettings.Listener], workers: Int, inheriting inherited: inout InheritedSockets
    ) throws(Supervisor.StartError) -> [Bound] {
        var bound: [Bound] = []
        for (listener, sockets) in zip(listeners, inherited.deal(to: listeners.map(\.address.socketAddress))) {
            if let first = sockets.first {
                bound.append(Bound(
                    configured: listener, address: first.address, descriptors: sockets.map(\.fd), isShared: false, isInherited: true,
                    role: SocketRole(isAdmin: false, isActivated: sockets.contains(where: \.isActivated))))
                continue
            }
            do throws(Errno) {
                bound.append(try bind(listener, workers: workers))
            } catch {
                for taken in bound { taken.discard() }
                throw failure(listener, error)
            }
        }
        return bound
    }

    /// Sees to it that there are as many sockets as workers. Of inherited ones there may be fewer: others join those that Serin has
    /// bound; where they may not, or where a service manager's queue is to be the only one, the workers share. There may also be more,
    /// of which a worker then has several: closing one would lose the connections in its queue.
    ///
    /// From now on connections come in: whatever may fail has to be done before.
    static func spread(_ bound: inout [Bound], over workers: Int) throws(Supervisor.StartError) {
        for index in bound.indices {
            do throws(Errno) {
                try spread(&bound[index], over: workers)
            } catch {
                throw failure(bound[index].configured, error)
            }
        }
    }

    private static func spread(_ bound: inout Bound, over workers: Int) throws(Errno) {
        if !bound.address.isUnix, !bound.role.isActivated {
            while bound.descriptors.count < workers, let next = try? Listener.bind(bound.address, sharing: .next) {
                bound.descriptors.append(next.release())
            }
        }
        let own = bound.descriptors.count
        while bound.descriptors.count < workers {
            bound.descriptors.append(try Listener.duplicate(bound.descriptors[bound.descriptors.count % own]))
            bound.isShared = true
        }
    }

    /// All of them or none.
    static func bind(_ listeners: [ProcessSettings.Listener], workers: Int) throws(Supervisor.StartError) -> [Bound] {
        try bind(listeners, workers: workers, replacing: [], release: { _ in })
    }

    /// All of them or none, while the `obsolete` ones are still open. Where one of these is in the way (0.0.0.0 and 127.0.0.1
    /// cannot both have a port), it has to go first, and its clients find nobody for a moment: once everything else is bound,
    /// `release` is to begin closing it, and the address is tried until it is free. That blocks for a second at most.
    ///
    /// It is the caller's to bind released ones again when this throws.
    static func bind(
        _ listeners: [ProcessSettings.Listener], workers: Int, replacing obsolete: [ProcessSettings.Listener],
        release: ([ProcessSettings.Listener]) -> Void
    ) throws(Supervisor.StartError) -> [Bound] {
        var bound: [Bound] = []
        var blocked: [(listener: ProcessSettings.Listener, by: [ProcessSettings.Listener])] = []
        do throws(Supervisor.StartError) {
            for listener in listeners {
                do throws(Errno) {
                    bound.append(try bind(listener, workers: workers))
                } catch {
                    let blockers = obsolete.filter { isInTheWay($0, of: listener) }
                    guard error == .EADDRINUSE, !blockers.isEmpty else { throw failure(listener, error) }
                    blocked.append((listener, blockers))
                }
            }
            for (_, blockers) in blocked { release(blockers) }
            for (listener, blockers) in blocked {
                bound.append(try bind(listener, workers: workers, whenReleased: blockers))
            }
        } catch {
            for taken in bound { taken.discard() }
            throw error
        }
        return bound
    }

    private static func bind(
        _ listener: ProcessSettings.Listener, workers: Int, whenReleased blockers: [ProcessSettings.Listener]
    ) throws(Supervisor.StartError) -> Bound {
        for _ in 0..<attempts {
            do throws(Errno) {
                return try bind(listener, workers: workers)
            } catch {
                guard error == .EADDRINUSE else { throw failure(listener, error) }
                usleep(pause)
            }
        }
        let names = blockers.map { "\($0.address)" }.joined(separator: ", ")
        throw Supervisor.StartError("cannot listen on \(listener.address) instead of \(names): \(Errno.EADDRINUSE)")
    }

    /// How often, and after how many microseconds each, an address is tried that is about to be free.
    private static let attempts = 200
    private static let pause: UInt32 = 5000

    private static func failure(_ listener: ProcessSettings.Listener, _ error: Errno) -> Supervisor.StartError {
        Supervisor.StartError("cannot listen on \(listener.address): \(error)")
    }

    /// Whether one may be why the other cannot be bound: the same unix socket, or a port in common.
    private static func isInTheWay(_ old: ProcessSettings.Listener, of new: ProcessSettings.Listener) -> Bool {
        guard let old = old.address.socketAddress, let new = new.address.socketAddress else { return false }
        return old == new || (old.port != nil && old.port == new.port)
    }

    private static func bind(_ configured: ProcessSettings.Listener, workers: Int) throws(Errno) -> Bound {
        guard let wanted = configured.address.socketAddress else { throw Errno.EINVAL }
        let first = try Listener.bind(wanted, sharing: .first)
        let address = first.localAddress
        var descriptors: [Int32] = []
        do throws(Errno) {
            while descriptors.count < workers - 1 {
                // A unix socket is one queue that all workers wait on; of TCP each worker has a queue of its own.
                let next = address.isUnix ? try first.duplicate() : try Listener.bind(address, sharing: .next)
                descriptors.append(next.release())
            }
        } catch {
            for descriptor in descriptors { Socket(adopting: descriptor).close() }
            first.removeSocketFile()
            throw error
        }
        // The original comes first: it owns a unix socket's file.
        descriptors.insert(first.release(), at: 0)
        return Bound(
            configured: configured, address: address, descriptors: descriptors, isShared: address.isUnix, isInherited: false,
            role: .listener)
    }
}
