public import Exchange

/// Where Serin behaves differently from ingress-nginx, for one set of manifests.
public struct MigrationReport: Sendable {
    /// One place where it does.
    public struct Difference: Sendable, Equatable {
        /// In which of Serin's modes (`canary.compatibility`) it does.
        public enum Modes: String, Sendable, CaseIterable {
            /// In `scoped` only: `ingress-nginx` does as ingress-nginx.
            case scoped
            case both

            /// In the order of `Compatibility`.
            public var compatibilities: [Compatibility] {
                switch self {
                case .scoped: [.scoped]
                case .both: Compatibility.allCases
                }
            }
        }

        public let file: String
        /// Counted from 1.
        public let line: Int
        /// `Ingress default/shop-canary`.
        public let object: String
        /// `R20`; a word where no numbered rule speaks of it: `annotation`, `class`, `tls`.
        public let rule: String
        /// The hosts and paths concerned, `www.example.com/shop (Prefix)`; empty if all of the object's are.
        public let places: [String]
        public let ingressNginx: String
        public let serin: String
        public let modes: Modes
        /// What to do if the old behaviour is wanted.
        public let remedy: String
    }

    /// Which of Serin's modes is compared: the one that is configured.
    public var mode = Compatibility.scoped
    /// What differs in it, by file and line.
    public var differences: [Difference] = []
    /// What differs in it only for some requests, or at some times; each once, with the first object concerned.
    public var conditions: [Difference] = []
    /// What differs in the other mode alone: by file and line, then what does only at times.
    public var others: [Difference] = []
    /// The Ingresses that count, canaries included.
    public var ingressCount = 0
    public var canaryCount = 0
    /// Ingresses of other controllers' classes, which were not looked at.
    public var skippedCount = 0

    /// How often each rule is concerned, in the order of the rules' names.
    public var counts: [(rule: String, count: Int)] {
        var counts: [String: Int] = [:]
        for difference in differences { counts[difference.rule, default: 0] += 1 }
        return counts.sorted { Self.rank($0.key) < Self.rank($1.key) }.map { (rule: $0.key, count: $0.value) }
    }

    /// R9 before R16, and words behind.
    private static func rank(_ rule: String) -> (Double, String) {
        (rule.hasPrefix("R") ? Double(rule.dropFirst()) ?? .infinity : .infinity, rule)
    }
}

extension MigrationReport: CustomStringConvertible {
    /// For people: a paragraph for each difference, then the conditions, then the other mode's, then the counts.
    public var description: String {
        var parts = differences.map(\.description)
        if !conditions.isEmpty {
            parts.append("For some requests, or at some times, each with the first object concerned:")
            parts += conditions.map(\.description)
        }
        if !others.isEmpty {
            parts.append("Not as things are, only with `canary.compatibility: \(otherMode.rawValue)`:")
            parts += others.map(\.description)
        }
        return (parts + [summary]).joined(separator: "\n\n")
    }

    private var summary: String {
        if ingressCount == 0, skippedCount == 0 { return "There is no Ingress in these manifests." }
        var lines: [String] = []
        let canaries = canaryCount == 1 ? "1 of them a canary" : "\(canaryCount) of them canaries"
        lines.append("\(Self.count(ingressCount, "Ingress", "Ingresses")), \(canaries). " + verdict)
        if !differences.isEmpty {
            lines.append("By rule: " + counts.map { "\($0.rule) \($0.count)" }.joined(separator: ", ") + ".")
        }
        let shared = differences.count { $0.modes == .both }
        if mode == .scoped, shared < differences.count {
            lines.append("With `canary.compatibility: ingress-nginx`: \(shared == 0 ? "none" : "\(shared)").")
        }
        if skippedCount > 0 {
            lines.append(
                "\(Self.count(skippedCount, "Ingress", "Ingresses")) of another class not looked at; name the class under "
                    + "`ingressClasses` of a configuration if it is ingress-nginx's.")
        }
        return lines.joined(separator: "\n")
    }

    private var otherMode: Compatibility { mode == .scoped ? .ingressNginx : .scoped }

    private var verdict: String {
        differences.isEmpty ? "No difference from ingress-nginx." : Self.count(differences.count, "difference", "differences") + " from ingress-nginx."
    }

    private static func count(_ count: Int, _ one: String, _ many: String) -> String { "\(count) \(count == 1 ? one : many)" }
}

extension MigrationReport.Difference: CustomStringConvertible {
    public var description: String {
        let shown = places.prefix(5).joined(separator: ", ") + (places.count > 5 ? " and \(places.count - 5) more" : "")
        let lines = [
            "\(file):\(line): \(rule): \(object)\(shown.isEmpty ? "" : ": \(shown)")",
            "  ingress-nginx  \(ingressNginx)",
            "  Serin          \(serin)",
            "  in mode        \(modes.compatibilities.map(\.rawValue).joined(separator: ", "))",
            "  as before      \(remedy)",
        ]
        // A path may be anything.
        return lines.map { $0.printable() }.joined(separator: "\n")
    }
}
