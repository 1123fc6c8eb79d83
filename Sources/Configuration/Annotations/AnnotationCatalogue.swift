/// Every annotation that an ingress-nginx manifest may carry, and what Serin makes of it.
///
/// The one place that says so: `AnnotationSurvey` reports by it, and `docs/annotations.md` is its text, which a test compares.
/// An annotation that becomes supported changes one word of its row.
enum AnnotationCatalogue {
    enum State: String, Sendable, CaseIterable {
        /// Obeyed.
        case supported
        /// Reported and ignored until it is built.
        case planned
        /// Reported and ignored for good; the row's text is the reason.
        case notPlanned = "not planned"
    }

    struct Row: Sendable {
        /// Without the prefix.
        let name: String
        let state: State
        /// What it does, or the reason why it won't; Markdown without a `|`.
        let text: String

        static func supported(_ name: String, _ text: String) -> Row { Row(name: name, state: .supported, text: text) }
        static func planned(_ name: String, _ text: String) -> Row { Row(name: name, state: .planned, text: text) }
        static func notPlanned(_ name: String, _ text: String) -> Row { Row(name: name, state: .notPlanned, text: text) }
    }

    /// Rows that share a prefix and a heading.
    struct Section: Sendable {
        let title: String
        /// Up to and with its slash.
        let prefix: String
        /// Whether the last ingress-nginx obeys them.
        var isIngressNginx = true
        let rows: [Row]
    }

    static let ingressNginx = "nginx.ingress.kubernetes.io/"
    static let serin = "serin.dev/"
    static let higress = "higress.ingress.kubernetes.io/"
    static let higressShort = "higress.io/"
    static let alb = "alb.ingress.kubernetes.io/"

    static let sections: [Section] = [
        Section(title: "Canary", prefix: ingressNginx, rows: canary),
        Section(title: "Canary, beyond ingress-nginx", prefix: serin, isIngressNginx: false, rows: beyond),
        Section(title: "Canary, as Alibaba's ACK writes it", prefix: ingressNginx, isIngressNginx: false, rows: releases),
        Section(title: "Canary, as Tengine-Ingress writes it", prefix: ingressNginx, isIngressNginx: false, rows: tengine),
        Section(title: "Canary, as Higress writes it", prefix: higress, isIngressNginx: false, rows: higressOnly),
        Section(title: "Canary, as Higress writes it, the other prefix", prefix: higressShort, isIngressNginx: false, rows: higressShortOnes),
        Section(title: "Canary, as Alibaba's load balancer (ALB) writes it", prefix: alb, isIngressNginx: false, rows: albOnes),
        Section(title: "Compression and upstreams, beyond ingress-nginx", prefix: serin, isIngressNginx: false, rows: transport),
        Section(title: "Hosts, paths and redirects", prefix: ingressNginx, rows: paths),
        Section(title: "Upstreams and load balancing", prefix: ingressNginx, rows: upstreams),
        Section(title: "Session affinity", prefix: ingressNginx, rows: affinity),
        Section(title: "Timeouts, sizes and buffers", prefix: ingressNginx, rows: transfers),
        Section(title: "Header fields and errors", prefix: ingressNginx, rows: fields),
        Section(title: "Access and authentication", prefix: ingressNginx, rows: access),
        Section(title: "Rate limits", prefix: ingressNginx, rows: limits),
        Section(title: "TLS", prefix: ingressNginx, rows: tls),
        Section(title: "Mirror, logs and traces", prefix: ingressNginx, rows: observation),
        Section(title: "Text for nginx", prefix: ingressNginx, rows: snippets),
        Section(title: "Gone from ingress-nginx", prefix: ingressNginx, isIngressNginx: false, rows: gone),
    ]

    /// By whole key.
    private static let rows: [String: (row: Row, section: Section)] = {
        var rows: [String: (row: Row, section: Section)] = [:]
        for section in sections {
            for row in section.rows { rows[section.prefix + row.name] = (row, section) }
        }
        return rows
    }()

    /// Nil for a key that nobody ever defined, and for the keys of others.
    static func row(_ key: String) -> Row? { rows[key]?.row }

    /// Whether the last ingress-nginx obeys the key.
    static func isIngressNginx(_ key: String) -> Bool { rows[key]?.section.isIngressNginx ?? false }

    /// Whose prefix a key has.
    enum Owner { case ingressNginx, serin, vendor }

    /// Nil for the keys of those whose annotations nobody reads here.
    static func owner(of key: String) -> Owner? {
        if key.hasPrefix(ingressNginx) { return .ingressNginx }
        if key.hasPrefix(serin) { return .serin }
        return [higress, higressShort, alb].contains(where: key.hasPrefix) ? .vendor : nil
    }

    /// Whether a key is one that Serin obeys and ingress-nginx itself does not know: that of a fork, or of another controller.
    static func isVendors(_ key: String) -> Bool {
        guard let (row, section) = rows[key] else { return false }
        return row.state == .supported && !section.isIngressNginx && section.prefix != serin
    }

    /// The key that somebody may have meant who wrote one that nobody has: a known name behind a prefix that is almost a known one.
    ///
    /// - Parameter nginxPrefix: what ingress-nginx's annotations are written with.
    /// - Returns: nil for the keys of others.
    static func meant(by key: String, _ nginxPrefix: String) -> String? {
        guard owner(of: key) == nil, let slash = key.firstIndex(of: "/") else { return nil }
        let (prefix, name) = (key[...slash].lowercased(), String(key[key.index(after: slash)...]))
        guard let near = knownPrefix(near: prefix, nginxPrefix), sections.contains(where: { rows[$0.prefix + name] != nil }) else { return nil }
        let (known, written) = near == nginxPrefix ? (ingressNginx, nginxPrefix) : (near, near)
        return rows[known + name] != nil ? written + name : nearest(to: known + name, nginxPrefix)
    }

    /// The prefix of ingress-nginx's first versions; other controllers have it, too.
    static let old = "ingress.kubernetes.io/"

    /// - Parameter prefix: in lower case.
    private static func knownPrefix(near prefix: String, _ nginxPrefix: String) -> String? {
        // Those of vendors' many load balancers are near each other.
        let inAnotherCase = [nginxPrefix, serin, higress, higressShort, alb].first { $0.lowercased() == prefix }
        if let inAnotherCase { return inAnotherCase }
        if prefix == old { return nginxPrefix }
        if prefix.hasPrefix("serin.") { return serin }
        return [nginxPrefix, serin, higress].first { known in
            EditDistance.distance(Array(prefix.utf8.prefix(64)), Array(known.lowercased().utf8)) <= 2
        }
    }

    /// What somebody who wrote `key` may have meant: the same name under the other prefix in full, else the nearest name.
    ///
    /// - Parameter nginxPrefix: what ingress-nginx's annotations are written with.
    static func nearest(to key: String, _ nginxPrefix: String) -> String? {
        guard let prefix = [ingressNginx, serin, higress, higressShort, alb].first(where: key.hasPrefix) else { return nil }
        let name = String(key.dropFirst(prefix.count))
        let (other, written) = prefix == ingressNginx ? (serin, serin) : (ingressNginx, nginxPrefix)
        if rows[other + name] != nil { return written + name }
        let names = sections.filter { $0.prefix == prefix }.flatMap { $0.rows.map(\.name) }
        return EditDistance.nearest(to: name, among: names)
    }
}
