import Addressing
import Exchange
@testable import Server
import Reactor
import Testing

@Suite struct UpstreamEndpointTests {
    private static let begin = Instant(nanoseconds: 5)

    private func endpoint() -> UpstreamEndpoint { UpstreamEndpoint(.ipv4(address: 0x7F00_0001, port: 80)) }

    /// Skips in seconds after each refusal in a row.
    @Test func isSkippedForTenSecondsDoublingToSixty() {
        let endpoint = endpoint()
        #expect(!endpoint.isSkipped(at: Self.begin))
        var now = Self.begin
        for seconds in [10, 20, 40, 60, 60, 60] + Array(repeating: 60, count: 300) {
            endpoint.connectFailed(now: now)
            #expect(endpoint.skippedUntil == now + .seconds(seconds))
            #expect(endpoint.isSkipped(at: now))
            now = endpoint.skippedUntil
            #expect(!endpoint.isSkipped(at: now), "from that moment on it is asked again")
        }
    }

    @Test func failuresWithinOneSkipAreOne() {
        let endpoint = endpoint()
        for nanoseconds in 0..<10 { endpoint.connectFailed(now: Self.begin + TimeSpan(nanoseconds: UInt64(nanoseconds))) }
        #expect(endpoint.skippedUntil == Self.begin + .seconds(10))
        endpoint.connectFailed(now: endpoint.skippedUntil)
        #expect(endpoint.skippedUntil == Self.begin + .seconds(30))
    }

    @Test func aSuccessForgivesEverything() {
        let endpoint = endpoint()
        for seconds in [0, 10, 30, 70] { endpoint.connectFailed(now: Self.begin + .seconds(seconds)) }
        endpoint.connectSucceeded()
        #expect(!endpoint.isSkipped(at: Self.begin))
        endpoint.connectFailed(now: Self.begin)
        #expect(endpoint.skippedUntil == Self.begin + .seconds(10))
    }

    @Test func theConnectionUsedLastIsUsedNext() {
        let endpoint = endpoint()
        let tokens = (0..<3).map { Token(slot: $0, generation: 1) }
        for token in tokens { #expect(endpoint.keepIdle(token)) }
        endpoint.forget(tokens[1])
        endpoint.forget(Token(slot: 9, generation: 9))
        #expect([endpoint.takeIdle(), endpoint.takeIdle(), endpoint.takeIdle()] == [tokens[2], tokens[0], nil])
    }

    @Test func idleConnectionsAreBounded() {
        let endpoint = endpoint()
        for slot in 0..<UpstreamEndpoint.maximumIdle { #expect(endpoint.keepIdle(Token(slot: UInt32(slot), generation: 0))) }
        #expect(!endpoint.keepIdle(Token(slot: 1, generation: 7)))
        _ = endpoint.takeIdle()
        #expect(endpoint.keepIdle(Token(slot: 1, generation: 7)))
    }
}
