/// Names a slot of a `Slab` *and* one particular occupant of it. It travels through the kernel as `epoll_data`, so that an
/// event for something closed earlier in the same batch never reaches the newcomer in its slot.
///
/// A slab never hands out generation 0: such tokens are free for what lives outside a slab (listeners, the wake-up).
public struct Token: Hashable, Sendable {
    public let slot: UInt32
    public let generation: UInt32

    @inlinable
    public init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }

    @inlinable
    public init(rawValue: UInt64) {
        slot = UInt32(truncatingIfNeeded: rawValue)
        generation = UInt32(truncatingIfNeeded: rawValue >> 32)
    }

    /// `generation << 32 | slot`.
    @inlinable
    public var rawValue: UInt64 { UInt64(generation) << 32 | UInt64(slot) }
}
