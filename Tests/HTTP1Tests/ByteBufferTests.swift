import Testing
@testable import HTTP1

@Suite("Byte buffers and their pool")
struct ByteBufferTests {
    private func buffer(_ content: String, capacity: Int = 16) -> ByteBuffer {
        var buffer = ByteBuffer(capacity: capacity)
        let content = bytes(content)
        buffer.append(content.span)
        return buffer
    }

    @Test func appendingAndConsuming() {
        var buffer = buffer("hello")
        #expect(buffer.count == 5)
        #expect(buffer.space == 11)
        buffer.append(UInt8(ascii: "!"))
        buffer.append(" ok")
        #expect(text(buffer.bytes) == "hello! ok")
        buffer.consume(7)
        #expect(text(buffer.bytes) == "ok")
        #expect(text(buffer.bytesFromFront) == "hello! ok")
        #expect(buffer.space == 7)
        // An empty buffer has all its space back without anything being moved.
        buffer.consume(2)
        #expect(buffer.isEmpty == true)
        #expect(buffer.space == 16)
    }

    @Test func filledThroughFreeSpace() {
        var buffer = buffer("ab")
        var free = buffer.freeSpace
        #expect(free.count == 14)
        free[0] = UInt8(ascii: "c")
        free[1] = UInt8(ascii: "d")
        buffer.commit(2)
        #expect(text(buffer.bytes) == "abcd")
        buffer.commit(0)
        #expect(buffer.count == 4)
    }

    @Test func compacting() {
        var buffer = buffer("0123456789abcdef")
        buffer.consume(10)
        #expect(buffer.space == 0)
        buffer.compact()
        #expect(text(buffer.bytes) == "abcdef")
        #expect(buffer.space == 10)
        buffer.compact()
        #expect(text(buffer.bytes) == "abcdef")
    }

    @Test("A retained head stays where it is while the body streams through the rest")
    func retaining() {
        var buffer = buffer("head|body1")
        buffer.retain(5)
        #expect(text(buffer.bytes) == "body1")
        buffer.consume(3)
        buffer.compact()
        #expect(text(buffer.bytes) == "y1")
        #expect(text(buffer.bytesFromFront) == "head|y1")
        buffer.consume(2)
        #expect(buffer.isEmpty == true)
        #expect(buffer.start == 5)
        #expect(buffer.space == 11)
        buffer.append("body2")
        #expect(text(buffer.bytesFromFront) == "head|body2")
        buffer.releaseRetained()
        #expect(text(buffer.bytes) == "body2")
        buffer.compact()
        #expect(text(buffer.bytesFromFront) == "body2")
    }

    @Test func releasingWithNothingUnread() {
        var buffer = buffer("head")
        buffer.retain(4)
        #expect(buffer.isEmpty == true)
        #expect(buffer.space == 12)
        buffer.releaseRetained()
        #expect(buffer.space == 16)
    }

    @Test func moving() {
        var small = buffer("head|xbody")
        small.retain(5)
        small.consume(1)
        var large = ByteBuffer(capacity: 64)
        small.move(into: &large)
        #expect(text(large.bytes) == "body")
        #expect(text(large.bytesFromFront) == "head|body")
        #expect(large.retained == 5)
        #expect(large.space == 55)
        #expect(small.isEmpty == true)
        #expect(small.retained == 0)
        #expect(small.space == 16)
    }

    @Test func withoutStorage() {
        let buffer = ByteBuffer()
        #expect(buffer.hasStorage == false)
        #expect(buffer.isEmpty == true)
        #expect(buffer.space == 0)
        #expect(buffer.bytes.count == 0)
    }

    @Test("The smallest size that holds so many bytes", arguments: [
        (0, .head), (4_416, .head), (4_417, .standard), (66_880, .standard),
        (66_881, .huge), (263_488, .huge), (263_489, .huge),
    ] as [(Int, BufferPool.Size)])
    func sizes(_ count: Int, _ size: BufferPool.Size) {
        #expect(BufferPool.Size.holding(count) == size)
    }

    @Test("A block comes back empty, and the last one given is the first one taken")
    func pooling() {
        let pool = BufferPool()
        var first = pool.take(.head)
        var second = pool.take(.head)
        #expect(first.capacity == BufferPool.Size.head.rawValue)
        first.append("first")
        first.retain(2)
        second.append("second")
        pool.give(&first)
        #expect(first.hasStorage == false)
        pool.give(&second)
        var third = pool.take(.head)
        #expect(third.isEmpty == true)
        #expect(third.retained == 0)
        #expect(third.space == BufferPool.Size.head.rawValue)
        third.commit(6)
        #expect(text(third.bytes) == "second")
        // A block of another size is another block.
        #expect(pool.take(.standard).capacity == BufferPool.Size.standard.rawValue)
        // Nothing to give is no error.
        pool.give(&first)
    }

    @Test("The limit is reached by what is in use, not by what is kept without need")
    func exhaustion() {
        let pool = BufferPool()
        pool.limit = 2 * BufferPool.Size.head.rawValue
        var first = pool.take(.head)
        #expect(!pool.isExhausted)
        let idle = Kept(pool.take(.head))
        #expect(pool.isExhausted)
        pool.reclaim = { pool.give(&idle.buffer) }
        #expect(!pool.isExhausted)
        idle.buffer = pool.take(.standard)
        pool.reclaim = {}
        #expect(pool.isExhausted)
        pool.give(&idle.buffer)
        pool.give(&first)
        #expect(!pool.isExhausted)
        pool.limit = 0
        #expect(pool.isExhausted, "nothing is out, and nothing may be")
    }

    private final class Kept {
        var buffer: ByteBuffer
        init(_ buffer: consuming ByteBuffer) { self.buffer = buffer }
    }

    @Test("A block grows with what is in it, or from nothing")
    func growing() {
        let pool = BufferPool()
        var buffer = ByteBuffer()
        pool.grow(&buffer, to: .head)
        #expect(buffer.capacity == BufferPool.Size.head.rawValue && pool.bytesTaken == buffer.capacity)
        buffer.append("head and body")
        buffer.retain(5)
        pool.grow(&buffer, to: .standard)
        #expect(buffer.capacity == BufferPool.Size.standard.rawValue && pool.bytesTaken == buffer.capacity)
        #expect(buffer.retained == 5 && text(buffer.bytes) == "and body" && text(buffer.bytesFromFront) == "head and body")
        pool.give(&buffer)
        #expect(pool.bytesTaken == 0)
    }

    @Test("What is out is counted, whatever becomes of it afterwards")
    func counting() {
        let pool = BufferPool(bytesKeptPerSize: 0)
        var first = pool.take(.head)
        var second = pool.take(.huge)
        #expect(pool.bytesTaken == BufferPool.Size.head.rawValue + BufferPool.Size.huge.rawValue)
        pool.give(&second)
        #expect(pool.bytesTaken == BufferPool.Size.head.rawValue)
        pool.give(&first)
        pool.give(&first)
        #expect(pool.bytesTaken == 0)
    }

    @Test("Blocks beyond the bound go back to the allocator")
    func bound() {
        let pool = BufferPool(bytesKeptPerSize: BufferPool.Size.head.rawValue)
        var first = pool.take(.head)
        var second = pool.take(.head)
        first.append("A")
        second.append("B")
        pool.give(&first)
        pool.give(&second)
        var kept = pool.take(.head)
        kept.commit(1)
        #expect(text(kept.bytes) == "A")
        // A buffer of a size of its own is not kept either.
        var odd = ByteBuffer(capacity: 100)
        pool.give(&odd)
        #expect(odd.hasStorage == false)
    }
}
