import Addressing
import Reactor
import Testing

@testable import Server

@Suite struct LongestIdleTests {
    /// Since when connections idle, by endpoint, as they were given back.
    struct Case: CustomTestStringConvertible {
        let name: String
        let endpoints: [[UInt64]]
        var ended: Set<UInt64> = []
        let expected: [UInt64]
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "no endpoint", endpoints: [], expected: []),
        Case(name: "none idle", endpoints: [[], []], expected: []),
        Case(name: "of one endpoint", endpoints: [[1, 4, 9]], expected: [1, 4, 9]),
        Case(name: "of several endpoints", endpoints: [[2, 5], [], [1, 3, 8], [4]], expected: [1, 2, 3, 4, 5, 8]),
        Case(name: "one that is gone", endpoints: [[2, 5], [3]], ended: [2], expected: [3, 5]),
        Case(
            name: "of very many endpoints the first each", endpoints: (0..<2000).map { [$0, 10_000 + $0] }, expected: (0..<2000).map { $0 }),
    ]

    @Test(arguments: cases) func whoWaitedLongestGoesFirst(_ test: Case) {
        let endpoints = test.endpoints.map { times in
            let endpoint = UpstreamEndpoint(.ipv4(address: 0x7F00_0001, port: 80))
            for time in times { _ = endpoint.keepIdle(Token(slot: UInt32(time), generation: 1)) }
            return endpoint
        }
        var order = LongestIdle()
        order.fill(from: endpoints) { token in
            let time = UInt64(token.slot)
            return test.ended.contains(time) ? nil : time
        }
        var times: [UInt64] = []
        while let entry = order.next() {
            #expect(UInt64(entry.token.slot) == entry.since)
            times.append(entry.since)
        }
        #expect(times == test.expected)
    }

    @Test func fillingAgainForgetsWhatWasThere() {
        let endpoint = UpstreamEndpoint(.ipv4(address: 0x7F00_0001, port: 80))
        for slot in 0..<3 { _ = endpoint.keepIdle(Token(slot: UInt32(slot), generation: 1)) }
        var order = LongestIdle()
        order.fill(from: [endpoint]) { UInt64($0.slot) }
        _ = endpoint.takeIdle()
        order.fill(from: [endpoint]) { UInt64($0.slot) }
        #expect([order.next()?.since, order.next()?.since, order.next()?.since] == [0, 1, nil])
    }
}
