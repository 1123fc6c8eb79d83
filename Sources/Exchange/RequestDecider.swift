public import Addressing
public import HTTP1
public import Routing

/// Decides where one request goes. The live exchange and `serin explain` both ask it, so that they cannot disagree.
///
/// Its storage is reused from request to request.
public struct RequestDecider: ~Copyable {
    var normalizer = PathNormalizer()
    private(set) var values = RequestValues()
    /// For clients without the hash cookie.
    private var clientIDs: IdentifierGenerator
    private(set) var rewritten: [UInt8] = []
    /// Where the last decision sends the request, if it was `.forward`: kept here, as it is too big to be handed about.
    public private(set) var target = Target.nowhere

    /// `RequestValues.patternFailures`.
    var patternFailures: UInt64 { values.patternFailures }

    /// - Parameter seed: where the ids of new clients begin; anything random.
    public init(seed: (UInt64, UInt64)) {
        clientIDs = IdentifierGenerator(seed: seed)
    }

    /// Where a request goes: a backend, chosen once for all its attempts.
    public struct Target: Sendable {
        /// The route's index in the snapshot's table: no reference, so that deciding counts none.
        public let route: Int
        public let choice: Choice
        /// Why this version: the choice's reason, or that the other one stands in.
        public let reason: Reason
        public let version: Version
        /// Index into the snapshot's backends.
        public let backend: Int
        /// The client was told apart by this, and is to be given it as the route's hash cookie.
        public let newClient: ClientID?
        /// Whether the heads say something about the decision: the route's marks, the hash cookie or the session cookie.
        public let isMarked: Bool
        /// Canaries may get copies of it: the rules sent it to the stable version of a route that has such.
        public let isMirrored: Bool
        /// What is tried again.
        public let retry: RetryRule
        /// What the backend's balancer is asked for.
        public internal(set) var placement = Placement.anywhere
        /// The upstream is asked for the path that `writePath` writes instead of the client's.
        public fileprivate(set) var isRewritten = false

        static let nowhere = Target(
            route: 0, choice: Choice(version: .stable, reason: .unrouted), reason: .unrouted, version: .stable, backend: 0,
            newClient: nil, isMarked: false, isMirrored: false, retry: .standard)
    }

    public enum Decision: Sendable {
        /// To `target`.
        case forward
        /// The path lacks the slash that its prefix ends with (R34).
        case addSlash
        /// `/` leads elsewhere: to `RouteTable.appRoot` of this number.
        case appRoot(Int)
        case refused(Failure)
    }

    mutating func makeClientID() -> ClientID {
        let (high, low) = clientIDs.next()
        return ClientID(high: high, low: low)
    }

    /// What `writePath` writes, for `explain`.
    public var path: String { String(decoding: rewritten, as: UTF8.self) }

    /// Bytes that `writePath` writes.
    var pathLength: Int { rewritten.count }

    /// Writes the path of the last decision, if that says that there is a new one: without the query, escaped.
    func writePath(to output: inout ByteBuffer) { output.append(rewritten.span) }

    /// - Parameters:
    ///   - bytes: what the head's slices refer to.
    ///   - client: the client's address as `ClientIdentity.clientAddress` finds it.
    ///   - isTLS: how the client is connected.
    ///   - trace: collects the steps for `explain`; nil costs nothing.
    public mutating func decide(
        _ head: borrowing RequestHead, in bytes: Span<UInt8>, client: IPAddress?,
        isTLS: Bool = false, snapshot: Snapshot, rolls: RollSource, trace: DecisionTrace? = nil
    ) -> Decision {
        switch match(head, bytes, snapshot) {
        case .route(let route):
            if isWithoutRules(route, snapshot) {
                let choice = Choice(version: .stable, reason: .stableWithoutEndpoint)
                target = Self.target(route, choice, .stable, choice.reason, nil)
                return .forward
            }
            let (choice, newClient) = choose(route, head, bytes, client, snapshot, rolls, trace)
            let (version, reason) = Self.standing(for: choice, route, snapshot)
            target = Self.target(route, choice, version, reason, newClient)
            guard route.canRewrite || snapshot.backends[target.backend].isPlaced else { return .forward }
            guard let adapted = adapted(target, route, head, bytes, client, isTLS: isTLS, snapshot) else {
                return .refused(.pathRefused)
            }
            target = adapted
            return .forward
        case .addSlash:
            return .addSlash
        case .appRoot(let extra):
            return .appRoot(extra)
        case .noHost, .noPath, .patterns:
            return .refused(.noRoute)
        case nil:
            return .refused(.pathRefused)
        }
    }

