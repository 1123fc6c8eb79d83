/// A worker's free list of buffer blocks in a few sizes, bounded, last in first out so that a hot block stays in cache.
///
/// Belongs to one worker; never shared between threads.
@safe
public final class BufferPool {
    /// The sizes there are, in bytes. `head` holds a serialised head; `standard` what is received, with room for a body of
    /// 64 KiB behind its head, so that it comes with one system call; a connection that streams more grows to `huge` and gives
    /// it back when it is done.
    ///
    /// No powers of two: blocks that all began at the same place of a page would compete for the same few sets of the cache,
    /// since it is their first bytes that every request touches.
    public enum Size: Int, CaseIterable, Sendable {
        case head = 4_416
        case standard = 66_880
        case huge = 263_488

        /// The smallest size that holds `count` bytes; `huge` for anything above it.
        public static func holding(_ count: Int) -> Size {
            for size in allCases where size.rawValue >= count { return size }
            return .huge
        }

        fileprivate var slot: Int {
            switch self {
            case .head: 0
            case .standard: 1
            case .huge: 2
            }
        }
    }

    private var free: [[UnsafeMutablePointer<UInt8>]]
    /// How many bytes of each size may wait unused before blocks go back to the allocator.
    private let bytesKeptPerSize: Int
    /// Bytes of the blocks that are out: taken and not given back.
    public private(set) var bytesTaken = 0
    /// Bytes of the blocks that have gone back to the allocator, so far.
    public private(set) var bytesFreed = 0
    /// How many of them there should be at most. It is up to those who take them: the pool gives out more.
    public var limit = Int.max
    /// Has those give their blocks back who keep them without need: they are in nobody's way.
    public var reclaim: (() -> Void)?

    /// The limit is reached, by blocks that are in use.
    @inlinable
    public var isExhausted: Bool { bytesTaken >= limit && isInUse() }

    @usableFromInline @inline(never)
    func isInUse() -> Bool {
        reclaim?()
        return bytesTaken >= limit
    }

    public init(bytesKeptPerSize: Int = 8 << 20) {
        self.bytesKeptPerSize = bytesKeptPerSize
        unsafe free = Array(repeating: [], count: Size.allCases.count)
    }

    deinit {
        // The pool owns every block in its lists.
        for unsafe list in unsafe free { for unsafe block in unsafe list { unsafe block.deallocate() } }
    }

    public func take(_ size: Size) -> ByteBuffer {
        bytesTaken &+= size.rawValue
        if let block = unsafe free[size.slot].popLast() {
            return unsafe ByteBuffer(adopting: block, capacity: size.rawValue)
        }
        return ByteBuffer(capacity: size.rawValue)
    }

    /// Moves what `buffer` holds, if it has storage at all, into a block that must have room for it.
    public func grow(_ buffer: inout ByteBuffer, to size: Size) {
        var larger = take(size)
        if buffer.hasStorage { buffer.move(into: &larger) }
        swap(&larger, &buffer)
        give(&larger)
    }

    /// Takes the storage of `buffer` back; afterwards it has none. A buffer of a size of its own is freed.
    public func give(_ buffer: inout ByteBuffer) {
        guard buffer.hasStorage else { return }
        var taken = ByteBuffer()
        swap(&taken, &buffer)
        guard let size = Size(rawValue: taken.capacity) else { return }
        bytesTaken &-= size.rawValue
        guard unsafe (free[size.slot].count + 1) * size.rawValue <= bytesKeptPerSize,
              let storage = unsafe taken.surrender()
        else {
            bytesFreed &+= size.rawValue
            return
        }
        unsafe free[size.slot].append(storage.block)
    }
}
