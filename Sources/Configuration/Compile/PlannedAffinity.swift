internal import Exchange
internal import Routing

/// The session affinity of one version of a route.
struct PlannedAffinity: Equatable {
    let session: AffinityAnnotations.Session
    /// Whether clients of this path are given the cookie.
    let setsCookie: Bool
}

/// The session affinity of a backend as ingress-nginx keeps it: of all its paths, and of the backend a canary copied it from (R29).
struct BackendAffinity {
    /// The last Ingress says how.
    var session: AffinityAnnotations.Session
    /// Where the cookie is set: host and path, whatever the type.
    var places: Set<String> = []

    static func place(_ place: RoutePlace) -> String { place.host + place.path }

    func planned(at place: RoutePlace) -> PlannedAffinity {
        PlannedAffinity(session: session, setsCookie: places.contains(Self.place(place)))
    }
}

extension PlannedRoute {
    /// - Parameter cookiePath: what the cookie's path is without an annotation.
    func affinity(_ mode: Compatibility, cookiePath: String, keys: inout ValueKeyList) -> RouteAffinity? {
        let compiled = others.map { canary in canary.affinity.map { Self.compile($0, service: canary.service, cookiePath, &keys) } }
        let stable = affinity.map { Self.compile($0, service: service, cookiePath, &keys) }
        guard stable != nil || compiled.contains(where: { $0 != nil }) else { return nil }
        let decides = compiled.contains { $0 != nil }
        let precedence: RouteAffinity.Precedence = switch mode {
        case .ingressNginx: .first
        case .scoped: decides ? .beforeWeight : .never
        }
        return RouteAffinity(stable: stable, canaries: compiled, precedence: precedence, honoursForeign: mode == .ingressNginx)
    }

    private static func compile(
        _ planned: PlannedAffinity, service: String, _ cookiePath: String, _ keys: inout ValueKeyList
    ) -> SessionAffinity {
        var cookie = planned.session.cookie
        if !planned.session.hasPath { cookie.path = cookiePath }
        return SessionAffinity(
            key: keys.index(of: .cookie(cookie.name)), serviceKey: SessionKey(service: service), cookie: cookie,
            setsCookie: planned.setsCookie, changesOnFailure: planned.session.changesOnFailure)
    }

    /// R12.
    var service: String { path.backend.identity(in: owner.namespace) }

    /// How requests of the stable version are spread over its endpoints (R32).
    var placement: Balancing {
        affinity.map { .session(isPersistent: $0.session.isPersistent, service: service) } ?? balancing
    }
}

extension PlannedCanary {
    fileprivate var service: String { backend.identity(in: owner.namespace) }

    var placement: Balancing {
        affinity.map { .session(isPersistent: $0.session.isPersistent, service: service) } ?? balancing
    }
}

extension BackendReference {
    /// What ingress-nginx calls the backend (R12).
    fileprivate func identity(in namespace: String) -> String { "\(namespace)-\(service)-\(port)" }
}
