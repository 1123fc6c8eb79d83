internal import Routing

/// The annotations of one Ingress about session affinity (R28–R31). What can't be used is dropped by itself with a warning.
struct AffinityAnnotations {
    static let names = ["affinity", "affinity-mode", "session-cookie-change-on-failure"] + cookieNames
    private static let cookieNames = [
        "session-cookie-name", "session-cookie-path", "session-cookie-domain", "session-cookie-expires", "session-cookie-max-age",
        "session-cookie-samesite", "session-cookie-conditional-samesite-none", "session-cookie-secure", "session-cookie-partitioned",
    ]
    static let canaryBehavior = "affinity-canary-behavior"

    /// How clients stay with their endpoints.
    struct Session: Equatable {
        /// Its path is meant only if `hasPath`; else it is that of the location.
        var cookie = SessionCookie()
        var hasPath = false
        var isPersistent = false
        var changesOnFailure = false
    }

    /// Nil without `affinity: cookie`, or in a canary, which has its main's (R31).
    private(set) var session: Session?
    /// A canary whose clients do not stay with it (R30).
    private(set) var isLegacy = false

    private let manifest: Manifest
    private let reader: AnnotationReader

    /// - Parameter isCanary: read for what an exact planner makes of a canary's paths that are ordinary ones (R13), too.
    init(_ manifest: Manifest, isCanary: Bool, log: inout DiagnosticLog) {
        self.manifest = manifest
        reader = AnnotationReader(manifest: manifest)
        readBehavior(isCanary: isCanary, log: &log)
        // What a canary says is not obeyed, so that its faults are none.
        var unheard = DiagnosticLog()
        if isCanary { readSession(log: &unheard) } else { readSession(log: &log) }
        if isCanary { warnCanary(log: &log) }
    }

    private func annotation(_ name: String) -> Annotation? { manifest.annotation(CanaryAnnotations.prefix + name) }

    // MARK: Canaries

    private mutating func readBehavior(isCanary: Bool, log: inout DiagnosticLog) {
        guard let annotation = annotation(Self.canaryBehavior) else { return }
        guard isCanary else { return warn(annotation, "R30", "does nothing in an Ingress that is no canary; write it there", log: &log) }
        switch AnnotationText.normalized(annotation.value) {
        case "legacy": isLegacy = true
        case "sticky": break
        default: warn(annotation, "R29", "is neither sticky nor legacy: sticky", log: &log)
        }
    }

    private func warnCanary(log: inout DiagnosticLog) {
        for name in Self.names {
            guard let annotation = annotation(name) else { continue }
            warn(
                annotation, "R31", "does nothing in a canary, which has the session affinity of its main Ingress; write it there",
                log: &log)
        }
    }

    // MARK: The main Ingress

    private mutating func readSession(log: inout DiagnosticLog) {
        guard let annotation = annotation("affinity") else {
            for name in Self.names {
                guard let annotation = self.annotation(name) else { continue }
                warn(annotation, "R28", "does nothing without affinity: cookie; add it", log: &log)
            }
            return
        }
        guard AnnotationText.normalized(annotation.value) == "cookie" else {
            return warn(annotation, "R28", "is not \"cookie\": no session affinity", log: &log)
        }
        var session = Session()
        switch text("affinity-mode") {
        case nil, "balanced": break
        case "persistent": session.isPersistent = true
        default: warn("affinity-mode", "is neither balanced nor persistent: balanced", log: &log)
        }
        session.changesOnFailure = bool("session-cookie-change-on-failure", log: &log)
        readCookie(&session, log: &log)
        self.session = session
    }

    private func readCookie(_ session: inout Session, log: inout DiagnosticLog) {
        if let name = text("session-cookie-name") {
            if let problem = TextBound.problem(of: "session-cookie-name", name)
                ?? (MarkAnnotations.isToken(name) ? nil : "is not the name of a cookie") {
                warn("session-cookie-name", "\(problem): \(SessionCookie.defaultName)", log: &log)
            } else {
                session.cookie.name = name
            }
        }
        if let path = text("session-cookie-path") {
            if let problem = TextBound.problem(of: "session-cookie-path", path)
                ?? (Self.isPath(path) ? nil : "is not a path that a cookie can have") {
                warn("session-cookie-path", "\(problem): that of the Ingress is used instead", log: &log)
            } else {
                session.cookie.path = path
                session.hasPath = true
            }
        }
        if let domain = text("session-cookie-domain") {
            if AddressText.isName(domain.hasPrefix(".") ? String(domain.dropFirst()) : domain) {
                session.cookie.domain = domain
            } else {
                warn("session-cookie-domain", "is not a domain: the cookie has none", log: &log)
            }
        }
        session.cookie.expires = seconds("session-cookie-expires", log: &log)
        session.cookie.maxAge = seconds("session-cookie-max-age", log: &log)
        if let sameSite = text("session-cookie-samesite") {
            session.cookie.sameSite = HashCookie.SameSite.allCases.first { $0.rawValue.lowercased() == sameSite.lowercased() }
            if session.cookie.sameSite == nil {
                warn("session-cookie-samesite", "is none of Strict, Lax and None: the cookie has none", log: &log)
            }
        }
        session.cookie.isConditional = bool("session-cookie-conditional-samesite-none", log: &log)
        session.cookie.isAlwaysSecure = bool("session-cookie-secure", log: &log)
        session.cookie.isPartitioned = bool("session-cookie-partitioned", log: &log)
    }

    /// Nothing that would end the attribute, or a head.
    static func isPath(_ path: String) -> Bool {
        path.hasPrefix("/") && path.utf8.count <= TextBound.path && path.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ";") }
    }

    // MARK: Values

    private func text(_ name: String) -> String? { annotation(name).map { AnnotationText.normalized($0.value) } }

    private func bool(_ name: String, log: inout DiagnosticLog) -> Bool {
        guard let annotation = annotation(name) else { return false }
        if let value = AnnotationText.bool(annotation.value) { return value }
        warn(annotation, "R28", "is not a boolean: false; write \"true\"", log: &log)
        return false
    }

    private func seconds(_ name: String, log: inout DiagnosticLog) -> Int? {
        guard let text = text(name) else { return nil }
        if let seconds = AnnotationText.integer(text) { return seconds }
        warn(name, "is not a number of seconds: the attribute is left out", log: &log)
        return nil
    }

    private func warn(_ name: String, _ message: String, log: inout DiagnosticLog) {
        if let annotation = annotation(name) { warn(annotation, "R28", message, log: &log) }
    }

    private func warn(_ annotation: Annotation, _ rule: String, _ message: String, log: inout DiagnosticLog) {
        reader.warn(annotation, message + " (\(rule))", log: &log)
    }
}
