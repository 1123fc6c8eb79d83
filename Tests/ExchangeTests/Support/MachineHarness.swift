import Addressing
@testable import Exchange
import HTTP1
import Routing

/// Plays the worker to one client's connection: moves bytes between the machine and wires in memory, does what the machine
/// asks, and writes down what became of everything.
final class MachineHarness {
    /// How a connection that the machine asks for is made.
    enum Connect: Sendable {
        case fresh, reused, refused, noEndpoint, overloaded
        /// Nothing happens until `finishConnect`, or ever.
        case pending
        /// There is none free; and then there is one, or will be once it is made.
        case queued, turn
    }

    /// One connection to an upstream, as the upstream sees it.
    struct Upstream {
        enum State: Equatable { case connecting, open, released(reusable: Bool) }

        let backend: Int
        /// Of the backend.
        let name: String
        let isReused: Bool
        var state: State
        /// What it has sent.
        var wire = Wire()
        /// What it got.
        var received: [UInt8] = []
        var isWriteShut = false
        /// A write has failed.
        var hasStoppedReading = false
        /// The request it was asked for, counted from 0.
        let request: Int
        /// The machine found it fit for another request.
        var isSaidReusable = false
        var bytesRead = 0
    }

    let context: ExchangeContext
    var snapshot: Snapshot
    var client: ClientIdentity
    var ends: ConnectionEnds?
    /// What the client has shown in its handshake; nil: it was not asked.
    var presented: ClientCertificate?
    let machine: ExchangeMachine
    var now = Instant(nanoseconds: 1_000_000_000)

    /// What the client has sent, and what it got.
    var clientWire = Wire()
    var toClient: [UInt8] = []
    var isClientWriteShut = false
    /// All connections to upstreams, in the order in which they were asked for.
    var upstreams: [Upstream] = []
    /// The one that the machine has.
    private(set) var current: Int?
    /// The answers to the next connects; fresh connections afterwards.
    var connects: [Connect] = []
    /// Of each connect, whether a fresh connection was demanded.
    private(set) var demands: [Bool] = []
    private(set) var summaries: [Summary] = []
    /// The request lines as the access log would show them, one for each summary.
    private(set) var requestLines: [String] = []
    /// How the client's connection ended; nil while it is open.
    private(set) var ending: Disposition?

    /// Most bytes of one read or write.
    var chunk = Int.max
    /// Every read finds its socket empty and every write finds it full (EAGAIN), whatever readiness said before.
    var isBlocked = false
    /// Bytes that each side still takes before it stops reading.
    var clientTakes = Int.max
    var upstreamTakes = Int.max
    /// The most bytes that the machine's buffers held at any time.
    private(set) var mostBuffered = 0

    /// Rules that the machine broke.
    private(set) var problems: [String] = []

    private(set) var isAttached = false

    /// - Parameter context: shared with other connections of a worker.
    init(_ world: World = World(), _ context: ExchangeContext? = nil) {
        self.context = context ?? world.context()
        snapshot = world.snapshot()
        client = world.client
        machine = ExchangeMachine(context: self.context, snapshot: snapshot, client: client, now: now)
    }

    var isOpen: Bool { ending == nil }

    func check(_ holds: Bool, _ rule: @autoclosure () -> String) {
        if !holds { problems.append(rule()) }
    }

    // MARK: One movement each; they return whether anything moved

    func readClient() -> Bool {
        guard isOpen, clientWire.count > 0 || clientWire.end != nil else { return false }
        attach()
        guard machine.wantsBytes(from: .client) else { return false }
        guard !isBlocked else { return readNothing(from: .client) }
        var count = 0
        if clientWire.count > 0 {
            _ = machine.receive(from: .client, now: now) { space in
                count = clientWire.read(into: &space, atMost: chunk)
                return count
            }
            machine.digest(now: now)
            // The worker would take this for an empty socket and never read again.
            check(count > 0, "a side whose bytes are wanted has room for them")
        } else if clientWire.end == .closed {
            machine.clientClosed(now: now)
        } else {
            machine.clientFailed(now: now)
        }
        act()
        return true
    }

