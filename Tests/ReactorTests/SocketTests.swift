import Addressing
import Reactor
import Testing

@Suite struct SocketTests {
    @Test func carriesBytesAndTheEnd() throws {
        let pair = try Pair()
        #expect(receive(pair.far).0 == .wouldBlock)
        #expect(pair.near.send(Array("hello".utf8).span) == .bytes(5))
        #expect(receive(pair.far, upTo: 3) == (.bytes(3), Array("hel".utf8)))
        #expect(receive(pair.far) == (.bytes(2), Array("lo".utf8)))
        pair.near.shutdownWrite()
        #expect(receive(pair.far).0 == .endOfStream)
        // Half closed: the other direction still works.
        #expect(pair.far.send(Array("bye".utf8).span) == .bytes(3))
        #expect(receive(pair.near) == (.bytes(3), Array("bye".utf8)))
    }

    @Test(arguments: [("", ""), ("a", ""), ("", "b"), ("ab", "cde")])
    func sendsTwoSpansInOrder(_ first: String, _ second: String) throws {
        let pair = try Pair()
        let result = pair.near.send(Array(first.utf8).span, Array(second.utf8).span)
        #expect(result == .bytes(first.utf8.count + second.utf8.count))
        #expect(receive(pair.far).1 == Array((first + second).utf8))
    }

    @Test func peekingTakesNothing() throws {
        let pair = try Pair()
        var bytes = [UInt8](repeating: 0, count: 8)
        var space = bytes.mutableSpan
        #expect(pair.far.peek(into: &space, atMost: 8) == .wouldBlock)
        #expect(pair.near.send(Array("hello".utf8).span) == .bytes(5))
        #expect(pair.far.peek(into: &space, atMost: 2) == .bytes(2))
        #expect(pair.far.peek(into: &space, atMost: 100) == .bytes(5))
        #expect(pair.far.receive(into: &space, atMost: 2) == .bytes(2))
        #expect(receive(pair.far) == (.bytes(3), Array("llo".utf8)))
        pair.near.shutdownWrite()
        var end = [UInt8](repeating: 0, count: 8)
        var rest = end.mutableSpan
        #expect(pair.far.peek(into: &rest, atMost: 8) == .endOfStream)
        #expect(pair.far.peek(into: &rest, atMost: 0) == .bytes(0))
    }

    @Test func emptySpansAreNoEndOfStream() throws {
        let pair = try Pair()
        #expect(receive(pair.far, upTo: 0).0 == .bytes(0))
        #expect(pair.near.send([UInt8]().span) == .bytes(0))
    }

    /// A full socket takes a part of the two spans, at times of the first only; nothing is lost or doubled.
    @Test(arguments: [(1, 700_000), (700_000, 1), (70_000, 900_000), (1_000_000, 1_000_000)])
    func partialSendsLoseNothing(_ first: Int, _ second: Int) throws {
        let pair = try Pair()
        let whole = (0..<first + second).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        var sent = 0
        var received: [UInt8] = []
        var blocked = false
        var loop = try EventLoop()
        try loop.add(pair.far.fd, token: Token(slot: 0, generation: 1), interest: .acceptor)
        while received.count < whole.count {
            while sent < whole.count {
                let firstPart = Array(whole[min(sent, first)..<first])
                let secondPart = Array(whole[max(sent, first)...])
                guard case .bytes(let count) = pair.near.send(firstPart.span, secondPart.span) else {
                    blocked = true
                    break
                }
                try #require(count > 0)
                sent += count
            }
            try #require(loop.wait(atMostMilliseconds: patience) == 1)
            received += receive(pair.far, upTo: 65_536).1
        }
        #expect(received == whole)
        #expect(blocked)
    }

    @Test func writingToAClosedSocketIsAnErrorAndNoSignal() throws {
        let pair = try Pair()
        let far = Socket(adopting: pair.far.release())
        far.close()
        #expect(pair.near.send(Array("x".utf8).span) == .failed(.EPIPE))
    }

    @Test func abortResetsTheConnection() throws {
        let listener = try Listener.bind(anyPort)
        let connection = try Connection(to: listener)
        let client = Socket(adopting: connection.client.release())
        client.abort()
        var loop = try EventLoop()
        try loop.add(connection.server.fd, token: Token(slot: 0, generation: 1), interest: .acceptor)
        try #require(loop.wait(atMostMilliseconds: patience) == 1)
        #expect(receive(connection.server).0 == .failed(.ECONNRESET))
    }

    @Test func closingEndsTheStream() throws {
        let listener = try Listener.bind(anyPort)
        let connection = try Connection(to: listener)
        let server = Socket(adopting: connection.server.release())
        server.close()
        var loop = try EventLoop()
        try loop.add(connection.client.fd, token: Token(slot: 0, generation: 1), interest: .acceptor)
        try #require(loop.wait(atMostMilliseconds: patience) == 1)
        #expect(receive(connection.client).0 == .endOfStream)
    }

    @Test func aRefusedConnectionSaysSo() throws {
        let address: SocketAddress
        do {
            // A port that was free a moment ago.
            let listener = try Listener.bind(anyPort)
            address = listener.localAddress
        }
        #expect(throws: Errno.ECONNREFUSED) { _ = try connected(to: address) }
    }

    @Test(arguments: [
        (SocketAddress.unix(path: "/tmp/reactor-tests-no-such-socket"), Errno.ENOENT),
        (.unix(path: "/" + String(repeating: "a", count: 200)), .ENAMETOOLONG),
        (.ipv4(address: .max, port: 1), .ENETUNREACH),
    ])
    func refusedOnTheSpot(_ address: SocketAddress, _ error: Errno) {
        #expect(throws: error) { _ = try Socket.connect(to: address) }
    }

    @Test func knowsBothItsEnds() throws {
        let listener = try Listener.bind(anyPort)
        let connection = try Connection(to: listener)
        #expect(connection.client.peerAddress == listener.localAddress)
        #expect(connection.server.localAddress == listener.localAddress)
        #expect(connection.client.localAddress == connection.clientAddress)
        #expect(connection.server.peerAddress == connection.clientAddress)
        #expect(connection.client.connectError() == nil)
    }
}
