import HTTP1
import TestSupport

/// What the decoder of chunked bodies owes: the same content and the same end however the bytes arrive, and those that a plain
/// reading finds.
enum ChunkRules {
    private struct Outcome: Equatable {
        var content: [UInt8] = []
        var consumed = 0
        var failure: ParseError.Reason?
        var isComplete = false
    }

    static func problem(with input: [UInt8]) -> String? {
        var chance = SeededGenerator(of: input)
        let whole = decode(input, grain: Int.max, &chance)
        for grain in [1, 2 + chance.below(30)] {
            let pieces = decode(input, grain: grain, &chance)
            guard pieces == whole else { return "in pieces of \(grain): \(pieces), not \(whole)" }
        }
        guard whole.isComplete else { return nil }
        switch StrictMessage.body(input[...], .chunked) {
        case .incomplete: return "complete too early"
        case .wrong(let what): return "accepted: \(what)"
        case .whole(let (content, length)):
            guard length == whole.consumed else { return "ends at \(whole.consumed), not at \(length)" }
            return content == whole.content ? nil : "another content"
        }
    }

    private static func decode(_ input: [UInt8], grain: Int, _ chance: inout SeededGenerator) -> Outcome {
        var decoder = BodyDecoder(.chunked)
        var outcome = Outcome()
        var available = 0
        while available < input.count {
            available += min(input.count - available, grain == Int.max ? grain : 1 + chance.below(grain))
            // A decoder that takes nothing and has not enough waits for more.
            var isWaiting = false
            while !isWaiting {
                let window = input.span.extracting(outcome.consumed..<available)
                switch decoder.next(window) {
                case .data(let skip, let count):
                    outcome.content += input[outcome.consumed + skip..<outcome.consumed + skip + count]
                    outcome.consumed += skip + count
                case .needMore(let skip):
                    outcome.consumed += skip
                    isWaiting = true
                case .end(let skip):
                    outcome.consumed += skip
                    outcome.isComplete = decoder.isComplete
                    return outcome
                case .failed(let error):
                    // How much of the broken framing was taken before depends on the pieces, and matters to nobody.
                    outcome.consumed = 0
                    outcome.failure = error.reason
                    return outcome
                }
            }
        }
        return outcome
    }
}
