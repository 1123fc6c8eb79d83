/// Looking for the first byte of some class, eight bytes at a time. A look may go beyond the `end` of a run, up to the first
/// byte outside its class, never beyond the span.
extension Span<UInt8> {
    /// The first offset in `start ..< end` that is not a letter, a digit or a hyphen; `end` if there is none.
    @inline(__always)
    func endOfWord(from start: Int, to end: Int) -> Int {
        Swift.min(firstOffset(from: start) { $0.firstOutsideWord }, end)
    }

    /// The first offset in `start ..< end` that is not a letter, a digit, a hyphen or a dot; `end` if there is none.
    @inline(__always)
    func endOfPlainHost(from start: Int, to end: Int) -> Int {
        Swift.min(firstOffset(from: start) { $0.firstOutsidePlainHost }, end)
    }

    /// The first offset in `start ..< end` that is `?`, `#` or not visible ASCII; `end` if there is none.
    @inline(__always)
    func endOfTargetText(from start: Int, to end: Int) -> Int {
        Swift.min(firstOffset(from: start) { $0.firstOutsideTargetText }, end)
    }

    /// The first offset of `;` or `,` at or after `start`; `count` if there is none.
    @inline(__always)
    func endOfCookiePair(from start: Int) -> Int {
        firstOffset(from: start) { $0.firstPairSeparator }
    }

    /// The first offset at or after `start` of a byte below SP or equal to DEL; `count` if there is none.
    @inline(__always)
    func firstControl(from start: Int) -> Int {
        firstOffset(from: start) { $0.firstControl }
    }

    /// The first offset of `byte` at or after `start`; `count` if there is none.
    @inline(__always)
    func firstOffset(of byte: UInt8, from start: Int) -> Int {
        firstOffset(from: start) { $0.first(of: byte) }
    }

    /// - Parameter find: Where among eight bytes the one sought is. The last word is filled up with zeros.
    @inline(__always)
    private func firstOffset(from start: Int, _ find: (ByteWord) -> Int?) -> Int {
        var index = start
        while count &- index >= 8 {
            if let offset = find(ByteWord(self, at: index)) { return index &+ offset }
            index &+= 8
        }
        guard index < count, let offset = find(ByteWord(self, paddedAt: index)) else { return count }
        return Swift.min(index &+ offset, count)
    }
}

/// But for the first two, every byte is tested by additions to its low seven bits, which never carry into the next byte: all
/// flags are exact.
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

    /// Index of the first byte below SP or equal to DEL; nil if there is none.
    var firstControl: Int? {
        let belowSpace = (bits &- ByteWord.ones &* 0x20) & ~bits
        let delete = bits ^ ByteWord.ones &* 0x7F
        // A borrow can flag a byte wrongly only above one flagged rightly, so the lowest flag is always right.
        return ByteWord.lowest(belowSpace | (delete &- ByteWord.ones) & ~delete)
    }

    /// Index of the first `byte`; nil if there is none.
    func first(of byte: UInt8) -> Int? {
        let zeros = bits ^ UInt64(byte) &* ByteWord.ones
        // As above.
        return ByteWord.lowest((zeros &- ByteWord.ones) & ~zeros)
    }

    fileprivate var firstOutsideWord: Int? {
        ByteWord.lowest(~alphanumeric & (ByteWord.differs(UInt8(ascii: "-"), low) | bits))
    }

    fileprivate var firstOutsidePlainHost: Int? {
        let hyphenOrDot = ByteWord.atLeast(UInt8(ascii: "-"), low) & ~ByteWord.atLeast(UInt8(ascii: "/"), low)
        return ByteWord.lowest(~(alphanumeric | hyphenOrDot & ~bits))
    }

    fileprivate var firstPairSeparator: Int? {
        ByteWord.lowest(~(ByteWord.differs(UInt8(ascii: ";"), low) & ByteWord.differs(UInt8(ascii: ","), low) | bits))
    }

    fileprivate var firstOutsideTargetText: Int? {
        let visible = ByteWord.atLeast(0x21, low) & ~ByteWord.atLeast(0x7F, low) & ~bits
        let plain = ByteWord.differs(UInt8(ascii: "?"), low) & ByteWord.differs(UInt8(ascii: "#"), low)
        return ByteWord.lowest(~(visible & plain))
    }
}
