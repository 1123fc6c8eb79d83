import Addressing
import Reactor
import Routing
import Synchronization

/// Turns the names among the endpoints into addresses, on threads of its own, since the system's resolver may block for long: several
/// at a time, so that a name that nobody answers for does not hold up the others. Used by one thread, the supervisor's.
final class Resolver {
    struct Name: Hashable, Sendable {
        let host: String
        let port: UInt16
    }

    /// Asks for one name and blocks for as long as that takes; nil when there is no answer.
    typealias LookUp = @Sendable (_ host: String, _ port: UInt16) -> [SocketAddress]?

    /// By name; without those that had no answer.
    typealias Answers = [Name: [SocketAddress]]

    /// Names asked for at a time. The threads end when there is nothing more to ask.
    static let maximumThreads = 16

    /// Names that wait for a thread, and the threads that will take them.
    private final class Queue: Sendable {
        private struct State {
            var names: [Name] = []
            var threads = 0
        }

        private let state = Mutex(State())

        /// Returns how many threads are to be started.
        func append(_ names: Set<Name>) -> Int {
            state.withLock { state in
                state.names += names
                let wanted = min(names.count, Resolver.maximumThreads - state.threads)
                state.threads += wanted
                return wanted
            }
        }

        /// Nil: the thread that asks is to end.
        func next() -> Name? {
            state.withLock { state in
                if let name = state.names.popLast() { return name }
                state.threads -= 1
                return nil
            }
        }

        /// One that was to be started could not be. Returns the names that nobody will ask for, since there is no other one.
        func lack() -> [Name] {
            state.withLock { state in
                state.threads -= 1
                guard state.threads == 0 else { return [] }
                let names = state.names
                state.names = []
                return names
            }
        }

        func removeAll() { state.withLock { $0.names = [] } }
    }

    private let supervisor: Mailbox<SupervisorMessage>
    private let lookUp: LookUp
    private let queue = Queue()
    /// Those to be joined, by their number.
    private var threads: [Int: Thread] = [:]
    private var started = 0

    init(_ lookUp: @escaping LookUp, answering supervisor: Mailbox<SupervisorMessage>) {
        self.lookUp = lookUp
        self.supervisor = supervisor
    }

    /// Answers with one `SupervisorMessage.resolved` for each.
    func resolve(_ names: Set<Name>) {
        for _ in 0..<queue.append(names) { start() }
    }

    private func start() {
        started += 1
        let number = started
        do throws(Errno) {
            threads[number] = try Thread.start(name: "resolver") { [queue, lookUp, supervisor] in
                while let name = queue.next() { supervisor.post(.resolved(name, lookUp(name.host, name.port))) }
                supervisor.post(.resolverEnded(number))
            }
        } catch {
            for name in queue.lack() { supervisor.post(.resolved(name, nil)) }
        }
    }

    /// A thread has said that it has ended.
    func join(_ thread: Int) { threads.removeValue(forKey: thread)?.join() }

    /// Whether a thread has not been joined.
    var isBusy: Bool { !threads.isEmpty }

    /// No further name is asked for: threads end after the question that they may be waiting for.
    func stop() { queue.removeAll() }

    // MARK: Names of a snapshot

    static func names(in backends: [Backend]) -> Set<Name> {
        var names: Set<Name> = []
        for backend in backends {
            for case .name(let host, let port) in backend.endpoints.lazy.map(\.address) {
                names.insert(Name(host: host, port: port))
            }
        }
        return names
    }

    /// The backends with each name replaced by what it resolved to; a name without an answer yields no endpoint.
    static func replaceNames(in backends: [Backend], by answers: Answers) -> [Backend] {
        backends.map { backend in
            let endpoints = backend.endpoints.flatMap { endpoint -> [Endpoint] in
                guard case .name(let host, let port) = endpoint.address else { return [endpoint] }
                return (answers[Name(host: host, port: port)] ?? []).map { address in
                    Endpoint(address: EndpointAddress(address), weight: endpoint.weight, labels: endpoint.labels)
                }
            }
            return backend.replacing(endpoints: endpoints)
        }
    }
}