    func readUpstream() -> Bool {
        guard isOpen, let current, upstreams[current].state == .open, machine.wantsBytes(from: .upstream) else { return false }
        guard !isBlocked else { return readNothing(from: .upstream) }
        var count = 0
        if upstreams[current].wire.count > 0 {
            _ = machine.receive(from: .upstream, now: now) { space in
                count = upstreams[current].wire.read(into: &space, atMost: chunk)
                upstreams[current].bytesRead += count
                return count
            }
            machine.digest(now: now)
            check(count > 0, "a side whose bytes are wanted has room for them")
        } else if let end = upstreams[current].wire.end {
            machine.upstreamClosed(reset: end == .failed, now: now)
            upstreams[current].wire.end = nil
        } else {
            return false
        }
        act()
        return true
    }

    func writeClient() -> Bool {
        guard isOpen, isAttached, machine.hasOutput(for: .client) else { return false }
        guard !isBlocked else { return writeNothing(to: .client) }
        let limit = min(chunk, clientTakes)
        guard limit > 0 else { return false }
        let sent = machine.transmit(to: .client, now: now) { first, second in
            let count = toClient.append(first, atMost: limit)
            return count + toClient.append(second, atMost: limit - count)
        }
        check(sent > 0, "output that is announced is there")
        if clientTakes != .max { clientTakes -= sent }
        act()
        return true
    }

    func writeUpstream() -> Bool {
        guard isOpen, let current, upstreams[current].state == .open, machine.hasOutput(for: .upstream) else { return false }
        guard !isBlocked else { return writeNothing(to: .upstream) }
        let limit = min(chunk, upstreamTakes)
        guard limit > 0 else { return false }
        let sent = machine.transmit(to: .upstream, now: now) { first, second in
            let count = upstreams[current].received.append(first, atMost: limit)
            return count + upstreams[current].received.append(second, atMost: limit - count)
        }
        check(sent > 0, "output that is announced is there")
        if upstreamTakes != .max { upstreamTakes -= sent }
        act()
        return true
    }

    /// What both sides have sent is read before any of it is acted on, as the worker does after a batch of events.
    func readBoth() {
        guard isOpen, isAttached, !isBlocked, let current, upstreams[current].state == .open else { return }
        guard clientWire.count > 0, machine.wantsBytes(from: .client) else { return }
        guard upstreams[current].wire.count > 0, machine.wantsBytes(from: .upstream) else { return }
        _ = machine.receive(from: .client, now: now) { space in clientWire.read(into: &space, atMost: chunk) }
        _ = machine.receive(from: .upstream, now: now) { space in
            let count = upstreams[current].wire.read(into: &space, atMost: chunk)
            upstreams[current].bytesRead += count
            return count
        }
        machine.digest(now: now)
        act()
    }

    private func readNothing(from side: Side) -> Bool {
        check(!machine.receive(from: side, now: now) { _ in 0 }, "nothing was read")
        machine.digest(now: now)
        act()
        return false
    }

    private func writeNothing(to side: Side) -> Bool {
        check(machine.transmit(to: side, now: now) { _, _ in 0 } == 0, "nothing was written")
        check(machine.hasOutput(for: side), "what was not written still waits")
        act()
        return false
    }

    /// As the worker's loop: until nothing moves.
    func drive() {
        var steps = 0
        act()
        while isOpen {
            var moved = readClient()
            moved = writeUpstream() || moved
            moved = readUpstream() || moved
            moved = writeClient() || moved
            guard moved || flush() else { break }
            steps += 1
            guard steps < 1_000_000 else { return check(false, "the machine comes to rest") }
        }
        rest()
    }

    /// Nothing moves: what compression keeps back goes out, as the worker has it. Returns whether to go on.
    private func flush() -> Bool {
        guard isOpen, isAttached, machine.isCompressing else { return false }
        let flush = machine.flush(now: now)
        act()
        return flush != .idle
    }

    /// Gives the machine back while no request is under way, as the worker does.
    func rest() {
        guard isOpen, isAttached, machine.isIdle else { return }
        machine.retire()
        isAttached = false
    }

    private func attach() {
        guard !isAttached else { return }
        isAttached = true
        machine.use(snapshot)
        machine.begin(client: client, now: now)
        machine.ends = ends
        machine.present(presented)
    }

    // MARK: Events

