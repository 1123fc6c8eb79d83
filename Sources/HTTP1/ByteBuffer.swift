/// Bytes on their way through the proxy: filled at the end by a socket or a writer, consumed from the front.
///
/// The memory is one fixed block; `start..<end` is unread and `end..<capacity` is free. A prefix may be *retained*:
/// a request head stays where it was parsed, at the same offsets, while the body streams through the rest of the block,
/// so that neither is copied. Buffers come from a `BufferPool` and own their block until `BufferPool.give` takes it back.
@safe
public struct ByteBuffer: ~Copyable {
    @usableFromInline var base: UnsafeMutablePointer<UInt8>?
    public internal(set) var capacity: Int
    /// Offset of the first unread byte.
    public internal(set) var start: Int
    /// Offset after the last byte.
    @inlinable public var end: Int { filled }
    @usableFromInline var filled: Int
    /// Bytes at the very front that `compact` leaves in place.
    public internal(set) var retained: Int

    /// A buffer without storage: what an idle connection holds.
    public init() {
        unsafe base = nil
        capacity = 0
        start = 0
        filled = 0
        retained = 0
    }

    public init(capacity: Int) {
        precondition(capacity > 0, "a buffer with storage has room")
        // Initialised memory, so that the free space can be lent out as a MutableSpan.
        let block = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        unsafe block.initialize(repeating: 0, count: capacity)
        unsafe self.init(adopting: block, capacity: capacity)
    }

    init(adopting block: UnsafeMutablePointer<UInt8>, capacity: Int) {
        unsafe base = block
        self.capacity = capacity
        start = 0
        filled = 0
        retained = 0
    }

    deinit {
        unsafe base?.deallocate()
    }

    /// Gives up the block without freeing it; the caller owns it now.
    consuming func surrender() -> (block: UnsafeMutablePointer<UInt8>, capacity: Int)? {
        let block = unsafe base
        let capacity = self.capacity
        discard self
        guard let block = unsafe block else { return nil }
        return unsafe (block, capacity)
    }

    @inlinable
    public var hasStorage: Bool { capacity > 0 }
    @inlinable
    public var count: Int { end &- start }
    @inlinable
    public var isEmpty: Bool { start == end }
    /// Bytes that can still be written at the end without compacting.
    @inlinable
    public var space: Int { capacity &- end }

    // MARK: Reading

