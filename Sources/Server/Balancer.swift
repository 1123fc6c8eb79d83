import Exchange
import Reactor

/// Deals one backend's requests out to its endpoints, in turn and by weight, in one worker.
final class Balancer {
    private let endpoints: [UpstreamEndpoint]
    private let weights: [Int]
    private let isUniform: Bool
    /// Smooth weighted round robin: what each endpoint has saved up. Spreads a heavy endpoint's turns evenly.
    private var credits: [Int]
    private var next: Int

    /// - Parameter start: where the round begins; workers begin at different places.
    init(_ endpoints: [UpstreamEndpoint], weights: [Int], start: Int) {
        self.endpoints = endpoints
        self.weights = weights
        isUniform = weights.allSatisfy { $0 == weights.first }
        credits = weights.map { _ in 0 }
        next = endpoints.isEmpty ? 0 : start % endpoints.count
    }

    /// The endpoint for a first attempt: as below, with nothing tried.
    func pick(now: Instant) -> UpstreamEndpoint? {
        pick(now: now, avoiding: TriedEndpoints())
    }

    /// The endpoint whose turn it is among those that the request has not `tried`; nil only if there is none at all.
    ///
    /// One that lately refused to connect is passed over, unless all did: then the one whose time is up first gets the
    /// request, so that the last endpoint is never given up. For the same reason tried ones come again once there is no
    /// other: ask `hasAnother` first.
    func pick(now: Instant, avoiding tried: TriedEndpoints) -> UpstreamEndpoint? {
        switch endpoints.count {
        case 0: return nil
        case 1: return endpoints[0]
        default: break
        }
        let tried = tried.isEmpty || hasAnother(than: tried) ? tried : TriedEndpoints()
        return (isUniform ? pickInTurn(now, tried) : pickByWeight(now, tried)) ?? soonest(tried)
    }

    /// Whether a request has somewhere else to go. An endpoint that is being passed over counts: it may be back.
    func hasAnother(than tried: TriedEndpoints) -> Bool {
        endpoints.contains { !tried.contains($0) }
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
        for index in endpoints.indices where !endpoints[index].isSkipped(at: now) && !tried.contains(endpoints[index]) {
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
}
