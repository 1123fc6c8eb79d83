import Addressing
import Routing

extension Explanation {
    /// Which endpoints a request may get, all being well.
    struct Answering {
        /// Addresses listed for people.
        private static let shown = 5

        /// One if the request's hash says which.
        let endpoints: [EndpointAddress]
        /// One sentence.
        let text: String

        init(_ placement: Placement, _ backend: Backend) {
            let answering = Answering(placement: placement, backend)
            endpoints = answering.endpoints
            text = answering.text
                + (backend.endpoints.count > 1 ? "; a worker that could not reach an endpoint passes over it for some seconds" : "")
                + (backend.tls.map { "; by \($0)" } ?? "")
                + (backend.proxyProtocol.map { "; each request behind a PROXY header (\($0.rawValue)), on a connection of its own" } ?? "")
        }

        private init(placement: Placement, _ backend: Backend) {
            let all = backend.endpoints.map(\.address)
            let service = "Service \(backend.name)"
            guard all.count > 1 else {
                endpoints = all
                text = all.first.map { "\(service), its one endpoint \($0)" } ?? "\(service) has no endpoint: answered 503"
                return
            }
            let names = all.map(\.description)
            switch (backend.balancing, placement) {
            case (.hash, .hash(let hash)):
                let ring = HashRing(names: names, weights: backend.endpoints.map(\.weight))
                endpoints = ring.node(of: hash).map { [all[$0]] } ?? []
                text = "\(service), of its \(all.count) endpoints the one that the \(backend.balancing) leads to: \(Self.list(endpoints))"
            case (.subset(_, let size), .hash(let hash)):
                var group: [EndpointAddress] = []
                for index in SubsetRing(names: names, size: size).group(of: hash) where !group.contains(all[index]) {
                    group.append(all[index])
                }
                endpoints = group
                text = "\(service), of its \(all.count) endpoints one of those that the \(backend.balancing) leads to: \(Self.list(group))"
            case (.ewma, _):
                endpoints = all
                text = "\(service), of two of its \(all.count) endpoints the one that lately answered faster (ewma): \(Self.list(all))"
            case (.session(let isPersistent, let salt), .session(let session)):
                let ring = SessionRing(names: names, weights: backend.endpoints.map(\.weight), isPersistent: isPersistent, service: salt)
                endpoints = ring.node(named: session).map { [all[$0]] } ?? all
                text = "\(service), " + Self.text(session, of: all.count, endpoints)
            case (.roundRobin, _), (.hash, _), (.subset, _), (.session, _):
                endpoints = all
                text = "\(service), one of its \(all.count) endpoints in turn: \(Self.list(all))"
            }
        }

        private static func text(_ session: SessionRequest, of count: Int, _ endpoints: [EndpointAddress]) -> String {
            if endpoints.count > 1 {
                return "any of its \(count) endpoints, with which the client stays by a new session cookie: \(list(endpoints))"
            }
            let visit = if case .visitor = session { ", and keeps the cookie, which belongs to the other version" } else { "" }
            return "of its \(count) endpoints the one with which the client stays by its session cookie: \(list(endpoints))" + visit
        }

        private static func list(_ endpoints: [EndpointAddress]) -> String {
            endpoints.prefix(shown).map(\.description).joined(separator: ", ") + (endpoints.count > shown ? "…" : "")
        }
    }
}
