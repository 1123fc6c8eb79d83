/// Timers by the thousand: arm, move and cancel are O(1), and nothing here asks the kernel for the time.
///
/// A hierarchical wheel. Time is counted in ticks of 2^23 ns (8.4 ms); a level has 64 slots, each 64 times as wide as
/// those of the level below, and seven levels span all of `UInt64`'s nanoseconds. A timer lies in the level of the highest
/// base-64 digit in which its tick differs from the present one, in the slot of that digit. So at each level every
/// occupied slot is ahead of the present digit, the earliest timer is in the lowest occupied level, and a bit map per
/// level finds it without a walk. When time reaches a slot above level 0 its timers move down.
///
/// A timer never fires early, and when `advance` is called in time it fires at most one tick late.
/// Moving a timer *later*, as every request does to an idle timeout, only notes the new tick: the timer stays where it
/// is and is put right when time reaches its slot.
///
/// Nodes are 24 bytes, in one array linked by index; the first ones are the heads of the circular lists.
public struct TimerWheel: ~Copyable {
    /// Not private: the files that own a wheel specialise its storage, too.
    struct Node: BitwiseCopyable {
        var token: UInt64 = 0
        /// The tick to fire at, 41 bits, above the generation, 23 bits.
        private var tickAndGeneration: UInt64 = 0
        var next: UInt32
        var previous: UInt32

        init(linkedTo index: UInt32) {
            next = index
            previous = index
        }

        var tick: UInt64 {
            get { tickAndGeneration >> generationBits }
            set { tickAndGeneration = newValue << generationBits | tickAndGeneration & generationMask }
        }

        var generation: UInt32 { UInt32(truncatingIfNeeded: tickAndGeneration & generationMask) }

        mutating func startNextGeneration() {
            tickAndGeneration = (tickAndGeneration &+ 1) & generationMask
        }
    }

    private static let tickBits: UInt64 = 23
    private static let generationBits: UInt64 = 64 - 41
    private static let generationMask: UInt64 = 1 << generationBits - 1
    private static let lastTick = UInt64.max >> tickBits
    private static let slotBits = 6
    private static let levelCount = 7
    /// Head of the list of timers that are due and not yet popped; the heads of the slots come before it.
    private static let expired = UInt32(levelCount << slotBits)
    private static let noNode = UInt32.max

    /// What a timer may be late by, in nanoseconds.
    public static let resolution: UInt64 = 1 << tickBits

    /// Memory that one timer takes, in bytes.
    public static var bytesPerTimer: Int { MemoryLayout<Node>.stride }

    private var nodes: UniqueStorage<Node>
    /// Per level, bit n set: slot n has timers.
    private var occupied: [7 of UInt64] = .init(repeating: 0)
    /// The present; timers of this tick and earlier ones have fired.
    private var tick: UInt64
    /// Head of the list of unused nodes, linked by `next`.
    private var firstFree = noNode
    /// Timers armed, those due but not popped included.
    public private(set) var count = 0

    /// An empty wheel; `now` in nanoseconds of the clock that deadlines are given in.
    public init(now: UInt64) {
        tick = now >> Self.tickBits
        nodes = UniqueStorage(capacity: 512)
        for head in 0...Self.expired { nodes.append(Node(linkedTo: head)) }
    }

    // MARK: Owners' side

    /// Starts a timer that will name `token` at `deadline` (nanoseconds). A deadline in the past fires at the next tick,
    /// never at once: a handler that arms a timer cannot keep the loop from going on.
    public mutating func arm(token: Token, at deadline: UInt64) -> TimerID {
        let index = takeNode()
        nodes[index].token = token.rawValue
        nodes[index].tick = tick(for: deadline)
        link(index)
        count &+= 1
        return TimerID(index: index, generation: nodes[index].generation)
    }

    /// Gives a timer another deadline, even one that is due but was not popped yet.
    /// False when it is stale: it has fired or was cancelled.
    @discardableResult
    public mutating func move(_ id: TimerID, to deadline: UInt64) -> Bool {
        guard isLive(id) else { return false }
        let linked = nodes[id.index].tick
        let target = tick(for: deadline)
        nodes[id.index].tick = target
        // Its slot comes no later than the old tick, unless it is due already and in no slot.
        if target >= linked && linked > tick { return true }
        unlink(id.index)
        link(id.index)
        return true
    }

    /// False when the timer is stale: it has fired or was cancelled.
    @discardableResult
    public mutating func cancel(_ id: TimerID) -> Bool {
        guard isLive(id) else { return false }
        unlink(id.index)
        release(id.index)
        return true
    }

