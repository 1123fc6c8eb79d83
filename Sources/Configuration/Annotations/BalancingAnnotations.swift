internal import Routing

/// The annotations of one Ingress that say which endpoint of its Services gets a request (R32). Read from canaries, too (R36). What
/// can't be used is dropped by itself with a warning.
struct BalancingAnnotations {
    static let names = ["load-balance", "upstream-hash-by", "upstream-hash-by-subset", "upstream-hash-by-subset-size"]
    private static let defaultSize = 3

    /// By precedence: a hash before the way to spread requests.
    private(set) var balancing = Balancing.roundRobin
    /// Any of `names` is written, with whatever value.
    let isWritten: Bool

    private let manifest: Manifest

    init(_ manifest: Manifest, log: inout DiagnosticLog) {
        self.manifest = manifest
        isWritten = manifest.annotations.contains { annotation in
            annotation.canonical.droppingPrefix(CanaryAnnotations.prefix).map(Self.names.contains) ?? false
        }
        guard isWritten else { return }
        let spread = readSpread(log: &log)
        let template = readTemplate(log: &log)
        let size = readSubset(log: &log)
        switch (template, size) {
        case (let template?, let size?): balancing = .subset(template, size: size)
        case (let template?, nil): balancing = .hash(template)
        case (nil, _): balancing = spread
        }
        if template != nil, let annotation = annotation("load-balance") {
            warn(annotation, "is never looked at beside upstream-hash-by; remove one of the two", log: &log)
        }
        if template == nil, size != nil, let annotation = annotation("upstream-hash-by-subset") {
            warn(annotation, "does nothing without upstream-hash-by; add it", log: &log)
        }
    }

    // MARK: Reading

    private func readSpread(log: inout DiagnosticLog) -> Balancing {
        guard let annotation = annotation("load-balance") else { return .roundRobin }
        switch AnnotationText.normalized(annotation.value) {
        case "round_robin": break
        case "ewma": return .ewma
        case "": warn(annotation, "is empty: counts as not set", log: &log)
        default: warn(annotation, "is neither round_robin nor ewma: round_robin is used instead", log: &log)
        }
        return .roundRobin
    }

    private func readTemplate(log: inout DiagnosticLog) -> HashTemplate? {
        guard let annotation = annotation("upstream-hash-by") else { return nil }
        let text = AnnotationText.normalized(annotation.value)
        guard !text.isEmpty else {
            warn(annotation, "is empty: counts as not set", log: &log)
            return nil
        }
        if let problem = TextBound.problem(of: "upstream-hash-by", text) {
            warn(annotation, "is dropped, requests are spread without it: it \(problem)", log: &log)
            return nil
        }
        do throws(HashTemplate.Malformed) {
            let template = try HashTemplate(text)
            if template.isConstant { warn(annotation, "holds no variable: all requests get the same endpoint", log: &log) }
            return template
        } catch {
            warn(annotation, "is dropped, requests are spread without it: \(Self.reason(error)); \(Self.variables)", log: &log)
            return nil
        }
    }

    private static func reason(_ fault: HashTemplate.Malformed) -> String {
        switch fault {
        case .unknownVariable(let name): "there is no \(name)"
        case .strayDollar: "a `$` without a name"
        }
    }

    private static let variables = "there are $request_uri, $uri, $args, $arg_NAME, $host, $http_NAME, $cookie_NAME, $remote_addr, "
        + "$binary_remote_addr, $scheme and $request_method"

    /// The size of the groups; nil if none are wanted.
    private func readSubset(log: inout DiagnosticLog) -> Int? {
        let size = readSize(log: &log)
        guard let annotation = annotation("upstream-hash-by-subset") else {
            if size != nil, let annotation = self.annotation("upstream-hash-by-subset-size") {
                warn(annotation, "does nothing without upstream-hash-by-subset; add it", log: &log)
            }
            return nil
        }
        guard let isWanted = AnnotationText.bool(annotation.value) else {
            warn(annotation, "is not a boolean: the hash chooses one endpoint; write \"true\"", log: &log)
            return nil
        }
        return isWanted ? size ?? Self.defaultSize : nil
    }

    private func readSize(log: inout DiagnosticLog) -> Int? {
        guard let annotation = annotation("upstream-hash-by-subset-size") else { return nil }
        if let size = AnnotationText.integer(annotation.value), size >= 0 {
            // As ingress-nginx has it, 0 is not set.
            return size == 0 ? Self.defaultSize : size
        }
        warn(annotation, "is not a whole number from 0 on: \(Self.defaultSize) is used instead", log: &log)
        return Self.defaultSize
    }

    private func annotation(_ name: String) -> Annotation? { manifest.annotation(CanaryAnnotations.prefix + name) }

    private func warn(_ annotation: Annotation, _ message: String, log: inout DiagnosticLog) {
        AnnotationReader(manifest: manifest).warn(annotation, message + " (R32)", log: &log)
    }
}
