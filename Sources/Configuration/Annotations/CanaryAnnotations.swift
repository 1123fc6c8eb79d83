internal import Exchange
internal import Routing

/// The canary annotations of one Ingress after the rules R2 to R8. What can't be used is dropped by itself with a warning
/// that names the rule, and the rest stands (R7).
struct CanaryAnnotations {
    /// What their keys begin with where they are looked up; what they are written with is `Manifest.nginxPrefix`.
    static let prefix = AnnotationCatalogue.ingressNginx
    /// Serin's own, under `AnnotationReader.prefix`.
    static let ownNames = HashAnnotations.names + ConditionAnnotations.names + MarkAnnotations.names + EditAnnotations.names
        + ShieldAnnotations.names + MirrorAnnotations.names + ["canary-weight"]
    /// Tengine's, under the prefix of ingress-nginx.
    static let tengineNames = ConditionAnnotations.tengineNames + EditAnnotations.tengineNames
    /// R2.
    static let names = [
        "canary", "canary-weight", "canary-weight-total", "canary-by-header", "canary-by-header-value",
        "canary-by-header-pattern", "canary-by-cookie",
    ]

    /// Those of them that are texts, and what these may hold (R6).
    static let texts: [(name: String, allowed: @Sendable (UInt8) -> Bool)] = [
        ("canary-by-header", AnnotationText.isBasic), ("canary-by-header-value", AnnotationText.isBasic),
        ("canary-by-header-pattern", AnnotationText.isPattern), ("canary-by-cookie", AnnotationText.isBasic),
    ]

    /// Whether the Ingress is a canary (R3).
    private(set) var isEnabled = false
    /// Zero and less is never. As written, or on the scale of its decimals.
    private(set) var weight = 0
    /// At least 1; on the scale of the weight.
    private(set) var total = 100
    /// How many times `canary-weight-total` the total is.
    private var totalScale = 1
    /// `serin.dev/canary-weight` says the weight.
    private var isOwnWeight = false
    private(set) var header: String?
    private(set) var headerValue: String?
    private(set) var headerPattern: String?
    private(set) var cookie: String?
    /// Rules beyond those of R2; their plain forms above are nil then.
    private(set) var conditions: ConditionAnnotations
    /// What the weight sticks to.
    let hash: HashAnnotations
    /// How the decision shows.
    let marks: DecisionMarks
    /// What it changes of requests and responses.
    let changes: EditAnnotations
    /// Whether the stable version answers what it fails at.
    let shield: Shield?
    /// Of how many of the stable version's requests it gets copies.
    let mirror: MirrorAnnotations

    /// The cookie of a release; nil for what is none or has no weight.
    private(set) var pin: ReleasePin?
    /// These are the rules of a release.
    private(set) var isRelease = false

    private let manifest: Manifest
    private let reader: AnnotationReader
    private let compatibility: Compatibility

    init(_ manifest: Manifest, _ compatibility: Compatibility, log: inout DiagnosticLog) {
        (self.manifest, self.compatibility) = (manifest, compatibility)
        reader = AnnotationReader(manifest: manifest)
        conditions = ConditionAnnotations(reader, compatibility)
        hash = HashAnnotations(reader, log: &log)
        marks = MarkAnnotations(reader, log: &log).marks
        changes = EditAnnotations(reader, log: &log)
        shield = ShieldAnnotations(reader, log: &log).shield
        mirror = MirrorAnnotations(reader, log: &log)
        readEnabled(log: &log)
        weight = integer("canary-weight", orElse: 0, log: &log) ?? 0
        readTotal(log: &log)
        readOwnWeight(log: &log)
        if compatibility == .ingressNginx { warnTotal(log: &log) }
        readTexts(log: &log)
        readConditions(log: &log)
        ShadowedAnnotations.report(reader, log: &log)
    }

    /// The rules of a release as those of a canary.
    init(_ release: ServiceRelease, pin: ReleasePin, of manifest: Manifest) {
        // What they say of a canary was reported when the Ingress was read.
        var unused = DiagnosticLog()
        self.init(manifest, .scoped, log: &unused)
        isRelease = true
        (header, headerValue, headerPattern, cookie) = (nil, nil, nil, nil)
        weight = release.percent ?? 0
        (total, totalScale) = (100, 1)
        conditions.replace(by: release.match, isWeighed: release.percent != nil)
        self.pin = release.percent == nil ? nil : pin
    }

