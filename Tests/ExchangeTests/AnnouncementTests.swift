import Addressing
@testable import Exchange
import Testing

/// Upstreams that are told by the PROXY protocol who their client is.
@Suite struct AnnouncementTests {
    private static func world(_ version: ProxyHeader.Version = .v1) -> World {
        var world = World()
        world.proxyProtocol = version
        return world
    }

    private static func harness(_ world: World) -> MachineHarness {
        let harness = MachineHarness(world)
        harness.ends = IPAddress(World.peer).map {
            ConnectionEnds(source: $0, sourcePort: 40_000, destination: .v4(0xC633_6402), destinationPort: 80)
        }
        return harness
    }

    private static let line = "PROXY TCP4 192.0.2.1 198.51.100.2 40000 80|"
    private static let answer = "HTTP/1.1 200 OK|Content-Length: 0||"

    @Test(arguments: [Int.max, 1]) func eachRequestHasItsOwnConnection(chunk: Int) {
        let harness = Self.harness(Self.world())
        harness.chunk = chunk
        for number in 0..<2 {
            harness.take(.client("GET /\(number) HTTP/1.1|Host: a.test||"))
            harness.drive()
            #expect(harness.machine.announcesClient)
            harness.take(.upstream(Self.answer))
            harness.drive()
            #expect(text(harness.upstreams[number].received).hasPrefix(Self.line + "GET /\(number) HTTP/1.1|Host: a.test|"))
        }
        #expect(harness.reusable == [false, false] && harness.left == .open && harness.problems == [])
        #expect(harness.summaries.map { Script.End($0) } == [.init(200), .init(200)])
    }

    /// Behind the header another attempt is the request as it was, body and all.
    @Test func eachAttemptBeginsWithIt() {
        let harness = Self.harness(Self.world())
        harness.take(.client("PUT / HTTP/1.1|Host: a.test|Content-Length: 3||abc"))
        harness.drive()
        harness.take(.upstreamCloses)
        harness.drive()
        harness.take(.upstream(Self.answer))
        harness.drive()
        let received = harness.upstreams.map { text($0.received) }
        #expect(received.count == 2 && received[0] == received[1])
        #expect(received[0].hasPrefix(Self.line + "PUT / ") && received[0].hasSuffix("||abc"))
        #expect(harness.summaries.map { Script.End($0) } == [.init(200, attempts: 2, received: 3)])
    }

    @Test func theStandInOfACanaryIsToldOnce() {
        let harness = Self.harness(Self.world())
        harness.take(.client("GET / HTTP/1.1|Host: shield.test|X-Canary: always||"))
        harness.drive()
        harness.take(.upstream("HTTP/1.1 503 No|Content-Length: 0||"))
        harness.drive()
        harness.take(.upstream(Self.answer))
        harness.drive()
        let received = harness.upstreams.map { text($0.received) }
        #expect(received.map { $0.components(of: "PROXY ") } == [1, 1] && received.allSatisfy { $0.hasPrefix(Self.line) })
        #expect(harness.upstreams.map(\.backend) == [World.canary, World.stable])
    }

    @Test(arguments: [
        // Nothing is known of the connection but the peer.
        (false, false, "", "PROXY TCP4 192.0.2.1 0.0.0.0 0 80|"), (true, false, "X-Forwarded-For: 203.0.113.9|", line),
        (true, true, "X-Forwarded-For: 203.0.113.9|", "PROXY TCP4 203.0.113.9 198.51.100.2 0 80|"),
        (true, true, "X-Forwarded-For: 2001:db8::9|", "PROXY TCP6 2001:db8::9 ::ffff:198.51.100.2 0 80|"),
        (false, true, "X-Forwarded-For: 2001:db8::9|", "PROXY TCP6 2001:db8::9 :: 0 80|"),
    ])
    func whoIsNamed(isKnown: Bool, trustsClient: Bool, fields: String, header: String) {
        var world = Self.world()
        world.trustsClient = trustsClient
        let harness = isKnown ? Self.harness(world) : MachineHarness(world)
        harness.take(.client("GET / HTTP/1.1|Host: a.test|\(fields)|"))
        harness.drive()
        #expect(text(harness.upstreams[0].received).hasPrefix(header + "GET /"))
    }

    /// What one client's connection was is not told of the next one that has the machine.
    @Test func nothingIsLeftOfTheLastClient() {
        let harness = Self.harness(Self.world())
        harness.take(.client("GET / HTTP/1.1|Host: a.test||"))
        harness.drive()
        harness.take(.upstream(Self.answer))
        harness.drive()
        harness.ends = nil
        harness.take(.client("GET / HTTP/1.1|Host: a.test||"))
        harness.drive()
        #expect(text(harness.upstreams[1].received).hasPrefix("PROXY TCP4 192.0.2.1 0.0.0.0 0 80|"))
    }

    @Test func inBinary() {
        let harness = Self.harness(Self.world(.v2))
        harness.take(.client("GET / HTTP/1.1|Host: a.test||"))
        harness.drive()
        let received = harness.upstreams[0].received
        guard case .complete(let ends?, 28) = ProxyHeader.parse(received.span) else {
            Issue.record("no header of version 2")
            return
        }
        #expect(ends == harness.ends)
        #expect(text(Array(received.dropFirst(28))).hasPrefix("GET / HTTP/1.1|"))
    }
}

extension String {
    fileprivate func components(of word: String) -> Int {
        var (count, rest) = (0, self[...])
        while let range = rest.firstRange(of: word) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
