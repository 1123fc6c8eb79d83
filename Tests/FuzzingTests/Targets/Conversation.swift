import Addressing
import Exchange
import HTTP1
import Routing
import TestSupport

/// One client's connection and its upstreams, played with the bytes of an input.
///
/// Calm: everybody speaks in turn and nothing fails. Then the pieces in which bytes arrive must not matter to what the upstreams
/// are asked. Wild: any order, any size, failures, closes and time passing. Either way the machine keeps its own rules, and what
/// it sends is read by `StrictMessage`.
final class Conversation {
    private let machine: ExchangeMachine
    private let context: ExchangeContext
    private let snapshot: Snapshot
    private let client = ClientIdentity(peer: IPAddress("192.0.2.1"), localPort: 80)
    private var chance: SeededGenerator
    private let isCalm: Bool
    private let grain: Int

    private var fromClient: ArraySlice<UInt8>
    private let answers: [[UInt8]]
    private var fromUpstream: ArraySlice<UInt8> = []
    private(set) var toClient: [UInt8] = []
    /// By connection.
    private(set) var toUpstreams: [[UInt8]] = []
    /// Of each request that ended: whether its method was HEAD, and whether the client got an answer.
    private var ended: [(isHEAD: Bool, isAnswered: Bool)] = []

    private enum Connection { case none, connecting, open, closed }
    private var upstream = Connection.none
    private var isOpen = true
    private var wasCut = false
    private var hasSwitched = false
    private var clientIsGone = false
    private var attempts = 0
    private var now = Instant(nanoseconds: 1_000_000_000)

    static func problem(with input: [UInt8]) -> String? {
        let chance = SeededGenerator(of: input)
        let wild = Conversation(input, chance, isCalm: false, grain: 60)
        if let problem = wild.play() { return "wild: \(problem)" }
        let whole = Conversation(input, chance, isCalm: true, grain: .max)
        let pieces = Conversation(input, chance, isCalm: true, grain: 1 + Int(input.first ?? 0) % 9)
        if let problem = whole.play() ?? pieces.play() { return "calm: \(problem)" }
        let (one, other) = (whole.requests, pieces.requests)
        return one == other ? nil : "the pieces matter: \(one) or \(other)"
    }

    private init(_ input: [UInt8], _ chance: SeededGenerator, isCalm: Bool, grain: Int) {
        let parts = input.lines(splitAt: "====")
        fromClient = parts[0][...]
        answers = parts.count > 1 ? parts[1].lines(splitAt: "----") : [Array("HTTP/1.1 204 No Content\r\n\r\n".utf8)]
        self.chance = chance
        self.isCalm = isCalm
        self.grain = grain
        snapshot = Worlds.of(input)
        context = ExchangeContext(
            pool: BufferPool(), rolls: RollSource(names: ["shop/next"], random: { 0 }),
            date: HTTPDate(secondsSinceEpoch: 784_111_777), seed: (1, 2))
        machine = ExchangeMachine(context: context, snapshot: snapshot, client: client, now: now)
        machine.begin(client: client, now: now)
    }

    // MARK: Playing

    /// A calm one moves a byte in each step at least: some 250 000 if half of the longest input answers each request in its other half.
    private static let mostSteps = 500_000

    private func play() -> String? {
        var steps = 0
        if isCalm {
            // The upstream speaks once there is nothing more to tell it, as in most conversations.
            while isOpen, steps < Self.mostSteps {
                steps += 1
                if readClient() || writeUpstream() { continue }
                if readUpstream() || writeClient() { continue }
                break
            }
        } else {
            while isOpen, steps < 2000 {
                steps += 1
                step()
            }
            // Whatever hangs runs into its deadline.
            while isOpen, steps < Self.mostSteps, machine.hasBegun || machine.hasOutput {
                steps += 1
                if readClient() || writeUpstream() || readUpstream() || writeClient() { continue }
                guard machine.deadline != .distantFuture else { return "no deadline while \(machine.phase)" }
                wait(machine.deadline.since(now))
            }
        }
        guard steps < Self.mostSteps else { return "no end while \(machine.phase)" }
        return problem
    }

    private func step() {
        switch chance.below(isOpen ? 24 : 1) {
        case 0...4: _ = readClient()
        case 5...9: _ = writeUpstream()
        case 10...14: _ = readUpstream()
        case 15...19: _ = writeClient()
        default: if chance.oneIn(12) { happens() } else { wait(.milliseconds(chance.below(20))) }
        }
    }