    /// R21.7: ingress-nginx ignores a total below 100.
    func total(in compatibility: Compatibility) -> Int {
        switch compatibility {
        case .scoped: total
        case .ingressNginx: max(total, 100 * totalScale)
        }
    }

    /// Whether a weight is written, be it 0.
    var hasWeight: Bool { weightAnnotation != nil }

    /// What says the weight.
    var weightAnnotation: Annotation? {
        if isRelease { return pin == nil ? nil : reader.nginx(ServiceRelease.weightName) }
        return isOwnWeight ? reader.own("canary-weight") : annotation("canary-weight")
    }

    // MARK: Reading

    private mutating func readEnabled(log: inout DiagnosticLog) {
        guard let annotation = annotation("canary") else { return }
        if let value = AnnotationText.bool(annotation.value) {
            isEnabled = value
        } else {
            warn(annotation, "R3", "is not a boolean: not a canary; write \"true\"", log: &log)
        }
    }

    /// Nil if there is no such annotation.
    private func integer(_ name: String, orElse replacement: Int, log: inout DiagnosticLog) -> Int? {
        guard let annotation = annotation(name) else { return nil }
        if let number = AnnotationText.integer(annotation.value) { return number }
        warn(annotation, "R4", "is not a whole number: \(replacement) is used instead", log: &log)
        return replacement
    }

    private mutating func readTotal(log: inout DiagnosticLog) {
        guard let written = integer("canary-weight-total", orElse: 100, log: &log) else { return }
        if written >= 1 {
            total = written
        } else if let annotation = annotation("canary-weight-total") {
            warn(annotation, "R4", "must be at least 1: 100 is used instead", log: &log)
        }
    }

    /// `serin.dev/canary-weight`, which is more than R4 allows, in place of `canary-weight`.
    private mutating func readOwnWeight(log: inout DiagnosticLog) {
        guard let annotation = reader.own("canary-weight") else { return }
        guard let read = WeightText.parse(AnnotationText.normalized(annotation.value)) else {
            return reader.warn(annotation, "is dropped, the weight is \(weight); expected " + WeightText.form, log: &log)
        }
        // 100 is the least total that `ingress-nginx` mode takes (R21.7).
        guard let scaled = read.total(of: total), read.total(of: 100) != nil else {
            return reader.warn(
                annotation, "is dropped, the weight is \(weight); there are too many decimals for a total of \(total)", log: &log)
        }
        if let other = self.annotation("canary-weight") {
            reader.warn(other, "is not looked at beside \(annotation.key); remove one of the two", log: &log)
        }
        if read.scale == .millionth, let other = self.annotation("canary-weight-total") {
            reader.warn(other, "is not looked at, as \(annotation.key) is in parts per million; remove it", log: &log)
        }
        weight = read.weight
        total = scaled
        isOwnWeight = true
        if case .total(let times) = read.scale { totalScale = times }
    }

    /// R21.7.
    private func warnTotal(log: inout DiagnosticLog) {
        guard isEnabled, total < 100 * totalScale, let annotation = annotation("canary-weight-total") else { return }
        warn(annotation, "R21.7", "is below 100 and is ignored, the weight is a part of 100; write a total above 100", log: &log)
    }

    private mutating func readTexts(log: inout DiagnosticLog) {
        for (name, allowed) in Self.texts where name != "canary-by-header-value" || conditions.vendorList == nil {
            let text = text(name, allowed: allowed, log: &log)
            switch name {
            case "canary-by-header": header = text
            case "canary-by-header-value": headerValue = text
            case "canary-by-header-pattern": headerPattern = text
            default: cookie = text
            }
        }
    }

    private func text(_ name: String, allowed: (UInt8) -> Bool, log: inout DiagnosticLog) -> String? {
        guard let annotation = annotation(name) else { return nil }
        let text = AnnotationText.normalized(annotation.value)
        if text.isEmpty {
            warn(annotation, "R5", "is empty: counts as not set", log: &log)
            return nil
        }
        if let bad = AnnotationText.checked(annotation.value, compatibility).utf8.first(where: { !allowed($0) }) {
            warn(annotation, "R6", "holds \(AnnotationText.name(bad)), which ingress-nginx does not allow here: dropped", log: &log)
            return nil
        }
        return text
    }

