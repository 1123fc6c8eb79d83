internal import Exchange

/// Of how many of the stable version's requests a canary gets copies, as its annotation says.
struct MirrorAnnotations {
    static let names = ["canary-mirror-percent"]

    /// 0 is none.
    private(set) var share = 0
    /// Of so many; on the scale of the share's decimals.
    private(set) var total = 100

    init(_ reader: AnnotationReader, log: inout DiagnosticLog) {
        guard let annotation = reader.own("canary-mirror-percent") else { return }
        let read = WeightText.parse(AnnotationText.normalized(annotation.value))
        guard let read, let scaled = read.total(of: 100), read.weight <= scaled else {
            reader.warn(annotation, "is dropped, nothing is copied; expected a number from 0 to 100 such as 5, 0.01 or 250ppm", log: &log)
            return
        }
        (share, total) = (read.weight, scaled)
    }
}