    private func happens() {
        switch chance.below(8) {
        case 0 where fromClient.isEmpty && !clientIsGone:
            clientIsGone = true
            machine.clientClosed(now: now)
        case 1 where chance.oneIn(4): machine.clientFailed(now: now)
        case 2 where upstream == .open:
            upstream = .closed
            machine.upstreamClosed(reset: chance.oneIn(2), now: now)
        case 3 where upstream == .open: machine.upstreamStoppedReading(reset: chance.oneIn(2), now: now)
        case 4 where upstream == .connecting: answerConnect()
        case 5 where chance.oneIn(3): context.isDraining = true
        case 6 where chance.oneIn(8): machine.cut(now: now)
        case 7 where chance.oneIn(2): context.pool.limit = chance.oneIn(2) ? 0 : .max
        default: if machine.deadline != .distantFuture { wait(machine.deadline.since(now)) }
        }
        act()
    }

    private func wait(_ span: TimeSpan) {
        guard isOpen else { return }
        now = now + span
        machine.timedOut(now: now)
        act()
    }

    // MARK: Bytes

    private var count: Int { grain == .max ? .max : 1 + chance.below(grain) }

    private func readClient() -> Bool {
        guard isOpen, !fromClient.isEmpty, !clientIsGone, machine.wantsBytes(from: .client) else { return false }
        fromClient = receive(from: .client, fromClient)
        digest()
        return true
    }

    private func readUpstream() -> Bool {
        guard isOpen, upstream == .open, machine.wantsBytes(from: .upstream) else { return false }
        if fromUpstream.isEmpty {
            upstream = .closed
            machine.upstreamClosed(reset: false, now: now)
            act()
        } else {
            fromUpstream = receive(from: .upstream, fromUpstream)
            digest()
        }
        return true
    }

    private func receive(from side: Side, _ source: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let limit = count
        var taken = 0
        _ = machine.receive(from: side, now: now) { space in
            taken = min(limit, source.count, space.count)
            for index in 0..<taken { space[index] = source[source.startIndex + index] }
            return taken
        }
        return source.dropFirst(taken)
    }

    private func digest() {
        machine.digest(now: now)
        act()
    }

    private func writeClient() -> Bool {
        guard isOpen, machine.hasOutput(for: .client) else { return false }
        let limit = count
        _ = machine.transmit(to: .client, now: now) { toClient.append($0, $1, atMost: limit) }
        act()
        return true
    }

    private func writeUpstream() -> Bool {
        guard isOpen, upstream == .open || upstream == .closed, machine.hasOutput(for: .upstream) else { return false }
        let limit = count
        let last = toUpstreams.count - 1
        _ = machine.transmit(to: .upstream, now: now) { toUpstreams[last].append($0, $1, atMost: limit) }
        act()
        return true
    }

    // MARK: Actions

    private func act() {
        while isOpen, let action = machine.nextAction() {
            switch action {
            case .connect:
                attempts += 1
                upstream = .connecting
                answerConnect()
            case .releaseUpstream: upstream = .none
            case .shutdownWrite: break
            case .finish: finish()
            }
            machine.checkInvariants()
        }
        // A connection on which nothing had begun ends without a summary.
        if isOpen, machine.phase == .finished { conclude() }
        machine.checkInvariants()
    }

    private func answerConnect() {
        let outcome = isCalm ? 0 : chance.below(12)
        switch outcome {
        case 0...7:
            fromUpstream = answers[min(toUpstreams.count, answers.count - 1)][...]
            toUpstreams.append([])
            upstream = .open
            // Only a route with session affinity says it to its clients.
            machine.assign(SessionKey(high: 1, low: 2))
            machine.connected(reused: !isCalm && chance.oneIn(2), now: now)
        case 8: break
        case 9:
            upstream = .none
            machine.noEndpoint(now: now)
        case 10:
            upstream = .none
            machine.overloaded(now: now)
        default:
            upstream = .none
            machine.connectFailed(now: now)
        }
    }

    private func finish() {
        let isHEAD = machine.withRequestLine { line in
            line.count > 5 && [72, 69, 65, 68, 32].enumerated().allSatisfy { line[$0.offset] == UInt8($0.element) }
        }
        ended.append((isHEAD, machine.summary.isAnswered))
        hasSwitched = hasSwitched || machine.summary.status == 101
        conclude()
    }

