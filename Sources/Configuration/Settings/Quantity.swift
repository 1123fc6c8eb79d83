internal import Exchange

/// Lengths of time and sizes as the configuration file writes them.
enum Quantity {
    /// The longest time a setting may be: far beyond use, and far below where nanoseconds overflow.
    static let longest = TimeSpan.seconds(366 * 24 * 3600)

    /// `250ms`, `30s`, `5m`, `1h`: a whole number and its unit, between a millisecond and a year.
    static func time(_ text: String) -> TimeSpan? {
        let (digits, unit) = parts(text)
        let milliseconds: [Substring: Int] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000]
        guard let factor = milliseconds[unit], let count = number(digits) else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: factor)
        guard !overflow, product > 0, TimeSpan.milliseconds(min(product, .max / 1_000_000)) <= longest else { return nil }
        return .milliseconds(product)
    }

    /// `8KiB`, `10MiB`, `1GiB`, or plain bytes.
    static func size(_ text: String) -> Int? {
        let (digits, unit) = parts(text)
        let shifts: [Substring: Int] = ["": 0, "KiB": 10, "MiB": 20, "GiB": 30]
        guard let shift = shifts[unit], let count = number(digits) else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: 1 << shift)
        return overflow ? nil : product
    }

    /// Decimal digits only, no sign.
    static func number(_ digits: some StringProtocol) -> Int? {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(digits)
    }

    private static func parts(_ text: String) -> (digits: Substring, unit: Substring) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return (digits, text[digits.endIndex...])
    }
}
