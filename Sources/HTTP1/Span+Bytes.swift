/// Comparing and reading bytes without making a `String` of them.
extension Span<UInt8> {
    /// Byte for byte.
    public func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index < count {
            if self[index] != other[index] { return false }
            index &+= 1
        }
        return true
    }

    /// Byte for byte, with an ASCII literal.
    public func equals(_ literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        var index = 0
        while index < count {
            // A literal's bytes live forever and index < utf8CodeUnitCount.
            if unsafe self[index] != literal.utf8Start[index] { return false }
            index &+= 1
        }
        return true
    }

    /// Equal when ASCII letters are compared without regard to case.
    public func equalsIgnoringCase(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index < count {
            if self[index].lowercased != other[index].lowercased { return false }
            index &+= 1
        }
        return true
    }

    /// Equal to an ASCII literal when letters are compared without regard to case.
    public func equalsIgnoringCase(_ literal: StaticString) -> Bool {
        count == literal.utf8CodeUnitCount && startsIgnoringCase(literal)
    }

    /// Begins with an ASCII literal, letters compared without regard to case.
    public func startsIgnoringCase(_ literal: StaticString) -> Bool {
        guard count >= literal.utf8CodeUnitCount else { return false }
        var index = 0
        while index < literal.utf8CodeUnitCount {
            // A literal's bytes live forever and index < utf8CodeUnitCount.
            if unsafe self[index].lowercased != literal.utf8Start[index].lowercased { return false }
            index &+= 1
        }
        return true
    }

    /// Offset of the first `byte` at or after `start`.
    public func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        var index = start
        while index < count {
            if self[index] == byte { return index }
            index &+= 1
        }
        return nil
    }

    /// Where these bytes are without SP and HTAB at both ends (OWS, RFC 9110 5.6.3); offsets count from this span's start.
    public var trimmedOWS: Slice { trimmedOWS(0 ..< count) }

    /// The same of a part.
    public func trimmedOWS(_ range: Range<Int>) -> Slice {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, self[start].isBlank { start &+= 1 }
        while end > start, self[end &- 1].isBlank { end &-= 1 }
        return Slice(start ..< end)
    }

    /// The value of 1*DIGIT; nil when empty, when another byte occurs, and when it does not fit `Int`.
    public var decimalValue: Int? {
        guard count > 0 else { return nil }
        var value = 0
        var index = 0
        while index < count {
            let byte = self[index]
            guard byte.isDigit else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(byte &- 0x30))
            if overflow || carry { return nil }
            value = sum
            index &+= 1
        }
        return value
    }

    /// A token of RFC 9110 5.6.2: at least one byte, all of them token bytes.
    public var isToken: Bool {
        var index = 0
        while index < count {
            if !self[index].isToken { return false }
            index &+= 1
        }
        return count > 0
    }
}
