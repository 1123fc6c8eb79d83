import HTTP1

/// The gzip streams of one worker: a bounded number, since each keeps a quarter of a MiB; and what became of them.
public final class GzipPool {
    /// Since the start.
    public struct Counts: Equatable, Sendable {
        /// Responses that were compressed.
        public var responses: UInt64 = 0
        /// Responses that passed as they were, because there were too many at the time.
        public var overflows: UInt64 = 0
        /// Bytes of bodies before and after.
        public var bytesIn: UInt64 = 0
        public var bytesOut: UInt64 = 0
    }

    public private(set) var counts = Counts()
    /// By level, from 1 on; last in, first out, so that their memory is still in cache.
    private var idle = Array(repeating: [Gzip](), count: GzipPolicy.levels.upperBound)
    private var idleCount = 0
    private(set) var inUse = 0
    /// What a step writes, until its length is known, which goes before it.
    var scratch = ByteBuffer(capacity: 32 << 10)

    /// Streams that wait for use; what exceeds this goes back to the allocator.
    private static let maximumIdle = 16

    /// A stream at its beginning; nil if `memory` bytes are in use already, or there are none. Belongs back to `give`.
    func take(level: Int, memory: Int) -> Gzip? {
        guard (inUse + 1) * Gzip.memory <= memory, let gzip = idle(level) ?? Gzip(level: level) else {
            counts.overflows &+= 1
            return nil
        }
        inUse += 1
        counts.responses &+= 1
        return gzip
    }

    private func idle(_ level: Int) -> Gzip? {
        guard let gzip = idle[level - 1].popLast() else { return nil }
        idleCount -= 1
        return gzip.reset() ? gzip : nil
    }

    func give(_ gzip: Gzip) {
        inUse -= 1
        counts.bytesIn &+= UInt64(gzip.bytesIn)
        counts.bytesOut &+= UInt64(gzip.bytesOut)
        guard idleCount < Self.maximumIdle else { return }
        idleCount += 1
        idle[gzip.level - 1].append(gzip)
    }
}