    // MARK: The loop's side

    /// Lets time pass up to `now`; due timers then wait for `popExpired`. Time that goes backwards is ignored.
    /// The cost depends on the occupied slots on the way, not on the time that passed.
    public mutating func advance(to now: UInt64) {
        let target = now >> Self.tickBits
        guard target > tick else { return }
        while let slot = nextSlot(), slot.tick <= target {
            tick = slot.tick
            empty(slot.head)
        }
        tick = target
    }

    /// The next due timer, in order of ticks. It is gone from the wheel: its id is stale from here on.
    public mutating func popExpired() -> (Token, TimerID)? {
        let index = nodes[Self.expired].next
        guard index != Self.expired else { return nil }
        let id = TimerID(index: index, generation: nodes[index].generation)
        let token = Token(rawValue: nodes[index].token)
        unlink(index)
        release(index)
        return (token, id)
    }

    /// When `advance` should be called next, in nanoseconds; nil without timers. It may come before the earliest deadline
    /// (a slot of a higher level is reached, or its timers were moved later), never after it, and always ahead of the
    /// present unless due timers wait for `popExpired`.
    public var nextDeadline: UInt64? {
        if nodes[Self.expired].next != Self.expired { return tick << Self.tickBits }
        guard let slot = nextSlot() else { return nil }
        return slot.tick << Self.tickBits
    }

    // MARK: Slots

    /// The first tick that is not before `deadline` and still ahead.
    private func tick(for deadline: UInt64) -> UInt64 {
        let begun = deadline >> Self.tickBits
        let rounded = deadline == begun << Self.tickBits ? begun : begun &+ 1
        return min(max(rounded, tick &+ 1), Self.lastTick)
    }

    /// The occupied slot that time reaches next: the tick it begins with, and the head of its list.
    private func nextSlot() -> (tick: UInt64, head: UInt32)? {
        for level in 0..<Self.levelCount where occupied[level] != 0 {
            let slot = occupied[level].trailingZeroBitCount
            let shift = UInt64(level &* Self.slotBits)
            let slotsOfLevel = (tick >> shift) & ~63
            return ((slotsOfLevel | UInt64(slot)) << shift, UInt32(level << Self.slotBits | slot))
        }
        return nil
    }

    /// Relinks every timer of a slot that time has reached: to the due ones, or to a slot further on.
    private mutating func empty(_ head: UInt32) {
        while true {
            let index = nodes[head].next
            if index == head { return }
            unlink(index)
            link(index)
        }
    }

    /// Appends an unlinked node to the list its tick belongs to.
    private mutating func link(_ index: UInt32) {
        let due = nodes[index].tick
        var head = Self.expired
        if due > tick {
            let level = (63 &- (due ^ tick).leadingZeroBitCount) / Self.slotBits
            let slot = Int(truncatingIfNeeded: due >> UInt64(level &* Self.slotBits)) & 63
            occupied[level] |= 1 << UInt64(slot)
            head = UInt32(truncatingIfNeeded: level << Self.slotBits | slot)
        }
        let last = nodes[head].previous
        nodes[index].next = head
        nodes[index].previous = last
        nodes[last].next = index
        nodes[head].previous = index
    }

    private mutating func unlink(_ index: UInt32) {
        let next = nodes[index].next
        let previous = nodes[index].previous
        nodes[previous].next = next
        nodes[next].previous = previous
        // Both neighbours are the same head: the list is empty now.
        guard next == previous, next < Self.expired else { return }
        occupied[Int(next) >> Self.slotBits] &= ~(1 << UInt64(next & 63))
    }

    // MARK: Nodes

    private func isLive(_ id: TimerID) -> Bool {
        id.index > Self.expired && Int(id.index) < nodes.count && nodes[id.index].generation == id.generation
    }

    private mutating func takeNode() -> UInt32 {
        guard firstFree != Self.noNode else {
            precondition(nodes.count < Int(Self.noNode), "a wheel has fewer than 2^32 - 1 timers")
            nodes.append(Node(linkedTo: Self.noNode))
            return UInt32(truncatingIfNeeded: nodes.count &- 1)
        }
        let index = firstFree
        firstFree = nodes[index].next
        return index
    }

    /// Puts an unlinked node on the free list; its ids are stale from here on.
    private mutating func release(_ index: UInt32) {
        nodes[index].startNextGeneration()
        nodes[index].next = firstFree
        firstFree = index
        count &-= 1
    }
}
