/// One worker's rolls for weight rules by request: a low-discrepancy sequence per canary instead of chance, so that the
/// split is exact, not lucky.
///
/// A position moves by 2^64/phi, the rotation whose multiples spread most evenly, and still do when only every k-th is
/// looked at. Alone it strays from N·w/W by a little more than 5 within some runs of 100 000; therefore a roll on its way to
/// stray more than 2 from the exact share is moved to the other side, about once in 10 000 draws. So in any run, however
/// long, the canary's count is within 4 of N·w/W while the weight stays.
///
/// Belongs to one worker, as positions need no sharing: each worker's share is exact by itself.
public final class RollSource {
    private struct Sequence {
        var position: UInt64
        var weight = 0
        var total = 0
        /// Total × (canaries drawn) − weight × (draws) since the weight last changed; within ±2 × total.
        var deviation = 0
    }

    /// 2^64 divided by the golden ratio, odd.
    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15
    /// How far the count of canaries may stray from its exact share.
    private static let slack = 2
    /// Above this the deviation might leave an Int; such a draw is not steered.
    private static let steerableTotal = 1 << 60

    private var names: [String] = []
    private var sequences: [Sequence] = []

    /// One sequence per name, each started at a value of `random`.
    public init(names: [String], random: () -> UInt64) {
        rebind(names: names, random: random)
    }

    /// Follows a new snapshot: a canary that was there before keeps its position, a new one starts at a value of `random`.
    public func rebind(names: [String], random: () -> UInt64) {
        // Most reloads change none, and this is a worker's time.
        guard names != self.names else { return }
        var known: [String: Sequence] = [:]
        for (name, sequence) in zip(self.names, sequences) { known[name] = sequence }
        sequences = names.map { known[$0] ?? Sequence(position: random()) }
        self.names = names
    }

    /// The next point of a sequence, whatever the weight. 0 if there is no such sequence.
    public func next(_ sequence: Int) -> UInt64 {
        guard sequences.indices.contains(sequence) else { return 0 }
        sequences[sequence].position &+= Self.step
        return sequences[sequence].position
    }

    /// The next point of a sequence for a canary that gets `weight` of `total`, kept to the exact share (see above).
    public func next(_ sequence: Int, weight: Int, total: Int) -> UInt64 {
        guard sequences.indices.contains(sequence) else { return 0 }
        guard total > 0, total <= Self.steerableTotal, weight >= 0, weight <= total else { return next(sequence) }
        return Self.draw(from: &sequences[sequence], weight: weight, total: total)
    }

    private static func draw(from sequence: inout Sequence, weight: Int, total: Int) -> UInt64 {
        sequence.position &+= step
        if sequence.weight != weight || sequence.total != total {
            sequence.weight = weight
            sequence.total = total
            sequence.deviation = 0
        }
        let roll = sequence.position
        let isCanary = WeightRange.bucket(of: roll, total: total) < UInt64(weight)
        let deviation = sequence.deviation &- weight &+ (isCanary ? total : 0)
        if deviation.magnitude <= UInt64(slack &* total) {
            sequence.deviation = deviation
            return roll
        }
        sequence.deviation = deviation &+ (isCanary ? -total : total)
        return moved(roll, toCanary: !isCanary, weight: weight, total: total)
    }

    /// The roll in proportion, within the canary's part of the circle or the other one.
    private static func moved(_ roll: UInt64, toCanary: Bool, weight: Int, total: Int) -> UInt64 {
        // Neither part is the whole circle here (a weight of 0 or of the total never strays), so the quotients fit.
        let part = UInt64(toCanary ? weight : total &- weight)
        let size = UInt64(total).dividingFullWidth((part, 0)).quotient
        let offset = roll.multipliedFullWidth(by: size).high
        return toCanary ? offset : ~offset
    }
}
