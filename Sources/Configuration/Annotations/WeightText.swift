/// A weight as `serin.dev/canary-weight` has it: a whole number, one with decimals, or parts per million.
///
/// Exact: decimals scale the weight and the total by a power of ten, nothing is rounded.
struct WeightText: Equatable {
    static let form = "a number from 0 such as 5, 0.01 or 250ppm"
    /// Totals up to this are scaled exactly when canaries share a path.
    static let largestTotal = 1 << 59

    /// What the weight is a part of.
    enum Scale: Equatable {
        case millionth
        /// As many times `canary-weight-total`: a power of ten.
        case total(times: Int)
    }

    let weight: Int
    let scale: Scale

    /// Nil also for more digits than fit.
    static func parse(_ text: String) -> WeightText? {
        if text.hasSuffix("ppm") {
            return number(text.dropLast(3)).map { WeightText(weight: $0, scale: .millionth) }
        }
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            return number(parts[0]).map { WeightText(weight: $0, scale: .total(times: 1)) }
        }
        guard !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        // 0.50 is 0.5.
        var decimals = parts[1]
        while decimals.last == "0" { decimals.removeLast() }
        var times = 1
        for _ in decimals {
            let (more, overflow) = times.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            times = more
        }
        return number(parts[0] + decimals).map { WeightText(weight: $0, scale: .total(times: times)) }
    }

    /// The total on the weight's scale; nil if it is beyond `largestTotal`.
    func total(of written: Int) -> Int? {
        switch scale {
        case .millionth:
            return 1_000_000
        case .total(times: 1):
            return written
        case .total(let times):
            let (total, overflow) = written.multipliedReportingOverflow(by: times)
            return overflow || total > Self.largestTotal ? nil : total
        }
    }

    private static func number(_ digits: Substring) -> Int? {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(digits)
    }
}
