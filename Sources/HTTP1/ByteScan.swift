/// Skipping over runs of bytes of one class, eight at a time.
extension Span<UInt8> {
    /// The first offset in `start ..< end` that is not a letter, a digit or a hyphen; `end` if there is none.
    @inline(__always)
    func endOfWord(from start: Int, to end: Int) -> Int {
        skip(from: start, to: end, inWord: { $0.firstOutsideWord }, ends: { !$0.isAlphanumeric && $0 != UInt8(ascii: "-") })
    }

    /// The first offset in `start ..< end` that is not a letter, a digit, a hyphen or a dot; `end` if there is none.
    @inline(__always)
    func endOfPlainHost(from start: Int, to end: Int) -> Int {
        skip(from: start, to: end, inWord: { $0.firstOutsidePlainHost }, ends: {
            !$0.isAlphanumeric && $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".")
        })
    }

    /// The first offset in `start ..< end` that is `?`, `#` or not visible ASCII; `end` if there is none.
    @inline(__always)
    func endOfTargetText(from start: Int, to end: Int) -> Int {
        skip(from: start, to: end, inWord: { $0.firstOutsideTargetText }, ends: {
            !$0.isVisible || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#")
        })
    }

    /// - Parameters:
    ///   - inWord: Where among eight bytes the run ends. May look beyond `end`, never beyond the span.
    ///   - ends: Whether a byte ends the run; for the last bytes of the span.
    @inline(__always)
    private func skip(
        from start: Int, to end: Int, inWord: (ByteWord) -> Int?, ends: (UInt8) -> Bool
    ) -> Int {
        var index = start
        while index < end {
            if count &- index >= 8 {
                if let offset = inWord(ByteWord(self, at: index)) { return Swift.min(index &+ offset, end) }
                index &+= 8
            } else {
                if ends(self[index]) { return index }
                index &+= 1
            }
        }
        return end
    }
}

/// Every byte is tested by additions to its low seven bits, which never carry into the next byte: all flags are exact.
extension ByteWord {
    private static var ones: UInt64 { 0x0101_0101_0101_0101 }
    private static var tops: UInt64 { 0x8080_8080_8080_8080 }

    private var low: UInt64 { bits & ~ByteWord.tops }

    /// Top bits of the bytes whose low seven bits are at least `bound`, 1...0x7F.
    private static func atLeast(_ bound: UInt8, _ low: UInt64) -> UInt64 {
        low &+ (0x80 &- UInt64(bound)) &* ones
    }

    /// Top bits of the bytes whose low seven bits are not `byte`.
    private static func differs(_ byte: UInt8, _ low: UInt64) -> UInt64 {
        (low ^ UInt64(byte) &* ones) &+ 0x7F &* ones
    }

    private static func lowest(_ flags: UInt64) -> Int? {
        let flags = flags & tops
        return flags == 0 ? nil : flags.trailingZeroBitCount &>> 3
    }

    private var alphanumeric: UInt64 {
        let folded = low | 0x20 &* ByteWord.ones
        let letter = ByteWord.atLeast(0x61, folded) & ~ByteWord.atLeast(0x7B, folded)
        let digit = ByteWord.atLeast(0x30, low) & ~ByteWord.atLeast(0x3A, low)
        return (letter | digit) & ~bits
    }

    fileprivate var firstOutsideWord: Int? {
        ByteWord.lowest(~alphanumeric & (ByteWord.differs(UInt8(ascii: "-"), low) | bits))
    }

    fileprivate var firstOutsidePlainHost: Int? {
        let hyphenOrDot = ByteWord.atLeast(UInt8(ascii: "-"), low) & ~ByteWord.atLeast(UInt8(ascii: "/"), low)
        return ByteWord.lowest(~(alphanumeric | hyphenOrDot & ~bits))
    }

    fileprivate var firstOutsideTargetText: Int? {
        let visible = ByteWord.atLeast(0x21, low) & ~ByteWord.atLeast(0x7F, low) & ~bits
        let plain = ByteWord.differs(UInt8(ascii: "?"), low) & ByteWord.differs(UInt8(ascii: "#"), low)
        return ByteWord.lowest(~(visible & plain))
    }
}
