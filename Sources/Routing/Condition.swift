public import Addressing

/// Something a canary asks of a request, beyond the header and cookie rules of ingress-nginx.
public struct Condition: Sendable {
    /// What it looks at, in the order of the decision (R21).
    public enum Family: Int, CaseIterable, Comparable, Sendable {
        case header, cookie, query, source

        public static func < (one: Family, other: Family) -> Bool { one.rawValue < other.rawValue }
    }

    public enum Test: Sendable {
        /// `always` chooses the canary, `never` rules it out.
        case alwaysNever
        /// Exactly one of these values, case-sensitive.
        case anyOf([[UInt8]])
        /// A hit anywhere in the value; an error of the search rules the canary out.
        case pattern(Pattern)
        /// A pattern that does not compile rules the canary out for every request that has the value.
        case invalidPattern(String)
        case modulo(ModuloRule)
        /// The client's address, which needs no key, is in one of these.
        case ranges([AddressRange])
        /// Holds for no request: what was written, as it cannot be used.
        case nothing(String)
    }

    public let family: Family
    /// Index into the route's keys; any number for a test that looks at none.
    public let key: Int
    public let test: Test
    /// Whether what a request lacks is tested as an empty text, as Alibaba's `service-match` has it.
    public let readsAbsentAsEmpty: Bool

    public init(_ family: Family, key: Int, test: Test, readsAbsentAsEmpty: Bool = false) {
        self.family = family
        self.key = key
        self.test = test
        self.readsAbsentAsEmpty = readsAbsentAsEmpty
    }
}

extension Condition {
    /// `query version = 1 or 2`, `cookie uid mod 100 < 10`, `client address in 10.0.0.0/8`.
    func text(keys: [ValueKey]) -> String {
        let subject = keys.indices.contains(key) ? keys[key].description : "key \(key)"
        switch test {
        case .alwaysNever: return subject
        case .anyOf(let values): return "\(subject) = " + values.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " or ")
        case .pattern(let pattern): return "\(subject) ~ \(pattern.text)"
        case .invalidPattern(let pattern): return "\(subject) ~ \(pattern) (invalid)"
        case .modulo(let rule): return "\(subject) \(rule)"
        case .ranges(let ranges): return "client address in " + ranges.map(\.description).joined(separator: " or ")
        case .nothing(let written): return "\(written) (invalid)"
        }
    }
}

/// How the conditions of one canary work together.
public enum Combination: Sendable {
    /// Each by itself chooses the canary, in the order of R21.
    case any
    /// All must hold, and then the request is the canary's.
    case all
    /// All must hold, and then the weight decides.
    case allThenWeight
}
