internal import Exchange
internal import Routing

/// Finds where Serin behaves differently from ingress-nginx.
///
/// `ExactPlanner` is what ingress-nginx would make of the manifests; where `ScopedPlanner` makes something else of them, and
/// where Serin does not do what a manifest says in either mode, is a difference. What `check` warns of and nothing of this
/// has named is one as well, unless ingress-nginx does the same.
struct MigrationCheck {
    typealias Difference = MigrationReport.Difference

    /// In the order of ingress-nginx (R11), with the annotations that it knows.
    let ingresses: [PlannedIngress]
    let exact: RoutePlan
    let scoped: RoutePlan
    /// As compiled in `scoped`.
    let snapshot: Snapshot
    /// What `scoped` makes of the Ingresses, by label.
    let inScoped: [String: PlannedIngress]
    /// What `check` warns of in the mode that is configured, by object.
    let warnings: [String: [Diagnostic]]
    /// Canaries by a vendor's annotation, which ingress-nginx takes for ordinary Ingresses (R2), by label.
    let vendorCanaries: Set<String>
    /// Completes what can be done to have a canary as before.
    let exactMode: String
    /// Ingresses that are not served in `ingress-nginx` mode, nor there (R9), by label.
    let refused: Set<String>
    /// The controller's, as it is configured.
    let riskLevel: AnnotationRisk
    /// The Ingress as which a Service and port is in ingress-nginx (R13).
    let creators: [ExactPlanner.BackendIdentity: PlannedIngress]
    /// The default backends of canaries.
    let catchAlls: Set<ExactPlanner.BackendIdentity>
    private let resolver: EndpointResolver
    private var mode: Compatibility { report.mode }
    private(set) var report = MigrationReport()
    /// The objects and lines of the differences.
    private var named: Set<String> = []

    static func report(_ manifests: [Manifest], settings: Settings) -> MigrationReport {
        var check = MigrationCheck(manifests, settings: settings)
        check.compareRoutes()
        check.compareCanaries()
        check.compareEndpoints()
        check.compareSlashes()
        check.comparePatterns()
        check.compareExpressions()
        check.compareOrder()
        check.compareLeaks()
        for ingress in check.scoped.ingresses where !check.refused.contains(ingress.manifest.label) { check.compareVendors(ingress) }
        for ingress in check.ingresses {
            // Nothing of it is obeyed there.
            if check.compareAdmission(ingress) { continue }
            check.compareAnnotations(ingress)
            check.compareValues(ingress)
            check.compareTLS(ingress, hasListener: settings.process.listeners.contains(where: \.tls))
            check.comparePaths(ingress)
            check.compareWarnings(ingress)
        }
        check.addConditions(settings)
        return check.sorted(manifests)
    }

    private init(_ manifests: [Manifest], settings: Settings) {
        // What the planners complain about is said by `check`; here it would be said twice.
        var unused = DiagnosticLog()
        let selection = IngressSelection(manifests, classes: settings.ingressClasses)
        let ordered = selection.ordered(manifests, .ingressNginx, log: &unused)
        ingresses = RoutePlanner.read(ordered, .ingressNginx, log: &unused)
        exact = RoutePlanner.plan(ordered, .ingressNginx, log: &unused)
        scoped = RoutePlanner.plan(selection.ordered(manifests, .scoped, log: &unused), .scoped, log: &unused)
        inScoped = Dictionary(scoped.ingresses.map { ($0.manifest.label, $0) }) { first, _ in first }
        let config = Place(file: "", line: 1)
        func compiled(_ mode: Compatibility) -> (snapshot: Snapshot, log: DiagnosticLog) {
            var (settings, log) = (settings, DiagnosticLog())
            settings.compatibility = mode
            return (SnapshotCompiler.compile(manifests, settings: settings, config: config, log: &log).snapshot, log)
        }
        let here = compiled(.scoped)
        snapshot = here.snapshot
        let said = (settings.compatibility == .scoped ? here.log : compiled(settings.compatibility).log).entries
        warnings = Dictionary(grouping: said.filter { $0.severity == .warning }, by: \.object)
        let canaries = Set(ingresses.filter(\.isCanary).map(\.manifest.label))
        vendorCanaries = Set(scoped.ingresses.filter(\.isCanary).map(\.manifest.label)).subtracting(canaries)
        exactMode = (settings.compatibility == .ingressNginx ? "keep" : "set") + " `canary.compatibility: ingress-nginx`"
        self.riskLevel = settings.riskLevel
        let riskLevel = settings.riskLevel
        refused = Set(ordered.filter { manifest in
            Self.refusal(of: manifest, isCanary: canaries.contains(manifest.label), riskLevel) != nil
        }.map(\.label))
        resolver = EndpointResolver(manifests, overrides: settings.services)
        var creators: [ExactPlanner.BackendIdentity: PlannedIngress] = [:]
        var catchAlls: Set<ExactPlanner.BackendIdentity> = []
        for ingress in ingresses {
            if let reference = ingress.spec.defaultBackend {
                let identity = ExactPlanner.BackendIdentity(reference, of: ingress.manifest)
                creators[identity] = ingress
                if ingress.isCanary { catchAlls.insert(identity) }
            }
            for path in ingress.spec.writtenPaths {
                let identity = ExactPlanner.BackendIdentity(path.backend, of: ingress.manifest)
                if creators[identity] == nil { creators[identity] = ingress }
            }
        }
        (self.creators, self.catchAlls) = (creators, catchAlls)
        report.mode = settings.compatibility
        report.ingressCount = ingresses.count
        report.canaryCount = (mode == .scoped ? scoped.ingresses : ingresses).count { $0.isCanary }
        let all = manifests.count { manifest in
            if case .ingress = manifest.body { return true }
            return false
        }
        report.skippedCount = all - ingresses.count
    }

