/// Elements in numbered slots, addressed by `Token`: O(1) insert, look-up and remove, no allocation once it has grown.
///
/// A slot costs the element plus 8 bytes (16 bytes for a class reference). The slot freed last is reused first, so hot
/// memory stays hot; its generation changes, so old tokens stay dead. Slots are never given back.
///
/// Everything is inlinable: the slab lives in another module than its elements, and must be specialised there.
public struct Slab<Element> {
    @usableFromInline
    struct Slot {
        @usableFromInline var element: Element?
        @usableFromInline var generation: UInt32
        /// The next free slot while this one is free.
        @usableFromInline var nextFree: UInt32

        @inlinable
        init(element: Element, generation: UInt32) {
            self.element = element
            self.generation = generation
            nextFree = .max
        }
    }

    @usableFromInline var slots: [Slot] = []
    /// Head of the list of free slots; `.max` ends it.
    @usableFromInline var firstFree: UInt32 = .max
    @usableFromInline var live = 0

    @inlinable
    public init() {}

    /// Memory that one slot takes, in bytes.
    public static var bytesPerSlot: Int { MemoryLayout<Slot>.stride }

    /// How many elements there are.
    @inlinable
    public var count: Int { live }

    @inlinable
    public var isEmpty: Bool { live == 0 }

    @inlinable
    public mutating func insert(_ element: Element) -> Token {
        live &+= 1
        guard firstFree != .max else {
            precondition(slots.count < Int(UInt32.max), "a slab has fewer than 2^32 - 1 slots")
            slots.append(Slot(element: element, generation: 1))
            return Token(slot: UInt32(truncatingIfNeeded: slots.count &- 1), generation: 1)
        }
        let slot = firstFree
        firstFree = slots[Int(slot)].nextFree
        slots[Int(slot)].element = element
        return Token(slot: slot, generation: slots[Int(slot)].generation)
    }

    /// The element, or nil when the token is stale.
    @inlinable
    public subscript(token: Token) -> Element? {
        let index = Int(token.slot)
        guard index < slots.count, slots[index].generation == token.generation else { return nil }
        return slots[index].element
    }

    /// Takes the element out; nil when the token is stale.
    @inlinable
    @discardableResult
    public mutating func remove(_ token: Token) -> Element? {
        let index = Int(token.slot)
        guard index < slots.count, slots[index].generation == token.generation else { return nil }
        guard let element = slots[index].element.take() else { return nil }
        // Generation 0 is never handed out, not even after 2^32 reuses.
        let next = token.generation &+ 1
        slots[index].generation = next == 0 ? 1 : next
        slots[index].nextFree = firstFree
        firstFree = token.slot
        live &-= 1
        return element
    }

    /// The first live token whose slot is `slot` or above. For walks that insert or remove on their way:
    /// continue at `token.slot + 1`.
    @inlinable
    public func firstToken(fromSlot slot: UInt32) -> Token? {
        var index = Int(slot)
        while index < slots.count {
            if slots[index].element != nil {
                return Token(slot: UInt32(truncatingIfNeeded: index), generation: slots[index].generation)
            }
            index &+= 1
        }
        return nil
    }

    /// Calls `body` with every live token, by ascending slot.
    @inlinable
    public func forEachToken<E: Error>(_ body: (Token) throws(E) -> Void) throws(E) {
        var from: UInt32 = 0
        while let token = firstToken(fromSlot: from) {
            try body(token)
            from = token.slot &+ 1
        }
    }
}
