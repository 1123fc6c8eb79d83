@testable import Exchange
import HTTP1
import Routing
import TestSupport

/// A client's connection and the upstreams behind it, played by chance: every read and write has a random size, anything may
/// fail, close, stall or come early, and time passes in between. The same seed always plays the same.
final class Simulation {
    static let maximumSteps = 3000

    let harness: MachineHarness
    let requests: [SimulatedRequest]
    let retry: RetryRule
    let compresses: Bool
    /// By connection.
    private(set) var origins: [SimulatedOrigin] = []
    private(set) var problems: [String] = []

    /// Half of all runs go by the usual rule.
    private static let retries: [RetryRule] = Array(repeating: .standard, count: 6) + [
        RetryRule([]), RetryRule([.error], tries: 1), RetryRule([.error, .timeout, .http500, .http404], tries: 4),
        RetryRule([.http500, .invalidHeader], tries: 2), RetryRule([.error, .nonIdempotent, .http500], tries: 8),
        RetryRule([.timeout, .invalidHeader, .http404]),
    ]

    private var world: World
    private var chance: SeededGenerator
    private let outbox: [UInt8]
    /// Where in the outbox each request ends.
    private let ends: [Int]
    private var sent = 0
    private(set) var spoken = 0
    private let isPipelined: Bool
    /// The largest of the small pieces that bytes move in.
    private let grain: Int
    /// So short in all that every request can be sent again from its beginning.
    var isBrief: Bool { outbox.count < (wasShortOfMemory ? 1000 : 16_000) }
    private var wasShortOfMemory = false
    /// How likely something unfriendly is: once in so many steps.
    private let patience: Int

    init(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        var world = World()
        world.bodyLimit = chance.pick([1 << 20, 1 << 20, 0, 1500])
        world.http10KeepAlive = chance.oneIn(3)
        if chance.oneIn(4) { world.requestDeadline = .seconds(90) }
        retry = chance.pick(Self.retries)
        world.retry = retry
        compresses = chance.oneIn(2)
        if compresses { world.gzip = GzipPolicy.Rule(minimumLength: 100, types: MediaTypes(["text/*"])) }
        self.world = world
        harness = MachineHarness(world)
        let count = 1 + chance.upTo(6)
        requests = (0..<count).map { SimulatedRequest(id: $0, isLast: $0 == count - 1, &chance) }
        outbox = requests.flatMap(\.bytes)
        var end = 0
        ends = requests.map { request in
            end += request.bytes.count
            return end
        }
        isPipelined = chance.oneIn(2)
        let isShort = outbox.count < 6000
        grain = chance.pick(isShort ? [3, 40, 700] : [700, 5000, 70_000])
        patience = chance.pick([30, 150, 1_000_000])
        self.chance = chance
    }

    func run() {
        var steps = 0
        while harness.isOpen, steps < Self.maximumSteps, !isDone {
            step()
            steps += 1
        }
        settle()
        problems += harness.problems
    }

    private var isDone: Bool { harness.summaries.count == requests.count && sent == outbox.count && !harness.isAttached }

    // MARK: Steps

    private func step() {
        harness.chunk = chance.oneIn(4) ? .max : 1 + chance.upTo(grain)
        harness.isBlocked = chance.oneIn(5)
        switch chance.upTo(12) {
        case 0, 1: clientSends(harness.chunk)
        case 2, 3: _ = harness.readClient()
        case 4, 5: _ = harness.writeUpstream()
        case 6, 7: originActs(harness.chunk)
        case 8: _ = harness.readUpstream()
        case 9, 10: _ = harness.writeClient()
        case 11: harness.readBoth()
        default: happens()
        }
        if chance.oneIn(3) { harness.rest() }
        meetOrigins()
    }

    /// Anything beside bytes moving.
    private func happens() {
        harness.connects = (0..<3).map { _ in
            chance.oneIn(3) ? chance.pick([.reused, .reused, .refused, .pending, .queued, .noEndpoint, .overloaded]) : .fresh
        }
        harness.finishConnect(chance.pick([.fresh, .fresh, .refused]))
        harness.wait(.milliseconds(chance.upTo(20)))
        guard chance.oneIn(max(1, patience / 12)) else { return }
        switch chance.upTo(9) {
        case 0: harness.clientFails()
        case 1: if harness.clientWire.end == nil { harness.clientWire.end = chance.pick([.closed, .failed]) }
        case 2: harness.upstreamStopsReading(reset: harness.current.map { harness.upstreams[$0].wire.end == .failed } ?? false)
        case 3: harness.context.isDraining = true
        case 4: reload()
        case 5: if chance.oneIn(4) { harness.cut() }
        case 6: harness.wait(.seconds(chance.pick([1, 5, 30, 60])))
        case 7 where chance.oneIn(2):
            harness.context.pool.limit = chance.pick([0, 0, 100_000, .max])
            wasShortOfMemory = true
        default: passDeadline()
        }
    }

    private func reload() {
        world.generation += 1
        harness.snapshot = world.snapshot()
    }

    private func passDeadline() {
        guard harness.isOpen, harness.isAttached, harness.machine.deadline != .distantFuture else { return }
        harness.wait(harness.machine.deadline.since(harness.now))
    }

    // MARK: Parts

    private func clientSends(_ limit: Int) {
        guard harness.clientWire.end == nil else { return }
        let most = isPipelined ? outbox.count : ends[min(harness.summaries.count, ends.count - 1)]
        let count = min(limit, most - sent)
        guard count > 0 else { return clientSpeaks(limit) }
        harness.clientWire.put(Array(outbox[sent..<sent + count]))
        sent += count
    }

    /// Through the tunnel that its last request has become.
    private func clientSpeaks(_ limit: Int) {
        guard harness.isOpen, harness.machine.phase == .tunnelling, let tunnel = requests.last?.tunnel else { return }
        let count = min(limit, tunnel.count - spoken)
        harness.clientWire.put(Array(tunnel[spoken..<spoken + count]))
        spoken += count
    }

    private func meetOrigins() {
        while origins.count < harness.upstreams.count {
            let index = min(harness.upstreams[origins.count].request, requests.count - 1)
            origins.append(SimulatedOrigin(requests[index], connection: origins.count, &chance))
        }
    }

    private func originActs(_ limit: Int) {
        guard let current = harness.current, current < origins.count else { return }
        _ = origins[current].act(on: &harness.upstreams[current], atMost: limit)
    }

    // MARK: End

    /// From here on everyone is quick and friendly, and what stalls times out; in the end the client goes.
    private func settle() {
        harness.chunk = .max
        harness.isBlocked = false
        harness.connects = []
        var rounds = 0
        while harness.isOpen {
            let before = (sent, harness.summaries.count)
            clientSends(.max)
            harness.finishConnect(.fresh)
            harness.drive()
            meetOrigins()
            originActs(.max)
            originActs(.max)
            harness.drive()
            if harness.isOpen, before == (sent, harness.summaries.count) {
                if harness.isAttached { passDeadline() } else { harness.clientWire.end = .closed }
            }
            rounds += 1
            guard rounds < 200 else {
                problems.append("the connection comes to an end")
                return
            }
        }
    }
}