    private mutating func readConditions(log: inout DiagnosticLog) {
        let plain = ConditionAnnotations.Plain(
            header: header, headerValue: headerValue, headerPattern: headerPattern, cookie: cookie)
        let isWeighed = annotation("canary-weight") != nil || reader.own("canary-weight") != nil
        conditions.read(plain, hasWeight: isWeighed, log: &log)
        isEnabled ? warnUseless(log: &log) : warnDisabled(log: &log)
        if isEnabled { warnWider(log: &log) }
        if conditions.replaced.contains(.header) { (header, headerValue, headerPattern) = (nil, nil, nil) }
        if conditions.replaced.contains(.cookie) { cookie = nil }
    }

    // MARK: What does nothing

    /// R8.
    private func warnDisabled(log: inout DiagnosticLog) {
        let rules = manifest.annotations.filter { annotation in
            if let name = annotation.canonical.droppingPrefix(AnnotationReader.prefix) { return Self.ownNames.contains(name) }
            if let name = annotation.canonical.droppingPrefix(Self.prefix), Self.tengineNames.contains(name) { return true }
            return switch AnnotationReader.canaryName(annotation.canonical) {
            case "canary-weight": weight > 0
            case "canary-by-header", "canary-by-header-value", "canary-by-header-pattern", "canary-by-cookie": true
            default: false
            }
        }
        if rules.isEmpty, annotation("canary") == nil, let total = annotation("canary-weight-total") {
            warn(total, "R8", "does nothing in an ordinary Ingress; write it into the canary", log: &log)
        }
        let isRelease = ServiceRelease.names.contains { manifest.annotation(Self.prefix, $0) != nil }
        guard let first = rules.first, !isRelease else { return }
        log.warning(
            manifest.place(line: first.line), manifest.object,
            "has canary rules, but \(manifest.nginxPrefix)canary is not \"true\" (R8): an ordinary Ingress, no canary; add it or "
                + "remove the rules")
    }

    /// R27 and R21.
    private func warnUseless(log: inout DiagnosticLog) {
        if header == nil {
            for name in ["canary-by-header-value", "canary-by-header-pattern"] {
                guard let annotation = annotation(name) else { continue }
                warn(annotation, "R27", "does nothing without canary-by-header; add it", log: &log)
            }
        } else if headerValue != nil, headerPattern != nil, let annotation = annotation("canary-by-header-pattern") {
            warn(annotation, "R21", "is never looked at beside canary-by-header-value; remove one of the two", log: &log)
        }
        if header == nil, cookie == nil, conditions.items.isEmpty, weight <= 0, mirror.share == 0 {
            let annotation = reader.own("canary-weight") ?? annotation("canary-weight") ?? annotation("canary")
            log.warning(
                manifest.place(line: annotation?.line ?? manifest.place.line), manifest.object,
                "a canary without a header, a cookie or a weight above 0 gets no traffic (R27)")
        }
    }

    /// A vendor's weight that its own controller does not look at; here it lets more requests through.
    private func warnWider(log: inout DiagnosticLog) {
        let isRuled = cookie != nil || (header != nil && (headerValue != nil || headerPattern != nil || conditions.vendorList != nil))
        guard isRuled, weight > 0, !isOwnWeight, reader.own("canary-match") == nil, let annotation = annotation("canary-weight"),
              !annotation.canonical.hasPrefix(Self.prefix)
        else { return }
        reader.warn(
            annotation, "counts for the requests that header and cookie do not decide, as in ingress-nginx, while its own controller has no weight "
                + "beside such rules; remove one of the two", log: &log)
    }

    private func annotation(_ name: String) -> Annotation? { reader.canary(name) }

    private func warn(_ annotation: Annotation, _ rule: String, _ message: String, log: inout DiagnosticLog) {
        log.warning(
            manifest.place(line: annotation.line), manifest.object,
            "\(annotation.key): \"\(annotation.value.clipped)\" \(message) (\(rule))")
    }
}
