internal import Routing

/// Plans routes as ingress-nginx does, its surprises included (`ingress-nginx`, R11–R20).
///
/// The steps are the controller's, in its order: backends (R12, R13), servers (R14, R15), locations (R16), and, in the
/// extension, merging (R17–R19) and what of it a request can see (R20, R21).
struct ExactPlanner {
    /// R12: a Service's port by its number and by its name are two backends.
    struct BackendIdentity: Hashable {
        let namespace: String
        let service: String
        let port: PortReference

        init(_ reference: BackendReference, of manifest: Manifest) {
            namespace = manifest.namespace
            service = reference.service
            port = reference.port
        }

        var description: String { "Service \(namespace)/\(service):\(port)" }
    }

    /// A backend as its creator left it (R13).
    struct Backend {
        /// The Ingress whose rules it has, by position.
        let creator: Int
        /// How its creator names it.
        let reference: BackendReference
        /// Its creator is a canary: it serves no path of its own.
        let isNoServer: Bool
        /// Canary backends in the order in which they were attached; only the first is ever asked (R21.2).
        var alternatives: [Alternative] = []
        /// How clients stay with its endpoints (R28, R29).
        var affinity: BackendAffinity?
        /// The canary path that deleted it (R18), by position among the attempts.
        var deletion: Int?
    }

    /// A canary backend of another one.
    struct Alternative {
        let backend: BackendIdentity
        /// The path that attached it, and its Ingress by position.
        let path: PlannedPath
        let ingress: Int
    }

    /// A path of a server.
    struct Location {
        let place: RoutePlace
        /// Nil is the controller's own default backend, which answers 404.
        var route: PlannedRoute?
        /// The `/` that each server begins with, until a written one takes its place.
        var isInitial: Bool

        var backend: BackendIdentity? { route.map { BackendIdentity($0.path.backend, of: $0.owner) } }
    }

    let ingresses: [PlannedIngress]
    let known: KnownHosts
    var backends: [BackendIdentity: Backend] = [:]
    /// Each server's locations, by host; the empty host is the server `_`.
    private(set) var servers: [String: [Location]] = [:]
    /// In the order of their creation.
    private(set) var hosts: [String] = []
    private var positions: [RoutePlace: Int] = [:]
    var attempts: [Attempt] = []

    /// `ingresses` in the order of R11.
    static func plan(_ ingresses: [PlannedIngress], log: inout DiagnosticLog) -> RoutePlan {
        var planner = ExactPlanner(ingresses)
        planner.createBackends()
        planner.warnBalancing(log: &log)
        planner.createServers(log: &log)
        planner.createLocations(log: &log)
        planner.readAffinity()
        planner.mergeCanaries()
        return planner.result(log: &log)
    }

    private init(_ ingresses: [PlannedIngress]) {
        self.ingresses = ingresses
        known = KnownHosts(ingresses)
    }

    func location(at place: RoutePlace) -> Location? {
        positions[place].flatMap { servers[place.host]?[$0] }
    }

    /// The position of the location at `place` among those of its server.
    func position(of place: RoutePlace) -> Int? { positions[place] }

    // MARK: R12, R13: backends

    /// The first reference creates a backend, but a default backend always creates it anew (R13).
    private mutating func createBackends() {
        for (position, ingress) in ingresses.enumerated() {
            if let reference = ingress.spec.defaultBackend { create(reference, by: position) }
            for path in ingress.spec.writtenPaths {
                let identity = BackendIdentity(path.backend, of: ingress.manifest)
                if backends[identity] == nil { create(path.backend, by: position) }
            }
        }
    }

    private mutating func create(_ reference: BackendReference, by position: Int) {
        let ingress = ingresses[position]
        backends[BackendIdentity(reference, of: ingress.manifest)] =
            Backend(creator: position, reference: reference, isNoServer: ingress.isCanary)
    }

    /// A backend spreads its requests as its creator says (R13).
    private func warnBalancing(log: inout DiagnosticLog) {
        for (position, ingress) in ingresses.enumerated() where ingress.balancing.isWritten {
            var seen: Set<BackendIdentity> = []
            for path in ingress.spec.writtenPaths {
                let identity = BackendIdentity(path.backend, of: ingress.manifest)
                guard seen.insert(identity).inserted, let backend = backends[identity], backend.creator != position else { continue }
                let creator = ingresses[backend.creator]
                guard creator.balancing.balancing != ingress.balancing.balancing else { continue }
                log.warning(
                    ingress.manifest.place(line: path.line), ingress.manifest.object,
                    "\(identity.description) is balanced by \(creator.balancing.balancing), as \(creator.manifest.object) says, which names "
                        + "it first (R13), not by \(ingress.balancing.balancing); write the annotations there")
            }
        }
    }

