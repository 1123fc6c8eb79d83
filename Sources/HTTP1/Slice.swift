/// Where some bytes lie in an input: offset and length, without holding the bytes alive.
///
/// Half the size of a `Range<Int>`, because a head keeps two of them for every field. Inputs are smaller than 4 GiB.
public struct Slice: Equatable, Sendable {
    private var storedStart: UInt32
    private var storedCount: UInt32

    public init(start: Int, count: Int) {
        storedStart = UInt32(truncatingIfNeeded: start)
        storedCount = UInt32(truncatingIfNeeded: count)
    }

    init(_ range: Range<Int>) {
        self.init(start: range.lowerBound, count: range.upperBound &- range.lowerBound)
    }

    public static let empty = Slice(start: 0, count: 0)

    /// Offset of the first byte.
    public var start: Int { Int(storedStart) }
    /// Number of bytes.
    public var count: Int { Int(storedCount) }
    /// Offset after the last byte.
    public var end: Int { start &+ count }
    public var isEmpty: Bool { storedCount == 0 }
}

extension Span<UInt8> {
    /// The bytes `slice` stands for; it must come from this input.
    public subscript(_ slice: Slice) -> Span<UInt8> {
        @_lifetime(copy self)
        get { extracting(slice.start ..< slice.end) }
    }
}
