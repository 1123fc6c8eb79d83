/// Reports annotations that another one of the same meaning, under a prefix that comes before theirs, keeps from counting.
enum ShadowedAnnotations {
    /// Prefixes in the order in which they count, by the names that several of them have.
    private static let orders: [String: [String]] = {
        typealias Catalogue = AnnotationCatalogue
        var orders: [String: [String]] = [:]
        for name in CanaryAnnotations.names { orders[name] = AnnotationReader.canaryPrefixes }
        for name in EditAnnotations.tengineNames { orders[name] = [Catalogue.serin, Catalogue.ingressNginx] }
        orders["canary-by-cookie-value"] = [Catalogue.serin, Catalogue.ingressNginx]
        for name in ["canary-by-query", "canary-by-query-value"] {
            orders[name] = [Catalogue.serin, Catalogue.ingressNginx, Catalogue.higress]
        }
        orders["canary-by-query-pattern"] = [Catalogue.serin, Catalogue.higress]
        return orders
    }()

    static func report(_ reader: AnnotationReader, log: inout DiagnosticLog) {
        for annotation in reader.manifest.annotations {
            guard let slash = annotation.canonical.utf8.firstIndex(of: UInt8(ascii: "/")) else { continue }
            let start = annotation.canonical.index(after: slash)
            guard annotation.canonical[start...].hasPrefix("canary"), let order = orders[String(annotation.canonical[start...])],
                  let rank = order.firstIndex(where: { $0 == annotation.canonical[..<start] }),
                  let winner = order[..<rank].lazy.compactMap({ prefix in
                      reader.manifest.annotation(prefix, String(annotation.canonical[start...]))
                  }).first
            else { continue }
            reader.warn(annotation, "is not looked at beside \(winner.key); remove one of the two", log: &log)
        }
    }
}