    /// The stable version of a request's route, when its canary has failed; nil if that cannot be asked.
    mutating func standIn(
        for failed: Target, _ head: borrowing RequestHead, in bytes: Span<UInt8>, client: IPAddress?, isTLS: Bool,
        snapshot: Snapshot
    ) -> Target? {
        let route = snapshot.routes.routes[failed.route]
        guard !snapshot.backends[route.stable].endpoints.isEmpty else { return nil }
        let target = Target(
            route: failed.route, choice: failed.choice, reason: .shield, version: .stable, backend: route.stable,
            newClient: failed.newClient, isMarked: failed.isMarked, isMirrored: false, retry: failed.retry)
        // Other requests may have been decided on since.
        if case .session = snapshot.backends[route.stable].balancing { collectValues(route, head, bytes, client, snapshot) }
        return adapted(target, route, head, bytes, client, isTLS: isTLS, snapshot)
    }

    /// Where a canary gets its copy of a request that has been decided on; nil if the path would be too long.
    mutating func copy(
        of target: Target, for canary: Int, _ head: borrowing RequestHead, in bytes: Span<UInt8>, client: IPAddress?, isTLS: Bool,
        snapshot: Snapshot
    ) -> Target? {
        let route = snapshot.routes.routes[target.route]
        let copy = Target(
            route: target.route, choice: target.choice, reason: target.reason, version: .canary(canary),
            backend: route.canaries[canary].backend, newClient: nil, isMarked: true, isMirrored: false, retry: target.retry)
        return adapted(copy, route, head, bytes, client, isTLS: isTLS, snapshot)
    }

    /// The target with the path that its upstream is asked for, and its place in the backend; nil if that path is too long.
    @inline(never)
    private mutating func adapted(
        _ target: Target, _ route: Route, _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ client: IPAddress?, isTLS: Bool,
        _ snapshot: Snapshot
    ) -> Target? {
        guard let target = route.canRewrite ? rewrite(route, target, head, bytes, snapshot) : target else { return nil }
        return snapshot.backends[target.backend].isPlaced ? place(target, head, bytes, client, isTLS: isTLS, snapshot) : target
    }

    /// The route by host and normalised path; nil when the path cannot be accepted.
    private mutating func match(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ snapshot: Snapshot) -> RouteMatch? {
        let host = bytes[head.hostName]
        // "*" is about the server as a whole (RFC 9110 section 9.3.7): the host's root answers for it.
        let path = head.form == .asterisk ? bytes.extracting(first: 0) : bytes[head.path]
        switch normalizer.normalize(path, strict: snapshot.forwarding.strictPaths) {
        case .asIs: return find(host, path, snapshot.routes)
        case .rewritten: return find(host, normalizer.normalized, snapshot.routes)
        case .rejected: return nil
        }
    }

    private func find(_ host: Span<UInt8>, _ path: Span<UInt8>, _ routes: RouteTable) -> RouteMatch {
        let match = routes.match(host: host, path: path)
        guard case .patterns(let extra) = match else { return match }
        return routes.search(extra, path: path, with: values)
    }

    /// Works on the path that the route was matched by, once more: few routes rewrite.
    @inline(never)
    private mutating func rewrite(
        _ route: Route, _ target: Target, _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ snapshot: Snapshot
    ) -> Target? {
        guard let rewrite = route.rewrite(for: target.version), !head.isServerWide else { return target }
        let path = bytes[head.path]
        // A span of one part of `self` would forbid writing to another.
        var output: [UInt8] = []
        swap(&output, &rewritten)
        let outcome = switch normalizer.normalize(path, strict: snapshot.forwarding.strictPaths) {
        case .asIs: rewrite.apply(to: path, with: values, into: &output)
        case .rewritten: rewrite.apply(to: normalizer.normalized, with: values, into: &output)
        case .rejected: Rewrite.Outcome.unchanged
        }
        swap(&output, &rewritten)
        var target = target
        switch outcome {
        case .unchanged: break
        case .rewritten: target.isRewritten = true
        case .tooLong: return nil
        }
        return target
    }

    private mutating func choose(
        _ route: Route, _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ client: IPAddress?,
        _ snapshot: Snapshot, _ rolls: RollSource, _ trace: DecisionTrace?
    ) -> (choice: Choice, newClient: ClientID?) {
        if !route.keys.isEmpty { collectValues(route, head, bytes, client, snapshot) }
        if route.hasConditions { values.client = client }
        switch route.decide(values, trace: trace) {
        case .chosen(let choice):
            return (choice, nil)
        case .weigh(let draw):
            var newClient: ClientID?
            if case .newKey(let key) = draw.source {
                let client = makeClientID()
                values.set(key, to: client)
                newClient = client
            }
            return (route.weigh(draw, roll: route.roll(for: draw, values, rolls), trace: trace), newClient)
        }
    }

