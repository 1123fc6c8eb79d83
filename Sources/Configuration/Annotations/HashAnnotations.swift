internal import Routing

/// What a canary's weight sticks to, as its annotations say.
struct HashAnnotations {
    static let names = [
        "canary-hash-by", "canary-hash-seed", "canary-hash-cookie", "canary-hash-cookie-max-age", "canary-hash-cookie-samesite",
    ]
    /// 30 days: longer than most releases take, and short enough to forget a client that does not come back.
    private static let usualMaxAge = 30 * 86_400
    /// What browsers keep a cookie for at most (RFC 6265bis section 5.6.2): 400 days.
    private static let longestMaxAge = 400 * 86_400

    /// Nil leaves it to `canary.hashBy`.
    private(set) var key: HashKeyText?
    private(set) var seed: String?
    /// The cookie that is the key, and is given to whom lacks it.
    private(set) var cookie: HashCookie?

    private let reader: AnnotationReader

    init(_ reader: AnnotationReader, log: inout DiagnosticLog) {
        self.reader = reader
        readKey(log: &log)
        readSeed(log: &log)
        readCookie(log: &log)
    }

    private mutating func readKey(log: inout DiagnosticLog) {
        guard let annotation = reader.own("canary-hash-by") else { return }
        key = HashKeyText.parse(annotation.value)
        if key == nil {
            reader.warn(annotation, "is dropped, `canary.hashBy` applies; expected " + HashKeyText.form, log: &log)
        }
    }

    private mutating func readSeed(log: inout DiagnosticLog) {
        guard let annotation = reader.own("canary-hash-seed") else { return }
        let text = AnnotationText.normalized(annotation.value)
        // A control character could pass for the end of the salt.
        if text.isEmpty || text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            reader.warn(annotation, "is dropped, the Ingress's name is the seed; expected a text of one line", log: &log)
        } else {
            seed = text
        }
    }

    private mutating func readCookie(log: inout DiagnosticLog) {
        let (age, site) = (reader.own("canary-hash-cookie-max-age"), reader.own("canary-hash-cookie-samesite"))
        guard let annotation = reader.own("canary-hash-cookie") else {
            for other in [age, site].compactMap({ $0 }) {
                reader.warn(other, "does nothing without \(AnnotationReader.prefix)canary-hash-cookie; add it", log: &log)
            }
            return
        }
        let name = AnnotationText.normalized(annotation.value)
        guard MarkAnnotations.isToken(name), name.utf8.count <= TextBound.name else {
            reader.warn(
                annotation, "is dropped, no cookie is set; expected the name of a cookie, at most \(TextBound.name) bytes", log: &log)
            return
        }
        if key != nil, let other = reader.own("canary-hash-by") {
            reader.warn(other, "is not looked at beside \(annotation.key); remove one of the two", log: &log)
        }
        key = HashKeyText(keys: [.cookie(name)])
        cookie = HashCookie(name: name, maxAge: maxAge(age, log: &log), sameSite: sameSite(site, log: &log))
    }

    /// Nil is a cookie of the browser's session.
    private func maxAge(_ annotation: Annotation?, log: inout DiagnosticLog) -> Int? {
        guard let annotation else { return Self.usualMaxAge }
        let text = AnnotationText.normalized(annotation.value)
        if text == "session" { return nil }
        if let seconds = AnnotationText.integer(text), (1...Self.longestMaxAge).contains(seconds) { return seconds }
        reader.warn(
            annotation,
            "is dropped, \(Self.usualMaxAge) applies; expected `session` or seconds from 1 to \(Self.longestMaxAge)", log: &log)
        return Self.usualMaxAge
    }

    private func sameSite(_ annotation: Annotation?, log: inout DiagnosticLog) -> HashCookie.SameSite {
        guard let annotation else { return .lax }
        let text = AnnotationText.normalized(annotation.value).lowercased()
        if let value = HashCookie.SameSite.allCases.first(where: { $0.rawValue.lowercased() == text }) { return value }
        reader.warn(annotation, "is dropped, Lax applies; expected Strict, Lax or None", log: &log)
        return .lax
    }
}