    // MARK: Services

    /// `Service default/shop:80`, the port by its number where the Service's manifest tells it, so that it is the same by either (R12).
    func service(of route: PlannedRoute) -> String { service(route.path.backend, of: route.owner) }

    func service(of canary: PlannedCanary) -> String { service(canary.backend, of: canary.owner) }

    private func service(_ reference: BackendReference, of manifest: Manifest) -> String {
        "Service " + resolver.resolve(reference, namespace: manifest.namespace).name
    }

    /// Why an Ingress is not served there at all (R9). Main ones not for text for nginx, which a controller that holds them lets through;
    /// `compareAnnotations` speaks of that.
    static func refusal(of manifest: Manifest, isCanary: Bool, _ riskLevel: AnnotationRisk) -> (annotation: Annotation, why: String)? {
        Admission(riskLevel: isCanary || riskLevel < .high ? riskLevel : .critical).refusal(of: manifest)
    }

    // MARK: Collecting

    mutating func add(
        _ rule: String, _ manifest: Manifest, line: Int, _ places: [RoutePlace] = [], ingressNginx: String, serin: String,
        modes: Difference.Modes = .scoped, remedy: String
    ) {
        named.insert("\(manifest.object) \(line)")
        report.differences.append(difference(rule, manifest, line, places, ingressNginx, serin, modes, remedy))
    }

    func isNamed(_ manifest: Manifest, _ line: Int) -> Bool { named.contains("\(manifest.object) \(line)") }

    mutating func addCondition(
        _ rule: String, _ manifest: Manifest, line: Int, ingressNginx: String, serin: String,
        modes: Difference.Modes = .scoped, remedy: String
    ) {
        report.conditions.append(difference(rule, manifest, line, [], ingressNginx, serin, modes, remedy))
    }

    private func difference(
        _ rule: String, _ manifest: Manifest, _ line: Int, _ places: [RoutePlace], _ ingressNginx: String,
        _ serin: String, _ modes: Difference.Modes, _ remedy: String
    ) -> Difference {
        Difference(
            file: manifest.place.file, line: line, object: manifest.object, rule: rule, places: places.map(\.description),
            ingressNginx: ingressNginx, serin: serin, modes: refused.contains(manifest.label) ? .scoped : modes, remedy: remedy)
    }

    /// By file, in the order in which the files were read, and line; what is not so in the mode that is configured apart.
    private func sorted(_ manifests: [Manifest]) -> MigrationReport {
        var rank: [String: Int] = [:]
        for manifest in manifests where rank[manifest.place.file] == nil { rank[manifest.place.file] = rank.count }
        let differences = report.differences.enumerated().sorted { left, right in
            let leftKey = (rank[left.element.file] ?? 0, left.element.line, left.offset)
            let rightKey = (rank[right.element.file] ?? 0, right.element.line, right.offset)
            return leftKey < rightKey
        }.map(\.element)
        func applies(_ difference: Difference) -> Bool { difference.modes.compatibilities.contains(mode) }
        var sorted = report
        sorted.differences = differences.filter(applies)
        sorted.conditions = report.conditions.filter(applies)
        sorted.others = (differences + report.conditions).filter { !applies($0) }
        return sorted
    }
}
