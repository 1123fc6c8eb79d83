import Addressing
import Exchange
import Routing
import TLS

/// One endpoint to be checked, and how. Backends that ask the same of the same endpoint share it.
struct HealthTarget: Sendable {
    struct ID: Hashable, Sendable {
        let endpoint: EndpointKey
        let check: HealthCheck
        let proxyProtocol: ProxyHeader.Version?
    }

    let id: ID
    /// A backend that wants it, for the log.
    let service: String
    let tls: BackendTLS?
    let context: UpstreamTLSContext?

    /// All that a snapshot's backends want to be checked, each once.
    /// - Parameter backends: with addresses for names.
    static func all(_ health: HealthPolicy, _ backends: [Backend], _ contexts: [UpstreamTLSContext]) -> [HealthTarget] {
        var targets: [HealthTarget] = []
        var known: Set<ID> = []
        for (index, check) in health.checks.sorted(by: { $0.key < $1.key }) {
            let backend = backends[index]
            // An index that nothing belongs to: such a backend is not spoken to at all.
            if let tls = backend.tls, !contexts.indices.contains(tls.context) { continue }
            for address in backend.endpoints.lazy.compactMap(\.address.socketAddress) {
                let id = id(of: address, backend, check, contexts)
                guard known.insert(id).inserted else { continue }
                targets.append(HealthTarget(id: id, service: backend.name, tls: backend.tls, context: backend.tls.map { contexts[$0.context] }))
            }
        }
        return targets
    }

    static func id(of address: SocketAddress, _ backend: Backend, _ check: HealthCheck, _ contexts: [UpstreamTLSContext]) -> ID {
        ID(endpoint: EndpointKey(address, backend.tls, contexts), check: check, proxyProtocol: backend.proxyProtocol)
    }
}
