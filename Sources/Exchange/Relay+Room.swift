import HTTP1

/// How big a relay's blocks are. While the pool is exhausted they are no bigger than what they hold needs: what is under way then goes on,
/// in more and smaller steps.
extension Relay {
    // MARK: Source

    /// Makes room in `input` for at least one byte, growing it for a long body. False when the reader must wait.
    /// - Parameter size: what it begins with.
    mutating func prepareInput(_ pool: BufferPool, beginningWith size: BufferPool.Size) -> Bool {
        if !input.hasStorage { input = pool.take(pool.isExhausted ? .head : size) }
        let wanted = wantedCapacity
        if wanted > input.capacity, mayGrow(pool) {
            pool.grow(&input, to: .holding(pool.isExhausted ? input.capacity + 1 : wanted))
        }
        if input.space == 0 { input.compact() }
        if input.space == 0, canDropSentInput {
            stopHolding()
            input.compact()
        }
        return input.space > 0
    }

    /// A bigger block is quicker; where there is little memory left, a body comes through one that it has some room in.
    private func mayGrow(_ pool: BufferPool) -> Bool {
        input.capacity - input.retained < Self.leastBodyRoom || !pool.isExhausted
    }

    /// Bytes beside a retained head. One that leaves less was long enough for its copy in `output` to be in a block of the next size, which
    /// was counted before it was sent on.
    private static let leastBodyRoom = 1024

    /// Whether `prepareInput` would find room.
    @inline(__always)  // A call would copy the relay into its argument.
    func hasRoomForMore(_ pool: BufferPool) -> Bool {
        input.space > 0 || !input.hasStorage || input.start > input.retained || canDropSentInput
            || wantedCapacity > input.capacity && mayGrow(pool)
    }

    /// Holding is given up only when it keeps bytes whose place is needed.
    private var canDropSentInput: Bool { isHeld && sentWhileHeld > output.count }

    /// A body gets a bigger block once it fills what it has, of known length one for all of it: who sends a byte gets no more than that.
    @inline(__always)
    private var wantedCapacity: Int {
        if let remaining = decoder.remaining {
            // Compared before it is added to, because a length may be as large as an Int.
            let most = largestInput
            // What is held stays beside what follows.
            if remaining <= input.capacity - input.retained - (isHeld ? input.count : 0) { return input.capacity }
            guard wasFilled || input.space == 0 else { return input.capacity }
            return remaining > most ? most : min(remaining + input.retained + input.count, most)
        }
        let isFull = input.space == 0 && input.start == input.retained
        return isFull && input.capacity < largestInput ? input.capacity + 1 : input.capacity
    }

    /// Where bytes are copied, or compressed, a bigger block would only hold up others for longer; but a long retained head must leave room
    /// beside it.
    @inline(__always)
    private var largestInput: Int {
        let suffices = copies && input.retained <= BufferPool.Size.standard.rawValue / 2
        return suffices ? BufferPool.Size.standard.rawValue : BufferPool.Size.huge.rawValue
    }

    /// A head that goes on has no room left in `input`.
    var isFullOfHead: Bool { input.space == 0 && input.start == input.retained }

    /// Grows `input` for a head that does not fit; false when it already is as large as blocks get.
    mutating func growForHead(_ pool: BufferPool) -> Bool {
        if input.space == 0 { input.compact() }
        guard input.space == 0 else { return true }
        guard input.capacity < BufferPool.Size.huge.rawValue else { return false }
        pool.grow(&input, to: .holding(input.capacity + 1))
        return true
    }

    // MARK: Sink

    /// Makes room for `count` bytes at the end of `output`, which a head is about to be written to. False, and nothing is to be written,
    /// if no block is as large.
    mutating func reserveOutput(_ count: Int, _ pool: BufferPool) -> Bool {
        guard output.space < count else { return true }
        output.compact()
        guard output.space < count else { return true }
        guard canHold(count) else { return false }
        // What is copied follows the head.
        let isRoomy = copies && !pool.isExhausted
        let wanted = output.count + (isRoomy ? max(count, BufferPool.Size.standard.rawValue) : count)
        pool.grow(&output, to: .holding(wanted))
        return true
    }

    /// Whether `reserveOutput` would find room for `count` bytes.
    func canHold(_ count: Int) -> Bool { output.count + count <= BufferPool.Size.huge.rawValue }

    /// The most that framing adds to one run of bytes: 16 digits, two line ends, and the last chunk behind it.
    static let chunkOverhead = 32

    /// The free space of `output`; compacted, grown up to a bound, or freed of what was held, before it counts as used up.
    mutating func outputRoom(_ pool: BufferPool) -> Int {
        if output.space <= Self.chunkOverhead { output.compact() }
        if output.space <= Self.chunkOverhead, output.capacity < BufferPool.Size.standard.rawValue, !pool.isExhausted {
            pool.grow(&output, to: .holding(output.capacity + 1))
        }
        if output.space <= Self.chunkOverhead, isHeld, sentWhileHeld > 0 {
            stopHolding()
            output.compact()
        }
        return output.space
    }

    // MARK: Giving back

    /// Gives blocks back that are not of the usual sizes.
    /// - Parameter size: of `input`.
    mutating func giveBack(to pool: BufferPool, unless size: BufferPool.Size) {
        if input.capacity != size.rawValue { pool.give(&input) }
        if output.capacity > BufferPool.Size.standard.rawValue { pool.give(&output) }
    }

    /// Gives all blocks back.
    mutating func giveAllBack(to pool: BufferPool) {
        pool.give(&input)
        pool.give(&output)
    }
}
