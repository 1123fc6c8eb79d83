/// How the clients of one version of a route stay with their endpoints (R28).
public final class SessionAffinity: Sendable {
    /// Index into the route's keys of the cookie.
    public let key: Int
    /// What the cookie's second part says of this version.
    public let serviceKey: SessionKey
    public let cookie: SessionCookie
    /// Whether clients of this path are given the cookie; else those that have it are only kept.
    public let setsCookie: Bool
    /// A client whose endpoint fails gets another one for good.
    public let changesOnFailure: Bool

    public init(key: Int, serviceKey: SessionKey, cookie: SessionCookie, setsCookie: Bool, changesOnFailure: Bool) {
        self.key = key
        self.serviceKey = serviceKey
        self.cookie = cookie
        self.setsCookie = setsCookie
        self.changesOnFailure = changesOnFailure
    }
}

/// Session affinity of a route and what it has to say about the version.
public final class RouteAffinity: Sendable {
    /// When the cookie decides on the version.
    public enum Precedence: Sendable {
        /// Before every rule (R21.1, R21.4).
        case first
        /// Before the weight: an explicit header, cookie or other condition beats it.
        case beforeWeight
        /// Never: the canaries' `affinity-canary-behavior` is `legacy`.
        case never
    }

    public let stable: SessionAffinity?
    /// By canary.
    public let canaries: [SessionAffinity?]
    public let precedence: Precedence
    /// As ingress-nginx reads cookies: one that names no version of the path still chooses the endpoint (R28).
    public let honoursForeign: Bool

    public init(stable: SessionAffinity?, canaries: [SessionAffinity?], precedence: Precedence, honoursForeign: Bool) {
        self.stable = stable
        self.canaries = canaries
        self.precedence = precedence
        self.honoursForeign = honoursForeign
    }

    public func affinity(of version: Version) -> SessionAffinity? {
        switch version {
        case .stable: stable
        case .canary(let index): canaries.indices.contains(index) ? canaries[index] : nil
        }
    }

    /// Whether a cookie's second part names a version of the path.
    public func names(_ service: SessionKey) -> Bool {
        stable?.serviceKey == service || canaries.contains { $0?.serviceKey == service }
    }
}

extension Route {
    /// The version that the client's cookie names, of those that no rule has ruled out.
    func affinityChoice(_ round: DecisionRound, _ values: borrowing RequestValues, _ trace: DecisionTrace?) -> Choice? {
        guard let affinity else { return nil }
        if let stable = affinity.stable, names(stable, values) {
            trace?.record(.affinity, "", .stable, "\(keyText(stable.key)) belongs to the stable version")
            return Choice(version: .stable, reason: .affinity)
        }
        for index in canaries.indices where !round.excludes(index) {
            guard index < affinity.canaries.count, let canary = affinity.canaries[index], names(canary, values) else { continue }
            trace?.record(.affinity, canaries[index].name, .canary, "\(keyText(canary.key)) belongs to the canary")
            return Choice(version: .canary(index), reason: .affinity)
        }
        if let trace, let key = (affinity.stable ?? affinity.canaries.lazy.compactMap(\.self).first)?.key {
            let found = values.isPresent(key) ? "\(keyText(key)) belongs to neither version" : "no \(keyText(key))"
            trace.record(.affinity, "", .undecided, found)
        }
        return nil
    }

    private func names(_ affinity: SessionAffinity, _ values: borrowing RequestValues) -> Bool {
        let parts = SessionValue(values.value(of: affinity.key))
        return parts.service == affinity.serviceKey
    }
}

/// A session cookie's value taken apart: what stands before and behind the first `|`s (R28).
public struct SessionValue: Sendable {
    /// Where the first part stands on a ring; nil if there is none.
    public let hash: UInt32?
    /// The first part, if it may name an endpoint.
    public let endpoint: SessionKey?
    /// The second part, if it may name a Service.
    public let service: SessionKey?

    public init(_ value: Span<UInt8>) {
        var index = 0
        let first = Self.part(of: value, from: &index)
        let second = Self.part(of: value, from: &index)
        var hash = CRC32()
        hash.update(first)
        self.hash = first.count > 0 ? hash.value : nil
        endpoint = SessionKey(first)
        service = SessionKey(second)
    }

    /// The next part that is not empty; `index` moves behind it.
    @_lifetime(copy value)
    private static func part(of value: Span<UInt8>, from index: inout Int) -> Span<UInt8> {
        while index < value.count, value[index] == UInt8(ascii: "|") { index &+= 1 }
        let start = index
        while index < value.count, value[index] != UInt8(ascii: "|") { index &+= 1 }
        return value.extracting(start..<index)
    }
}
