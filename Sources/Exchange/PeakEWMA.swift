/// How long an endpoint takes to answer: an exponentially weighted moving average, as ingress-nginx keeps it (R32).
///
/// What was measured counts less with every second that passes, whether or not something new is measured: an endpoint that nobody
/// asks gets cheaper until somebody does.
public struct PeakEWMA: Equatable, Sendable {
    /// The time in which what was measured shrinks to 1/e, in nanoseconds: 10 s.
    static let decayTime = 10_000_000_000.0

    /// In seconds, as of `touched`.
    private var cost = 0.0
    /// When it last changed; nil before anything is known.
    private var touched: Instant?

    public init() {}

    /// Something was measured or taken over.
    public var isKnown: Bool { touched != nil }

    /// What was last known, in seconds, however long ago.
    public var lastCost: Double { cost }

    /// The endpoint has answered after `span`.
    public mutating func observe(_ span: TimeSpan, now: Instant) {
        let seconds = Double(span.nanoseconds) / 1e9
        let kept = touched == nil ? 0 : Self.kept(from: touched, to: now)
        cost = cost * kept + seconds * (1 - kept)
        touched = now
    }

    /// Slow start: a new endpoint begins with the average of the others and not with nothing, which would draw every request to it.
    public mutating func begin(at average: Double, now: Instant) {
        cost = average
        touched = now
    }

    /// What the endpoint is worth now, in seconds; the lowest is the best.
    public func score(now: Instant) -> Double { cost * Self.kept(from: touched, to: now) }

    private static func kept(from touched: Instant?, to now: Instant) -> Double {
        guard let touched, now > touched else { return 1 }
        return exponential(ofMinus: Double(now.since(touched).nanoseconds) / decayTime)
    }

    /// e to the power of −x for an x of at least 0: 2^−n · e^−r with r below ln 2, and the series for the latter.
    static func exponential(ofMinus x: Double) -> Double {
        let ln2 = 0.693_147_180_559_945_3
        // The smallest normal number is about e^−708.
        guard x < 700 else { return 0 }
        let n = (x / ln2).rounded(.down)
        let r = x - n * ln2
        var sum = 1.0
        var term = 1.0
        for k in 1...20 {
            term *= -r / Double(k)
            sum += term
        }
        return sum * Double(sign: .plus, exponent: -Int(n), significand: 1)
    }
}
