import Testing

@testable import Server

@Suite struct RoundQueueTests {
    @Test func whoComesBackBelongsToTheNextRound() {
        var queue = RoundQueue<Int>()
        #expect(queue.isEmpty && queue.next() == nil)
        for element in 1...3 { queue.append(element) }
        #expect(!queue.isEmpty && queue.next() == nil, "no round has begun")
        queue.beginRound()
        #expect(queue.next() == 1)
        queue.append(1)
        queue.append(4)
        // One that was broken off goes on.
        queue.beginRound()
        #expect(queue.next() == 2)
        #expect(queue.next() == 3)
        #expect(queue.next() == nil)
        queue.beginRound()
        #expect(queue.next() == 1)
        #expect(queue.next() == 4)
        #expect(queue.next() == nil && queue.isEmpty)
    }
}