    /// R21.0: in `ingress-nginx` a stable version without endpoints is answered 503 before any rule is looked at.
    private func isWithoutRules(_ route: Route, _ snapshot: Snapshot) -> Bool {
        snapshot.compatibility == .ingressNginx && snapshot.backends[route.stable].endpoints.isEmpty && !route.coversStable
    }

    private static func target(
        _ route: Route, _ choice: Choice, _ version: Version, _ reason: Reason, _ newClient: ClientID?
    ) -> Target {
        Target(
            route: route.index, choice: choice, reason: reason, version: version, backend: backend(of: version, route),
            newClient: newClient, isMarked: newClient != nil || route.marks != nil || route.affinity != nil,
            isMirrored: route.isMirrored && choice.version == .stable && version == .stable, retry: route.retry)
    }

    /// The version that was chosen, or the one that stands in because it has no endpoint at all.
    private static func standing(for choice: Choice, _ route: Route, _ snapshot: Snapshot) -> (version: Version, reason: Reason) {
        guard snapshot.backends[backend(of: choice.version, route)].endpoints.isEmpty else { return (choice.version, choice.reason) }
        switch (choice.version, snapshot.failover(of: route)) {
        case (.canary, .canaryToStable), (.canary, .both):
            guard !snapshot.backends[route.stable].endpoints.isEmpty else { break }
            return (.stable, .failover)
        case (.stable, .both):
            let standIn = route.canaries.indices.first { !snapshot.backends[route.canaries[$0].backend].endpoints.isEmpty }
            guard let standIn else { break }
            return (.canary(standIn), .failover)
        default:
            break
        }
        return (choice.version, choice.reason)
    }

    private static func backend(of version: Version, _ route: Route) -> Int {
        switch version {
        case .stable: route.stable
        case .canary(let index): route.canaries[index].backend
        }
    }

    // MARK: Values

    private mutating func collectValues(
        _ route: Route, _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ client: IPAddress?, _ snapshot: Snapshot
    ) {
        values.reset(count: route.keys.count)
        for index in route.keys.indices {
            switch route.keys[index].kind {
            case .header: collectHeader(index, route.keys[index], head, bytes, passesUnusual: snapshot.forwarding.underscoresInHeaders)
            case .cookie: collectCookie(index, route.keys[index], head, bytes)
            case .query: collectQuery(index, route.keys[index], head, bytes)
            case .clientAddress: collectAddress(index, route.keys[index].prefix, client)
            }
        }
    }

    /// Repeated lines are joined with ", ", those of Cookie with "; " (R23).
    private mutating func collectHeader(
        _ index: Int, _ key: ValueKey, _ head: borrowing RequestHead, _ bytes: Span<UInt8>, passesUnusual: Bool
    ) {
        for field in head.fields.indices {
            let line = head.fields[field]
            // A field that is not passed on does not decide either (R22).
            guard passesUnusual || !line.isUnusual, key.matches(bytes[line.name]) else { continue }
            if values.isPresent(index) {
                values.append(line.known == .cookie ? "; " : ", ")
            } else {
                values.begin(index)
            }
            values.append(bytes[line.value])
        }
    }

    /// The first occurrence over all Cookie lines (R26).
    private mutating func collectCookie(
        _ index: Int, _ key: ValueKey, _ head: borrowing RequestHead, _ bytes: Span<UInt8>
    ) {
        guard let value = Self.cookie(key, head, bytes) else { return }
        values.begin(index)
        values.append(value)
    }

    @_lifetime(copy bytes)
    static func cookie(_ key: ValueKey, _ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Span<UInt8>? {
        for field in head.fields.indices where head.fields[field].known == .cookie {
            let line = bytes[head.fields[field].value]
            if let found = CookieField.find(key.name.span, in: line) { return line[found] }
        }
        return nil
    }

    @inline(never)
    private mutating func collectQuery(
        _ index: Int, _ key: ValueKey, _ head: borrowing RequestHead, _ bytes: Span<UInt8>
    ) {
        let query = bytes[head.query]
        guard let found = QueryString.find(key.name.span, in: query) else { return }
        values.begin(index)
        values.append(query[found])
    }

    /// The address, or the first one of its network: of a prefix, an IPv4 address that travels as IPv6 is IPv4.
    @inline(never)
    private mutating func collectAddress(_ index: Int, _ prefix: ValueKey.Prefix, _ client: IPAddress?) {
        guard var client else { return }
        if prefix != .whole {
            client = client.unmapped
            client = client.keeping(Int(client.bitCount == 32 ? prefix.v4 : prefix.v6))
        }
        values.begin(index)
        var text = InlineArray<48, UInt8>(repeating: 0)
        var space = text.mutableSpan
        let count = client.write(into: &space)
        values.append(text.span.extracting(first: count))
    }
}
