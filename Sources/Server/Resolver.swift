import Addressing
import Reactor
import Routing

/// Turns the names among the endpoints into addresses, on a thread of its own: the system's resolver may block for long.
final class Resolver: Sendable {
    struct Name: Hashable, Sendable {
        let host: String
        let port: UInt16
    }

    /// Asks for one name and blocks for as long as that takes; nil when there is no answer.
    typealias LookUp = @Sendable (_ host: String, _ port: UInt16) -> [SocketAddress]?

    /// By name; without those that had no answer.
    typealias Answers = [Name: [SocketAddress]]

    private enum Message: Sendable {
        case resolve(Set<Name>)
        case stop
    }

    private let mailbox: Mailbox<Message>
    private let supervisor: Mailbox<SupervisorMessage>
    private let lookUp: LookUp

    init(_ lookUp: @escaping LookUp, answering supervisor: Mailbox<SupervisorMessage>) throws(Errno) {
        self.lookUp = lookUp
        mailbox = try Mailbox()
        self.supervisor = supervisor
    }

    func start() throws(Errno) -> Thread {
        return try Thread.start(name: "resolver") { [self] in run() }
    }

    /// Answers with one `SupervisorMessage.resolved`.
    func resolve(_ names: Set<Name>) { mailbox.post(.resolve(names)) }

    /// Ends the thread after the question that it may be waiting for; its last act is `SupervisorMessage.resolverEnded`.
    func stop() { mailbox.post(.stop) }

    private func run() {
        while true {
            mailbox.wakeUp.wait()
            for message in mailbox.takeAll() {
                guard case .resolve(let names) = message else { return supervisor.post(.resolverEnded) }
                var answers: Answers = [:]
                for name in names { answers[name] = lookUp(name.host, name.port) }
                supervisor.post(.resolved(answers, asked: names))
            }
        }
    }

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
