public import Addressing
public import HTTP1
public import Routing

/// Decides where one request goes. The live exchange and `serin explain` both ask it, so that they cannot disagree.
///
/// Its storage is reused from request to request.
public struct RequestDecider: ~Copyable {
    private var normalizer = PathNormalizer()
    private var values = RequestValues()
    /// For clients without the hash cookie.
    private var clientIDs: IdentifierGenerator
    private var rewritten: [UInt8] = []

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
        /// Whether the heads say something about the decision: the route's marks, or the hash cookie.
        public let isMarked: Bool
        /// The upstream is asked for the path that `writePath` writes instead of the client's.
        public fileprivate(set) var isRewritten = false
    }

    public enum Decision: Sendable {
        case forward(Target)
        /// The path lacks the slash that its prefix ends with (R34).
        case addSlash
        /// `/` leads elsewhere: to `RouteTable.appRoot` of this number.
        case appRoot(Int)
        case refused(Failure)
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
    ///   - trace: collects the steps for `explain`; nil costs nothing.
    public mutating func decide(
        _ head: borrowing RequestHead, in bytes: Span<UInt8>, client: IPAddress?,
        snapshot: Snapshot, rolls: RollSource, trace: DecisionTrace? = nil
    ) -> Decision {
        switch match(head, bytes, snapshot) {
        case .route(let route):
            if let target = Self.targetWithoutRules(route, snapshot) { return .forward(target) }
            let (choice, newClient) = choose(route, head, bytes, client, snapshot, rolls, trace)
            let target = Self.target(route, choice, newClient, snapshot)
            return route.rewrite == nil ? .forward(target) : rewrite(route, target, head, bytes, snapshot)
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
    private mutating func rewrite(
        _ route: Route, _ target: Target, _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ snapshot: Snapshot
    ) -> Decision {
        guard let rewrite = route.rewrite, head.form != .asterisk else { return .forward(target) }
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
        case .tooLong: return .refused(.pathRefused)
        }
        return .forward(target)
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
                let (high, low) = clientIDs.next()
                let client = ClientID(high: high, low: low)
                values.set(key, to: client)
                newClient = client
            }
            return (route.weigh(draw, roll: route.roll(for: draw, values, rolls), trace: trace), newClient)
        }
    }

    /// R21.0: in `ingress-nginx` a stable version without endpoints is answered 503 before any rule is looked at.
    private static func targetWithoutRules(_ route: Route, _ snapshot: Snapshot) -> Target? {
        guard snapshot.compatibility == .ingressNginx, snapshot.backends[route.stable].endpoints.isEmpty, !route.coversStable
        else { return nil }
        let choice = Choice(version: .stable, reason: .stableWithoutEndpoint)
        return Target(
            route: route.index, choice: choice, reason: choice.reason, version: .stable, backend: route.stable, newClient: nil,
            isMarked: false)
    }

    /// The version that was chosen, or the one that stands in because it has no endpoint at all.
    private static func target(_ route: Route, _ choice: Choice, _ newClient: ClientID?, _ snapshot: Snapshot) -> Target {
        let chosen = backend(of: choice.version, route)
        func target(_ version: Version, _ reason: Reason) -> Target {
            Target(
                route: route.index, choice: choice, reason: reason, version: version, backend: backend(of: version, route),
                newClient: newClient, isMarked: newClient != nil || route.marks != nil)
        }
        guard snapshot.backends[chosen].endpoints.isEmpty else { return target(choice.version, choice.reason) }
        let failover = failover(of: route, snapshot)
        switch (choice.version, failover) {
        case (.canary, .canaryToStable), (.canary, .both):
            guard !snapshot.backends[route.stable].endpoints.isEmpty else { break }
            return target(.stable, .failover)
        case (.stable, .both):
            let standIn = route.canaries.indices.first { !snapshot.backends[route.canaries[$0].backend].endpoints.isEmpty }
            guard let standIn else { break }
            return target(.canary(standIn), .failover)
        default:
            break
        }
        return target(choice.version, choice.reason)
    }

    private static func failover(of route: Route, _ snapshot: Snapshot) -> Failover {
        if route.coversStable { return .both }
        // R21.3: ingress-nginx lets stable answer for a canary without endpoints, and nothing else.
        return snapshot.compatibility == .ingressNginx ? .canaryToStable : snapshot.failover
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
        for field in head.fields.indices where head.fields[field].known == .cookie {
            let line = bytes[head.fields[field].value]
            guard let found = CookieField.find(key.name.span, in: line) else { continue }
            values.begin(index)
            values.append(line[found])
            return
        }
    }

    private mutating func collectQuery(
        _ index: Int, _ key: ValueKey, _ head: borrowing RequestHead, _ bytes: Span<UInt8>
    ) {
        let query = bytes[head.query]
        guard let found = QueryString.find(key.name.span, in: query) else { return }
        values.begin(index)
        values.append(query[found])
    }

    /// The address, or the first one of its network: of a prefix, an IPv4 address that travels as IPv6 is IPv4.
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
