import Addressing
import Exchange
import Reactor
import Routing

/// Deals one backend's requests out to its endpoints in one worker, as the backend's `Balancing` says (R32).
final class Balancer {
    private enum Strategy {
        case turns
        case ewma
        case placed(EndpointRing)
    }

    private let endpoints: [UpstreamEndpoint]
    private let strategy: Strategy
    /// Where requests wait for any of the endpoints; made when the first one has to.
    var room: WaitingRoom?
    /// By turns, whatever the request is.
    let isPlain: Bool
    /// Wants to know how long its endpoints take.
    let measures: Bool
    /// Which endpoint a request gets follows from the request.
    var isPlaced: Bool { !isPlain && !measures }
    private let weights: [Int]
    private let isUniform: Bool
    /// Smooth weighted round robin: what each endpoint has saved up. Spreads a heavy endpoint's turns evenly.
    private var credits: [Int]
    private var next: Int
    private var random: UInt64

    /// - Parameters:
    ///   - start: where the round begins; workers begin at different places.
    ///   - ring: of these endpoints, if there is one already.
    init(
        _ endpoints: [UpstreamEndpoint], weights: [Int], start: Int, balancing: Balancing = .roundRobin, ring: EndpointRing? = nil,
        now: Instant = Instant(nanoseconds: 0)
    ) {
        self.endpoints = endpoints
        self.weights = weights
        isUniform = weights.allSatisfy { $0 == weights.first }
        credits = weights.map { _ in 0 }
        next = endpoints.isEmpty ? 0 : start % endpoints.count
        random = UInt64(bitPattern: Int64(start))
        isPlain = balancing == .roundRobin
        measures = balancing == .ewma
        if let ring = ring ?? EndpointRing(balancing, of: endpoints.map(\.address), weights: weights) {
            strategy = .placed(ring)
        } else {
            strategy = measures ? .ewma : .turns
        }
        if measures { beginSlowly(now) }
    }

    /// The endpoint for a request, or for its next attempt, among those that it has not `tried`; nil only if there is none at all.
    ///
    /// One that lately refused to connect is passed over, unless all did: then the one whose time is up first gets the
    /// request, so that the last endpoint is never given up. For the same reason tried ones come again once there is no
    /// other: ask `hasAnother` first.
    func pick(
        _ placement: Placement = .anywhere, now: Instant, avoiding tried: TriedEndpoints = TriedEndpoints()
    ) -> UpstreamEndpoint? {
        switch endpoints.count {
        case 0: return nil
        case 1: return endpoints[0]
        default: break
        }
        let tried = tried.isEmpty || hasAnother(than: tried) ? tried : TriedEndpoints()
        if isPlain { return pickInTurns(now, tried) }
        // No ring is gone round for nothing: it has many more points than endpoints.
        guard isAnyFree(now, tried) else { return soonest(tried) }
        switch (strategy, placement) {
        case (.ewma, _):
            return pickByAnswerTime(now, tried)
        case (.placed(.hash(let ring)), .hash(let hash)):
            return ring.node(of: hash) { isFree($0, now, tried) }.map { endpoints[$0] }
        case (.placed(.subsets(let ring)), .hash(let hash)):
            let turn = Int(truncatingIfNeeded: nextRandom())
            return ring.node(of: hash, turn: turn) { isFree($0, now, tried) }.map { endpoints[$0] }
        case (.turns, _), (.placed, _):
            return pickInTurns(now, tried)
        }
    }

    /// As `pick`, for a backend with session affinity: also what names the endpoint to a client that is to have a new cookie.
    ///
    /// A client keeps its cookie while its endpoint is passed over and comes back to it, unless it `changes` for good. So does one that
    /// has a cookie of the other version.
    func pickForSession(
        _ session: SessionRequest, changes: Bool, now: Instant, avoiding tried: TriedEndpoints, random: () -> ClientID
    ) -> (endpoint: UpstreamEndpoint, key: SessionKey?)? {
        guard case .placed(.sessions(let ring)) = strategy, !endpoints.isEmpty else { return nil }
        let tried = tried.isEmpty || hasAnother(than: tried) ? tried : TriedEndpoints()
        let named = ring.node(named: session)
        if let named, isFree(named, now, tried) || endpoints.count == 1 { return (endpoints[named], nil) }
        // All are being passed over.
        guard isAnyFree(now, tried) else { return soonest(tried).map { ($0, nil) } }
        if named == nil || changes, let drawn = ring.draw(random, where: { isFree($0, now, tried) }) {
            return (endpoints[drawn.node], drawn.key)
        }
        return session.hash.flatMap { hash in ring.node(of: hash) { isFree($0, now, tried) } }.map { (endpoints[$0], nil) }
    }

    /// Whether a request has somewhere else to go. An endpoint that is being passed over counts: it may be back.
    func hasAnother(than tried: TriedEndpoints) -> Bool {
        endpoints.contains { !tried.contains($0) }
    }