    /// The unread bytes.
    @inlinable
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // The block is alive as long as self is borrowed, and start <= end <= capacity.
            let view = unsafe UnsafeBufferPointer(start: base.map { unsafe UnsafePointer($0 + start) }, count: count)
            return unsafe _overrideLifetime(Span(_unsafeElements: view), borrowing: self)
        }
    }

    /// The bytes from the block's front, the retained prefix included; offsets of a retained head count from here.
    @inlinable
    public var bytesFromFront: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // The block is alive as long as self is borrowed, and end <= capacity.
            let view = unsafe UnsafeBufferPointer(start: base.map { unsafe UnsafePointer($0) }, count: end)
            return unsafe _overrideLifetime(Span(_unsafeElements: view), borrowing: self)
        }
    }

    /// Drops `count` bytes from the front of the unread ones.
    public mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "cannot consume more than there is")
        start &+= count
        if start == end {
            start = retained
            filled = retained
        }
    }

    /// Keeps the first `count` bytes of the block (a parsed head) in place until `releaseRetained`.
    /// Call it before the head is consumed, while it begins at the front.
    public mutating func retain(_ count: Int) {
        precondition(start == 0 && count <= end, "a retained prefix begins at the front")
        retained = count
        start = count
    }

    /// Gives the retained prefix up; unread bytes stay.
    public mutating func releaseRetained() {
        retained = 0
        if start == end { removeAll() }
    }

    public mutating func removeAll() {
        start = 0
        filled = 0
        retained = 0
    }

    // MARK: Writing

    /// The free bytes at the end; call `commit` with how many of them were filled.
    public var freeSpace: MutableSpan<UInt8> {
        @_lifetime(&self)
        mutating get {
            // end..<capacity lies in the block, which self owns exclusively.
            let view = unsafe UnsafeMutableBufferPointer(start: base.map { unsafe $0 + end }, count: space)
            return unsafe _overrideLifetime(MutableSpan(_unsafeElements: view), mutating: &self)
        }
    }

    public mutating func commit(_ count: Int) {
        precondition(count >= 0 && count <= space, "cannot commit more than the free space")
        filled &+= count
    }

    /// Moves the unread bytes to the front (behind the retained prefix) so that all free space is in one piece.
    public mutating func compact() {
        guard start > retained, let base = unsafe base else { return }
        let unread = count
        // Both ranges lie in the block; memmove semantics allow the overlap.
        unsafe (base + retained).update(from: base + start, count: unread)
        start = retained
        filled = retained &+ unread
    }

    /// Copies `source` to the end. There must be room: see `space`.
    @inlinable
    public mutating func append(_ source: Span<UInt8>) {
        precondition(source.count <= space, "appending more than the free space")
        guard source.count > 0, let base = unsafe base else { return }
        let target = unsafe base + end
        // The precondition keeps the copy within the block; two live buffers never share one.
        unsafe source.withUnsafeBufferPointer { bytes in
            unsafe target.initialize(from: bytes.baseAddress.unsafelyUnwrapped, count: bytes.count)
        }
        filled &+= source.count
    }

    @inlinable @inline(__always)
    public mutating func append(_ byte: UInt8) {
        precondition(space > 0, "appending more than the free space")
        // end < capacity by the precondition.
        unsafe base.unsafelyUnwrapped[end] = byte
        filled &+= 1
    }

    /// Appends an ASCII literal.
    @inlinable @inline(__always)
    public mutating func append(_ literal: StaticString) {
        precondition(literal.hasPointerRepresentation && literal.utf8CodeUnitCount <= space, "appending more than the free space")
        guard literal.utf8CodeUnitCount > 0, let base = unsafe base else { return }
        // A StaticString lives forever; the precondition keeps the copy within the block.
        unsafe (base + end).initialize(from: literal.utf8Start, count: literal.utf8CodeUnitCount)
        filled &+= literal.utf8CodeUnitCount
    }

    /// Appends again `count` bytes that begin `offset` bytes into the unread ones.
    public mutating func appendCopy(of count: Int, at offset: Int) {
        precondition(offset >= 0 && count >= 0 && offset &+ count <= self.count && count <= space, "appending more than there is")
        guard let base = unsafe base else { return }
        // Both ranges lie in the block and do not overlap: one ends where the other begins, or before.
        unsafe (base + end).update(from: base + start + offset, count: count)
        filled &+= count
    }

    /// Appends the 16 lower-case hexadecimal digits of `value`.
    public mutating func append(hexDigitsOf value: UInt64) {
        precondition(space >= 16, "appending more than the free space")
        guard let base = unsafe base else { return }
        // 16 bytes of free space by the precondition; the block has no alignment to respect.
        let target = unsafe UnsafeMutableRawPointer(base + end)
        unsafe target.storeBytes(of: Self.hexDigits(UInt32(truncatingIfNeeded: value >> 32)).bigEndian, as: UInt64.self)
        unsafe target.storeBytes(of: Self.hexDigits(UInt32(truncatingIfNeeded: value)).bigEndian, toByteOffset: 8, as: UInt64.self)
        filled &+= 16
    }

    /// Eight digits at once: each nibble gets a byte, then those above 9 are moved from ':' on to 'a' on.
    private static func hexDigits(_ value: UInt32) -> UInt64 {
        var nibbles = UInt64(value)
        nibbles = (nibbles | nibbles << 16) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles | nibbles << 8) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles | nibbles << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = ((nibbles &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
        return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 0x27
    }

    /// Moves everything, the retained prefix and its offsets included, into `larger`, which must be empty and have room.
    public mutating func move(into larger: inout ByteBuffer) {
        precondition(larger.end == 0 && larger.capacity >= retained + count, "the larger buffer has no room")
        compact()
        larger.append(bytesFromFront)
        larger.retained = retained
        larger.start = start
        removeAll()
    }
}
