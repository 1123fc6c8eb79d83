internal import Routing

/// What a canary's weight sticks to, as its annotations say.
struct HashAnnotations {
    static let names = ["canary-hash-by", "canary-hash-seed"]

    /// Nil leaves it to `canary.hashBy`.
    private(set) var key: HashKeyText?
    private(set) var seed: String?

    private let reader: AnnotationReader

    init(_ reader: AnnotationReader, log: inout DiagnosticLog) {
        self.reader = reader
        readKey(log: &log)
        readSeed(log: &log)
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
}