    /// Each endpoint, and whether it is any use to a request that waits: among those that it has not `tried`, one that is not being
    /// passed over. If all are, each of those is; if it has tried all, each one.
    func forEach(now: Instant, avoiding tried: TriedEndpoints, _ body: (UpstreamEndpoint, _ isUseful: Bool) -> Void) {
        let tried = hasAnother(than: tried) ? tried : TriedEndpoints()
        let isAnyFree = isAnyFree(now, tried)
        for index in endpoints.indices {
            body(endpoints[index], isAnyFree ? isFree(index, now, tried) : !tried.contains(endpoints[index]))
        }
    }

    var count: Int { endpoints.count }

    var addresses: [SocketAddress] { endpoints.map(\.address) }

    /// The one that was picked, by what is kept of it.
    func endpoint(_ picked: ObjectIdentifier) -> UpstreamEndpoint? { endpoints.first { ObjectIdentifier($0) == picked } }

    private func isFree(_ index: Int, _ now: Instant, _ tried: TriedEndpoints) -> Bool {
        !endpoints[index].isSkipped(at: now) && !tried.contains(endpoints[index])
    }

    private func isAnyFree(_ now: Instant, _ tried: TriedEndpoints) -> Bool {
        endpoints.indices.contains { isFree($0, now, tried) }
    }

    // MARK: In turn

    private func pickInTurns(_ now: Instant, _ tried: TriedEndpoints) -> UpstreamEndpoint? {
        (isUniform ? pickInTurn(now, tried) : pickByWeight(now, tried)) ?? soonest(tried)
    }

    private func pickInTurn(_ now: Instant, _ tried: TriedEndpoints) -> UpstreamEndpoint? {
        for _ in 0..<endpoints.count {
            let endpoint = endpoints[next]
            next = next + 1 == endpoints.count ? 0 : next + 1
            if !endpoint.isSkipped(at: now), !tried.contains(endpoint) { return endpoint }
        }
        return nil
    }

    private func pickByWeight(_ now: Instant, _ tried: TriedEndpoints) -> UpstreamEndpoint? {
        var best: Int?
        var total = 0
        for index in endpoints.indices where isFree(index, now, tried) {
            credits[index] += weights[index]
            total += weights[index]
            if best.map({ credits[index] > credits[$0] }) ?? true { best = index }
        }
        guard let best else { return nil }
        credits[best] -= total
        return endpoints[best]
    }

    private func soonest(_ tried: TriedEndpoints) -> UpstreamEndpoint? {
        var best: UpstreamEndpoint?
        for endpoint in endpoints where !tried.contains(endpoint) {
            if best.map({ endpoint.skippedUntil < $0.skippedUntil }) ?? true { best = endpoint }
        }
        return best
    }

    // MARK: By answer time

    /// Endpoints of which nothing is known begin with the average of the others.
    private func beginSlowly(_ now: Instant) {
        let known = endpoints.filter(\.answerTime.isKnown)
        guard !known.isEmpty, known.count < endpoints.count else { return }
        let average = known.reduce(0) { $0 + $1.answerTime.lastCost } / Double(known.count)
        for endpoint in endpoints where !endpoint.answerTime.isKnown { endpoint.answerTime.begin(at: average, now: now) }
    }

    /// Power of two choices.
    private func pickByAnswerTime(_ now: Instant, _ tried: TriedEndpoints) -> UpstreamEndpoint? {
        var free = endpoints.count
        var first = drawn(from: free)
        var second = drawn(from: free &- 1)
        if second >= first { second &+= 1 }
        if !isFree(first, now, tried) || !isFree(second, now, tried) {
            free = endpoints.indices.count { isFree($0, now, tried) }
            guard free > 0 else { return nil }
            let rank = drawn(from: free)
            first = index(ofFree: rank, now, tried)
            guard free > 1 else { return endpoints[first] }
            let other = drawn(from: free &- 1)
            second = index(ofFree: other >= rank ? other &+ 1 : other, now, tried)
        }
        let isSecondBetter = endpoints[second].answerTime.score(now: now) < endpoints[first].answerTime.score(now: now)
        return endpoints[isSecondBetter ? second : first]
    }

    private func index(ofFree rank: Int, _ now: Instant, _ tried: TriedEndpoints) -> Int {
        var left = rank
        for index in endpoints.indices where isFree(index, now, tried) {
            if left == 0 { return index }
            left &-= 1
        }
        return 0
    }

    /// One of `0..<count`, which is at least 1.
    private func drawn(from count: Int) -> Int {
        Int(UInt64(count).multipliedFullWidth(by: nextRandom()).high)
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014): the system's source would be a system call for each request.
    private func nextRandom() -> UInt64 {
        random &+= 0x9E37_79B9_7F4A_7C15
        var mixed = random
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
