import Addressing
import Exchange
import Reactor
import Routing

/// Binds listening addresses for all workers at once.
enum ListenerSet {
    /// One address, with its sockets.
    struct Bound {
        let configured: ProcessSettings.Listener
        let address: SocketAddress
        /// Owned by the workers that take them in turn; at least one.
        var descriptors: [Int32]
        /// Whether several of them are of the same socket.
        var isShared: Bool
        /// Whether this process was started with it: it is another one's, too.
        let isInherited: Bool
        let role: SocketRole
        /// It does not listen before the workers get it: one that leaves has its clients until then.
        var isReserved = false

        var identities: Set<Int64> { Set(descriptors.map { Listener.identity(of: $0) }) }

        /// Begins to listen where it has not yet. What fails there is seen by the worker that gets the socket.
        func listen() {
            guard isReserved else { return }
            for descriptor in descriptors { try? Listener.listen(descriptor) }
        }

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

    static func spread(_ bound: inout Bound, over workers: Int) throws(Errno) {
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

    /// Where the process listens already.
    struct Neighbours {
        /// To be closed when the new ones take over.
        var leaving: [SocketAddress] = []
        var staying: [SocketAddress] = []
        /// All of its sockets there.
        var identities: Set<Int64> = []

        /// Whether a new socket may join who leaves, so that no client finds nobody. Another process of this user might be joined in the
        /// same way, and is not.
        func makeRoom(for address: SocketAddress) -> Bool {
            onlyWhoLeavesBlocks(address) && ListeningPorts.identities(onPortOf: address).map(identities.isSuperset) ?? false
        }

        /// Whether of all places only those that leave are in the way of `address`, as 127.0.0.1 is of 0.0.0.0.
        func onlyWhoLeavesBlocks(_ address: SocketAddress) -> Bool {
            leaving.contains { Self.overlap($0, address) } && !staying.contains { Self.overlap($0, address) }
        }

        private static func overlap(_ first: SocketAddress, _ second: SocketAddress) -> Bool {
            guard let one = first.ipAddress, let other = second.ipAddress, first.port == second.port else { return false }
            return one == other || one.wildcard == other || one == other.wildcard
        }
    }

    /// All of them or none.
    static func bind(
        _ listeners: [ProcessSettings.Listener], workers: Int, beside neighbours: Neighbours = Neighbours()
    ) throws(Supervisor.StartError) -> [Bound] {
        var bound: [Bound] = []
        for listener in listeners {
            do throws(Errno) {
                bound.append(try bind(listener, workers: workers, beside: neighbours))
            } catch {
                for taken in bound { taken.discard() }
                throw failure(listener, error)
            }
        }
        return bound
    }

    static func failure(_ listener: ProcessSettings.Listener, _ error: Errno) -> Supervisor.StartError {
        Supervisor.StartError("cannot listen on \(listener.address): \(error)")
    }

    private static func bind(
        _ configured: ProcessSettings.Listener, workers: Int, beside neighbours: Neighbours = Neighbours()
    ) throws(Errno) -> Bound {
        guard let wanted = configured.address.socketAddress else { throw Errno.EINVAL }
        let first: Listener
        do throws(Errno) {
            first = try Listener.bind(wanted, sharing: .first)
        } catch {
            guard error == .EADDRINUSE, neighbours.makeRoom(for: wanted) else { throw error }
            return try reserve(configured, at: wanted, workers: workers)
        }
        let address = first.localAddress
        var descriptors: [Int32] = []
        do throws(Errno) {
            while descriptors.count < workers - 1 {
                // A unix socket is one queue that all workers wait on; of TCP each worker has a queue of its own.
                let next = address.isUnix ? try first.duplicate() : try Listener.bind(address, sharing: .next)
                descriptors.append(next.release())
            }
        } catch {
            close(descriptors)
            first.removeSocketFile()
            throw error
        }
        // The original comes first: it owns a unix socket's file.
        descriptors.insert(first.release(), at: 0)
        return Bound(
            configured: configured, address: address, descriptors: descriptors, isShared: address.isUnix, isInherited: false,
            role: .listener)
    }

    private static func reserve(_ configured: ProcessSettings.Listener, at address: SocketAddress, workers: Int) throws(Errno) -> Bound {
        var descriptors: [Int32] = []
        do throws(Errno) {
            while descriptors.count < workers { descriptors.append(try Listener.reserve(address)) }
        } catch {
            close(descriptors)
            throw error
        }
        return Bound(
            configured: configured, address: address, descriptors: descriptors, isShared: false, isInherited: false, role: .listener,
            isReserved: true)
    }

    static func close(_ descriptors: [Int32]) {
        for descriptor in descriptors { Socket(adopting: descriptor).close() }
    }
}