    private func conclude() {
        switch machine.disposition {
        case .keepAlive:
            machine.beginNext(now: now)
        case .close, .refuse, .abort:
            if case .refuse(let omitsBody) = machine.disposition { toClient += Self.tooMany(omitsBody: omitsBody) }
            if case .abort = machine.disposition { wasCut = true }
            isOpen = false
            machine.retire()
        }
    }

    /// What the worker says to those who are refused.
    private static func tooMany(omitsBody: Bool) -> [UInt8] {
        Array("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\nConnection: close\r\n\r\n\(omitsBody ? "" : "503\n")".utf8)
    }

    // MARK: Rules

    private var problem: String? {
        for bytes in toUpstreams {
            if let problem = Self.problem(inRequestOf: bytes) { return problem }
        }
        guard toUpstreams.count <= attempts else { return "\(toUpstreams.count) connections for \(attempts)" }
        return problemWithAnswers
    }

    private static func problem(inRequestOf bytes: [UInt8]) -> String? {
        switch StrictMessage.head(bytes[...]) {
        case .incomplete: return nil
        case .wrong(let what): return "to the upstream: \(what)"
        case .whole(let head):
            // A tunnel's bytes are nobody's messages.
            guard head.values("upgrade").isEmpty else { return nil }
            switch StrictMessage.requestBody(head) {
            case .incomplete: return nil
            case .wrong(let what): return "to the upstream: \(what)"
            case .whole(let kind):
                switch StrictMessage.body(bytes[head.length...], kind) {
                case .incomplete: return nil
                case .wrong(let what): return "to the upstream: \(what)"
                case .whole(let (_, length)):
                    return head.length + length == bytes.count ? nil : "more than one request to one upstream"
                }
            }
        }
    }

    private var problemWithAnswers: String? {
        guard !hasSwitched else { return nil }
        var rest = toClient[...]
        var finals = 0
        while !rest.isEmpty {
            let toHEAD = finals < ended.count && ended[finals].isHEAD
            guard case .whole(let head) = StrictMessage.head(rest) else {
                if case .wrong(let what) = StrictMessage.head(rest) { return "to the client: \(what)" }
                break
            }
            switch StrictMessage.responseBody(head, toHEAD: toHEAD) {
            case .incomplete: return nil
            case .wrong(let what): return "to the client: \(what)"
            case .whole(let (status, kind)):
                rest = rest.dropFirst(head.length)
                if status == 101 { return nil }
                guard status >= 200 else { continue }
                finals += 1
                // While it is under way nobody knows whether it answers HEAD.
                guard finals <= ended.count else { return nil }
                switch StrictMessage.body(rest, kind) {
                case .incomplete: rest = []
                case .wrong(let what): return "to the client: \(what)"
                case .whole(let (_, length)): rest = rest.dropFirst(length)
                }
            }
        }
        return finals <= ended.count ? nil : "\(finals) answers to \(ended.count) requests"
    }

    /// What the upstreams were asked as a whole: start line, fields and content. One that breaks off may do so at any byte.
    private var requests: [[String]] {
        toUpstreams.compactMap { bytes in
            guard case .whole(let head) = StrictMessage.head(bytes[...]), case .whole(let kind) = StrictMessage.requestBody(head),
                  case .whole(let (content, _)) = StrictMessage.body(bytes[head.length...], kind) else { return nil }
            let fields = head.fields.map { StrictMessage.text($0.name + [58] + $0.value) }
            return [StrictMessage.text(head.startLine)] + fields + [StrictMessage.text(content)]
        }
    }
}

extension [UInt8] {
    /// The parts between lines that consist of `separator`; at least one.
    fileprivate func lines(splitAt separator: String) -> [[UInt8]] {
        var parts: [[UInt8]] = [[]]
        for line in split(separator: 10, omittingEmptySubsequences: false) {
            if line.elementsEqual(separator.utf8) {
                // The line end before the separator belongs to it.
                if parts[parts.count - 1].last == 10 { parts[parts.count - 1].removeLast() }
                parts.append([])
            } else {
                parts[parts.count - 1] += line + [10]
            }
        }
        // The last line had no end of its own.
        if parts[parts.count - 1].last == 10 { parts[parts.count - 1].removeLast() }
        return parts
    }

    fileprivate mutating func append(_ first: Span<UInt8>, _ second: Span<UInt8>, atMost limit: Int) -> Int {
        let fromFirst = Swift.min(first.count, limit)
        let fromSecond = Swift.min(second.count, limit - fromFirst)
        for index in 0..<fromFirst { append(first[index]) }
        for index in 0..<fromSecond { append(second[index]) }
        return fromFirst + fromSecond
    }
}
