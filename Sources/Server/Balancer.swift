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

    /// The endpoint whose turn it is. One that lately refused to connect is passed over, unless all did: then the one
    /// whose time is up first gets the request, so that the last endpoint is never given up.
    func pick(now: Instant) -> UpstreamEndpoint? {
        switch endpoints.count {
        case 0: nil
        case 1: endpoints[0]
        default: (isUniform ? pickInTurn(now) : pickByWeight(now)) ?? soonest()
        }
    }

    /// Whether a request that failed to connect has somewhere else to go.
    func hasEndpoint(at now: Instant) -> Bool {
        endpoints.contains { !$0.isSkipped(at: now) }
    }

    private func pickInTurn(_ now: Instant) -> UpstreamEndpoint? {
        for _ in 0..<endpoints.count {
            let endpoint = endpoints[next]
            next = next + 1 == endpoints.count ? 0 : next + 1
            if !endpoint.isSkipped(at: now) { return endpoint }
        }
        return nil
    }

    private func pickByWeight(_ now: Instant) -> UpstreamEndpoint? {
        var best: Int?
        var total = 0
        for index in endpoints.indices where !endpoints[index].isSkipped(at: now) {
            credits[index] += weights[index]
            total += weights[index]
            if best.map({ credits[index] > credits[$0] }) ?? true { best = index }
        }
        guard let best else { return nil }
        credits[best] -= total
        return endpoints[best]
    }

    private func soonest() -> UpstreamEndpoint? {
        endpoints.min { $0.skippedUntil < $1.skippedUntil }
    }
}
