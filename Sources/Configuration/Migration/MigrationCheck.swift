internal import Exchange
internal import Routing

/// Finds where Serin behaves differently from ingress-nginx.
///
/// `ExactPlanner` is what ingress-nginx would make of the manifests; where `ScopedPlanner` makes something else of them, and
/// where Serin does not do what a manifest says in either mode, is a difference.
struct MigrationCheck {
    typealias Difference = MigrationReport.Difference

    /// In the order of ingress-nginx (R11).
    let ingresses: [PlannedIngress]
    let exact: RoutePlan
    let scoped: RoutePlan
    /// As compiled in `scoped`.
    let snapshot: Snapshot
    /// The first canary that names a Service and port.
    private(set) var canariesByBackend: [ExactPlanner.BackendIdentity: Manifest] = [:]
    /// The default backends of canaries.
    private(set) var catchAlls: Set<ExactPlanner.BackendIdentity> = []
    private(set) var report = MigrationReport()

    static func report(_ manifests: [Manifest], settings: Settings) -> MigrationReport {
        var check = MigrationCheck(manifests, settings: settings)
        check.compareRoutes()
        check.compareCanaries()
        check.compareEndpoints()
        for ingress in check.ingresses {
            check.compareList(ingress)
            check.compareTotal(ingress)
            check.compareAnnotations(ingress)
            check.compareValues(ingress, settings)
            check.comparePaths(ingress)
            check.compareTLS(ingress, hasListener: settings.process.listeners.contains(where: \.tls))
        }
        check.addConditions(settings)
        check.sort(manifests)
        return check.report
    }

    private init(_ manifests: [Manifest], settings: Settings) {
        // What the planners complain about is said by `check`; here it would be said twice.
        var unused = DiagnosticLog()
        let selection = IngressSelection(manifests, classes: settings.ingressClasses)
        let ordered = selection.ordered(manifests, .ingressNginx, log: &unused)
        ingresses = RoutePlanner.read(ordered, .ingressNginx, log: &unused)
        exact = RoutePlanner.plan(ordered, .ingressNginx, log: &unused)
        scoped = RoutePlanner.plan(selection.ordered(manifests, .scoped, log: &unused), .scoped, log: &unused)
        var settings = settings
        settings.compatibility = .scoped
        let config = Place(file: "", line: 1)
        snapshot = SnapshotCompiler.compile(manifests, settings: settings, config: config, log: &unused).snapshot
        for canary in ingresses where canary.isCanary {
            let catchAll = canary.spec.defaultBackend.map { ExactPlanner.BackendIdentity($0, of: canary.manifest) }
            let written = canary.spec.writtenPaths.map { ExactPlanner.BackendIdentity($0.backend, of: canary.manifest) }
            if let catchAll { catchAlls.insert(catchAll) }
            for identity in written + [catchAll].compactMap(\.self) where canariesByBackend[identity] == nil {
                canariesByBackend[identity] = canary.manifest
            }
        }
        report.ingressCount = ingresses.count
        report.canaryCount = ingresses.count { $0.isCanary }
        let all = manifests.count { manifest in
            if case .ingress = manifest.body { return true }
            return false
        }
        report.skippedCount = all - ingresses.count
    }

    // MARK: Collecting

    mutating func add(
        _ rule: String, _ manifest: Manifest, line: Int, _ places: [RoutePlace] = [], ingressNginx: String, serin: String,
        modes: Difference.Modes = .scoped, remedy: String
    ) {
        report.differences.append(
            Self.difference(rule, manifest, line, places, ingressNginx, serin, modes, remedy))
    }

    mutating func addCondition(
        _ rule: String, _ manifest: Manifest, line: Int, ingressNginx: String, serin: String,
        modes: Difference.Modes = .scoped, remedy: String
    ) {
        report.conditions.append(Self.difference(rule, manifest, line, [], ingressNginx, serin, modes, remedy))
    }

    private static func difference(
        _ rule: String, _ manifest: Manifest, _ line: Int, _ places: [RoutePlace], _ ingressNginx: String,
        _ serin: String, _ modes: Difference.Modes, _ remedy: String
    ) -> Difference {
        Difference(
            file: manifest.place.file, line: line, object: manifest.object, rule: rule, places: places.map(\.description),
            ingressNginx: ingressNginx, serin: serin, modes: modes, remedy: remedy)
    }

    /// By file, in the order in which the files were read, and line.
    private mutating func sort(_ manifests: [Manifest]) {
        var rank: [String: Int] = [:]
        for manifest in manifests where rank[manifest.place.file] == nil { rank[manifest.place.file] = rank.count }
        report.differences = report.differences.enumerated().sorted { left, right in
            let leftKey = (rank[left.element.file] ?? 0, left.element.line, left.offset)
            let rightKey = (rank[right.element.file] ?? 0, right.element.line, right.offset)
            return leftKey < rightKey
        }.map(\.element)
    }
}