    // MARK: R14, R15: servers

    /// Canaries create none (R14). Each begins with `/`, for the default backend of the Ingress that is the first with the
    /// host (R15).
    private mutating func createServers(log: inout DiagnosticLog) {
        addServer("", default: nil)
        for main in ingresses where !main.isCanary {
            if main.spec.rules.isEmpty { takeOverDefaultServer(main, log: &log) }
            for rule in main.spec.rules where servers[rule.host] == nil {
                let path = main.spec.defaultPath(of: rule.host)
                addServer(rule.host, default: path.map { PlannedRoute($0, of: main) })
            }
        }
    }

    private mutating func addServer(_ host: String, default route: PlannedRoute?) {
        hosts.append(host)
        servers[host] = []
        append(Location(place: RoutePlace(host: host, path: "/", type: .prefix), route: route, isInitial: true))
    }

    /// An Ingress with nothing but a default backend has `/` of the server `_` for good (R15).
    private mutating func takeOverDefaultServer(_ main: PlannedIngress, log: inout DiagnosticLog) {
        guard let path = main.spec.defaultPath(of: ""), let root = location(at: path.place) else { return }
        if root.isInitial {
            replace(root, with: PlannedRoute(path, of: main))
        } else if let winner = root.route {
            RoutePlanner.warnDuplicate(path, of: main.manifest, winner: winner, log: &log)
        }
    }

    private mutating func append(_ location: Location) {
        let host = location.place.host
        positions[location.place] = servers[host, default: []].count
        servers[host, default: []].append(location)
    }

    private mutating func replace(_ location: Location, with route: PlannedRoute) {
        guard let position = positions[location.place] else { return }
        servers[location.place.host]?[position] = Location(place: location.place, route: route, isInitial: false)
    }

    // MARK: R28: session affinity

    /// The backend of each written path has the session affinity of the last Ingress that gives it any, for all its paths; only those of
    /// Ingresses that do set the cookie. A canary's backend has none of its own (R31).
    private mutating func readAffinity() {
        for ingress in ingresses {
            guard let session = ingress.affinity.session else { continue }
            for path in ingress.spec.writtenPaths {
                let identity = BackendIdentity(path.backend, of: ingress.manifest)
                guard let backend = backends[identity], !backend.isNoServer else { continue }
                var affinity = backend.affinity ?? BackendAffinity(session: session)
                affinity.session = session
                affinity.places.insert(BackendAffinity.place(path.place))
                backends[identity]?.affinity = affinity
            }
        }
    }

    // MARK: R16: locations

    private mutating func createLocations(log: inout DiagnosticLog) {
        for ingress in ingresses {
            for path in ingress.spec.writtenPaths { addLocation(path, of: ingress, log: &log) }
        }
    }

    /// Canaries come here as well: their paths are skipped because their Services are `NoServer`, and become ordinary
    /// locations if an ordinary Ingress has named the Service first; those of an unknown host on the server `_` (oddity 17).
    private mutating func addLocation(_ written: PlannedPath, of ingress: PlannedIngress, log: inout DiagnosticLog) {
        let manifest = ingress.manifest
        guard let backend = backends[BackendIdentity(written.backend, of: manifest)] else { return }
        if backend.isNoServer {
            if !ingress.isCanary { warnNoServer(written, backend, of: manifest, log: &log) }
            return
        }
        let host = servers[written.place.host] == nil ? "" : written.place.host
        let place = RoutePlace(host: host, path: written.place.path, type: written.place.type)
        let route = PlannedRoute(PlannedPath(place: place, backend: written.backend, line: written.line), of: ingress)
        if let location = location(at: place) {
            if location.isInitial {
                replace(location, with: route)
            } else if let winner = location.route, !ingress.isCanary {
                RoutePlanner.warnDuplicate(written, of: manifest, winner: winner, log: &log)
            }
            return
        }
        append(Location(place: place, route: route, isInitial: false))
    }

    private func warnNoServer(
        _ path: PlannedPath, _ backend: Backend, of manifest: Manifest, log: inout DiagnosticLog
    ) {
        let canary = ingresses[backend.creator].manifest
        log.warning(
            manifest.place(line: path.line), manifest.object,
            "\(path.place) is no route, its requests are answered as if it were not there (R16): its Service was first named "
                + "by the canary \(canary.object) at \(canary.place(line: backend.reference.line)) (R13); give the canary a "
                + "Service of its own")
    }
}
