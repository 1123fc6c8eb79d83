import Addressing
import Exchange
import Reactor
import Routing

/// Binds listening addresses for all workers at once.
enum ListenerSet {
    /// One address, with a socket for each worker.
    struct Bound {
        let configured: ProcessSettings.Listener
        let address: SocketAddress
        /// Owned by whoever takes them: one for each worker.
        let descriptors: [Int32]
        let isShared: Bool

        /// Closes sockets that no worker will take, and removes the file that a unix socket has made.
        func discard() {
            for descriptor in descriptors {
                let listener = try? Listener(adopting: descriptor, ownsSocketFile: true)
                listener?.removeSocketFile()
            }
        }
    }

    /// All of them or none.
    static func bind(_ listeners: [ProcessSettings.Listener], workers: Int) throws(Supervisor.StartError) -> [Bound] {
        var bound: [Bound] = []
        for listener in listeners {
            do throws(Errno) {
                bound.append(try bind(listener, workers: workers))
            } catch {
                for taken in bound { taken.discard() }
                throw Supervisor.StartError("cannot listen on \(listener.address): \(error)")
            }
        }
        return bound
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
            throw error
        }
        // The original comes first: it owns a unix socket's file.
        descriptors.insert(first.release(), at: 0)
        return Bound(configured: configured, address: address, descriptors: descriptors, isShared: address.isUnix)
    }
}
