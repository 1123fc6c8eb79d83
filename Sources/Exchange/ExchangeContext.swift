public import HTTP1
public import Routing

/// What the exchanges of one worker share. One thread only; nothing here is locked.
public final class ExchangeContext {
    public let pool: BufferPool
    public let rolls: RollSource
    /// The Date field's value, renewed by the worker once a second.
    public var date: HTTPDate
    /// While draining, every answer ends its connection.
    public var isDraining = false
    var requestIDs: RequestIDGenerator
    var decider = RequestDecider()
    var forwardedLines = ForwardedLines()

    /// - Parameter seed: where the request ids' generator begins; anything random.
    public init(pool: BufferPool, rolls: RollSource, date: HTTPDate, seed: (UInt64, UInt64)) {
        self.pool = pool
        self.rolls = rolls
        self.date = date
        requestIDs = RequestIDGenerator(seed: seed)
    }
}

/// Makes request ids: 32 hexadecimal digits, unique enough to find a request in three logs, not secrets.
struct RequestIDGenerator {
    private var state: (UInt64, UInt64)

    init(seed: (UInt64, UInt64)) {
        // An all-zero state would stay zero.
        state = seed.0 | seed.1 == 0 ? (0x9E37_79B9_7F4A_7C15, 1) : seed
    }

    /// The next 128 bits of xoroshiro128+ (Blackman and Vigna), each half scrambled once more.
    mutating func next() -> (UInt64, UInt64) { (nextHalf(), nextHalf()) }

    private mutating func nextHalf() -> UInt64 {
        let (s0, s1) = state
        let result = s0 &+ s1
        let mixed = s1 ^ s0
        state = (rotated(s0, 24) ^ mixed ^ (mixed << 16), rotated(mixed, 37))
        let scrambled = (result ^ (result >> 32)) &* 0xD6E8_FEB8_6659_FD93
        return scrambled ^ (scrambled >> 32)
    }

    private func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value << count | value >> (64 - count)
    }
}