    func wait(_ span: TimeSpan) {
        now = now + span
        guard isOpen, isAttached else { return }
        machine.timedOut(now: now)
        act()
        check(!isOpen || machine.deadline > now, "a deadline that was seen to lies behind: \(machine.phase)")
    }

    func finishConnect(_ connect: Connect) {
        guard let current, upstreams[current].state == .connecting else { return }
        complete(connect, current)
        act()
    }

    /// - Parameter reset: the write tells of a reset, and no read does any more.
    func upstreamStopsReading(reset: Bool = false) {
        guard isOpen, let current else { return }
        upstreams[current].hasStoppedReading = true
        if reset { upstreams[current].wire.end = .closed }
        machine.upstreamStoppedReading(reset: reset, now: now)
        act()
    }

    func clientFails() {
        guard isOpen, isAttached else { return }
        machine.clientFailed(now: now)
        act()
    }

    func cut() {
        guard isOpen, isAttached else { return }
        machine.cut(now: now)
        act()
    }

    // MARK: Actions

    func act() {
        guard isAttached else { return }
        note()
        while isOpen, let action = machine.nextAction() {
            switch action {
            case .connect(let backend, let fresh): connect(backend, fresh)
            case .releaseUpstream(let reusable): release(reusable)
            case .shutdownWrite(.client): isClientWriteShut = true
            case .shutdownWrite(.upstream): if let current { upstreams[current].isWriteShut = true }
            case .finish:
                summaries.append(machine.summary)
                requestLines.append(machine.withRequestLine { line in
                    var copy: [UInt8] = []
                    _ = copy.append(line, atMost: .max)
                    return text(copy)
                })
                conclude()
            }
            machine.checkInvariants()
        }
        if isOpen, machine.phase == .finished {
            check(!machine.parser.hasStarted, "a request that has begun ends in a summary")
            conclude()
        }
        machine.checkInvariants()
        note()
    }

    private func note() {
        let request = machine.request.input.count + machine.request.output.count
        mostBuffered = max(mostBuffered, request + machine.response.input.count + machine.response.output.count)
    }

    private func connect(_ backend: Int, _ fresh: Bool) {
        check(current == nil, "one upstream at a time")
        demands.append(fresh)
        let how = connects.isEmpty ? .fresh : connects.removeFirst()
        let name = machine.snapshot.backends[backend].name
        upstreams.append(Upstream(backend: backend, name: name, isReused: how == .reused, state: .connecting, request: summaries.count))
        current = upstreams.count - 1
        complete(how, upstreams.count - 1)
    }

    private func complete(_ how: Connect, _ index: Int) {
        switch how {
        case .pending:
            return
        case .queued:
            machine.queued(now: now)
        case .turn:
            machine.turnCame(now: now)
        case .fresh, .reused:
            upstreams[index].state = .open
            machine.connected(reused: how == .reused, now: now)
        case .refused, .noEndpoint, .overloaded:
            upstreams[index].state = .released(reusable: false)
            current = nil
            switch how {
            case .noEndpoint: machine.noEndpoint(now: now)
            case .overloaded: machine.overloaded(now: now)
            default: machine.connectFailed(now: now)
            }
        }
    }

    private func release(_ reusable: Bool) {
        guard let current else { return }
        upstreams[current].isSaidReusable = reusable
        // As the worker does, which looks into the socket once more.
        let isQuiet = upstreams[current].wire.count == 0 && upstreams[current].wire.end == nil
        upstreams[current].state = .released(reusable: reusable && isQuiet)
        self.current = nil
    }

    /// As the worker does.
    private func sayTooMany(_ omitsBody: Bool) {
        toClient += wire(own("503 Service Unavailable", extra: "Retry-After: 1|", body: false))
        if !omitsBody { toClient += Array("503 Service Unavailable\n".utf8) }
    }

    private func conclude() {
        check(current == nil, "a finished request has given its upstream back")
        switch machine.disposition {
        case .keepAlive:
            machine.use(snapshot)
            machine.beginNext(now: now)
        case .close, .refuse, .abort:
            if case .refuse(let omitsBody) = machine.disposition { sayTooMany(omitsBody) }
            ending = machine.disposition
            machine.retire()
            isAttached = false
        }
    }
}
