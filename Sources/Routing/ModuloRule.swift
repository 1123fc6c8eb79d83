/// The remainder of a decimal number, compared: how Tengine takes a share of numbered users.
public struct ModuloRule: Equatable, Sendable {
    public enum Relation: String, CaseIterable, Sendable {
        case less = "<", atMost = "<=", equal = "==", atLeast = ">=", greater = ">"
    }

    /// 2...1 000 000 000.
    public let divisor: UInt64
    public let relation: Relation
    /// Less than the divisor.
    public let remainder: UInt64

    /// Nil for numbers outside their ranges.
    public init?(divisor: Int, relation: Relation, remainder: Int) {
        guard (2...1_000_000_000).contains(divisor), (0..<divisor).contains(remainder) else { return nil }
        self.divisor = UInt64(divisor)
        self.relation = relation
        self.remainder = UInt64(remainder)
    }

    /// No remainder is below 0, none above the divisor's last.
    var neverHolds: Bool {
        relation == .less && remainder == 0 || relation == .greater && remainder == divisor - 1
    }

    /// Whether `value` is a number, of any length, that the rule holds for.
    func holds(for value: Span<UInt8>) -> Bool {
        guard value.count > 0 else { return false }
        var rest: UInt64 = 0
        for index in value.indices {
            let digit = value[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return false }
            rest = (rest &* 10 &+ UInt64(digit)) % divisor
        }
        return switch relation {
        case .less: rest < remainder
        case .atMost: rest <= remainder
        case .equal: rest == remainder
        case .atLeast: rest >= remainder
        case .greater: rest > remainder
        }
    }
}

extension ModuloRule: CustomStringConvertible {
    /// `mod 100 < 10`.
    public var description: String { "mod \(divisor) \(relation.rawValue) \(remainder)" }
}
