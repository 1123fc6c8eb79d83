import Reactor
import Testing

private let token = Token(slot: 3, generation: 9)

@Suite struct EventLoopTests {
    @Test func reportsNothingWithoutEvents() throws {
        var loop = try EventLoop()
        #expect(loop.wait(atMostMilliseconds: 0) == 0)
        #expect(loop.wait(atMostMilliseconds: 1) == 0)
        #expect(loop.wait(atMostMilliseconds: -5) == 0)
    }

    @Test func anEdgeIsReportedOnce() throws {
        let pair = try Pair()
        var loop = try EventLoop()
        try loop.add(pair.near.fd, token: token, interest: .stream)
        try #require(loop.wait(atMostMilliseconds: patience) == 1)
        #expect(loop.nextEvent() == Event(token: token, readiness: .writable))
        #expect(loop.wait(atMostMilliseconds: 0) == 0)

        _ = pair.far.send([1, 2, 3].span)
        try #require(loop.wait(atMostMilliseconds: patience) == 1)
        #expect(loop.nextEvent() == Event(token: token, readiness: [.readable, .writable]))
        // Two bytes are left, but the edge is over; new bytes make a new one.
        #expect(receive(pair.near, upTo: 1).0 == .bytes(1))
        #expect(loop.wait(atMostMilliseconds: 0) == 0)
        _ = pair.far.send([4].span)
        #expect(loop.wait(atMostMilliseconds: patience) == 1)
        #expect(receive(pair.near).1 == [2, 3, 4])
    }

    @Test func aSocketThatWasFullBecomesWritable() throws {
        let pair = try Pair()
        var loop = try EventLoop()
        try loop.add(pair.near.fd, token: token, interest: .stream)
        #expect(loop.wait(atMostMilliseconds: patience) == 1)
        let block = [UInt8](repeating: 7, count: 65_536)
        var sent = 0
        while case .bytes(let count) = pair.near.send(block.span) { sent += count }
        try #require(sent > 0)
        #expect(loop.wait(atMostMilliseconds: 0) == 0)
        var received = 0
        while case .bytes(let count) = receive(pair.far, upTo: 65_536).0 { received += count }
        #expect(received == sent)
        try #require(loop.wait(atMostMilliseconds: patience) == 1)
        #expect(loop.nextEvent()?.readiness.contains(.writable) == true)
    }

    @Test func theOtherSidesEndIsReported() throws {
        let pair = try Pair()
        var loop = try EventLoop()
        try loop.add(pair.near.fd, token: token, interest: .stream)
        pair.far.shutdownWrite()
        try #require(loop.wait(atMostMilliseconds: patience) == 1)
        #expect(loop.nextEvent()?.readiness == [.readable, .writable, .readClosed])
        let far = Socket(adopting: pair.far.release())
        far.close()
        try #require(loop.wait(atMostMilliseconds: patience) == 1)
        #expect(loop.nextEvent()?.readiness.contains(.hangUp) == true)
    }

    @Test func aLevelIsReportedUntilItIsUsedUp() throws {
        let bell = try WakeUp()
        var loop = try EventLoop()
        try loop.add(bell.fd, token: token, interest: .acceptor)
        bell.signal()
        for _ in 0..<2 {
            try #require(loop.wait(atMostMilliseconds: patience) == 1)
            #expect(loop.nextEvent() == Event(token: token, readiness: .readable))
        }
        #expect(bell.drain())
        #expect(loop.wait(atMostMilliseconds: 0) == 0)
    }

    @Test func removedDescriptorsAreSilent() throws {
        let bell = try WakeUp()
        var loop = try EventLoop()
        try loop.add(bell.fd, token: token, interest: .acceptor)
        #expect(throws: Errno.EEXIST) { try loop.add(bell.fd, token: token, interest: .acceptor) }
        loop.remove(bell.fd)
        loop.remove(bell.fd)
        bell.signal()
        #expect(loop.wait(atMostMilliseconds: 0) == 0)
        try loop.add(bell.fd, token: token, interest: .acceptor)
        #expect(loop.wait(atMostMilliseconds: patience) == 1)
    }

    /// Two connections are ready in one batch. Handling the first closes the second, whose slot a third one takes:
    /// the second's event, already fetched, must reach nobody.
    @Test func aStaleEventNeverReachesANewConnection() throws {
        final class Connection {
            var pair: Pair
            init() throws { pair = try Pair() }
        }
        var slab = Slab<Connection>()
        var loop = try EventLoop()
        let tokens = try (0..<2).map { _ in
            let connection = try Connection()
            let token = slab.insert(connection)
            try loop.add(connection.pair.near.fd, token: token, interest: .stream)
            return token
        }
        try #require(loop.wait(atMostMilliseconds: patience) == 2)
        let first = loop.nextEvent()
        let handled = try #require(first).token
        let other = handled == tokens[0] ? tokens[1] : tokens[0]
        #expect(tokens.contains(handled))
        #expect(slab[handled] != nil)

        slab.remove(other)
        let newcomer = slab.insert(try Connection())
        #expect(newcomer.slot == other.slot)
        #expect(loop.nextEvent()?.token == other, "the event is still in the batch")
        #expect(loop.nextEvent() == nil)
        #expect(slab[other] == nil)
        #expect(slab[newcomer] != nil)
    }

    @Test func wakesForTimers() throws {
        var loop = try EventLoop()
        let cancelled = loop.arm(token: Token(slot: 1, generation: 1), at: loop.now + 1)
        let moved = loop.arm(token: Token(slot: 2, generation: 1), at: loop.now + 3_600_000_000_000)
        let kept = loop.arm(token: Token(slot: 3, generation: 1), at: loop.now + 30_000_000)
        #expect(loop.cancel(cancelled) == true)
        #expect(loop.move(moved, to: loop.now + 20_000_000) == true)
        var fired: [UInt32] = []
        var turns = 0
        while fired.count < 2 {
            turns += 1
            try #require(turns < 100)
            #expect(loop.wait(atMostMilliseconds: nil) == 0)
            while let token = loop.nextExpired() { fired.append(token.slot) }
        }
        #expect(fired == [2, 3])
        #expect(loop.move(kept, to: loop.now) == false)
        let empty = loop.nextExpiredTimer()
        #expect(empty == nil)
    }

    @Test func handsOutBusyDescriptorsBatchByBatch() throws {
        let bells = try (0..<EventLoop.batchSize + 10).map { _ in try WakeUp() }
        var loop = try EventLoop()
        for (slot, bell) in bells.enumerated() {
            try loop.add(bell.fd, token: Token(slot: UInt32(slot), generation: 0), interest: .acceptor)
            bell.signal()
        }
        var seen: Set<UInt32> = []
        for _ in 0..<2 {
            let count = loop.wait(atMostMilliseconds: patience)
            #expect(count <= EventLoop.batchSize)
            var taken = 0
            while let slot = loop.nextEvent()?.token.slot {
                taken += 1
                seen.insert(slot)
                bells[Int(slot)].drain()
            }
            #expect(taken == count)
        }
        #expect(seen.count == bells.count)
    }
}
