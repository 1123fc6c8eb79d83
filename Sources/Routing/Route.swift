/// One host and path of an Ingress, the Service behind it and its canaries.
public final class Route: Sendable {
    /// Canaries of one route beyond this many are not considered; whoever builds routes reports them.
    public static let maximumCanaries = 64

    /// Position in `RouteTable.routes`.
    public let index: Int
    /// `namespace/ingress` of the Ingress.
    public let label: String
    /// As configured; empty is the default host.
    public let host: String
    public let path: String
    public let pathType: PathType
    /// The path is a regular expression, whatever its type (R35).
    public let isPattern: Bool
    /// Index into the snapshot's backends.
    public let stable: Int
    public let canaries: [Canary]
    /// What upstreams are asked for instead of the client's path; canaries have their main's (R36) unless they have their own.
    public let rewrite: Rewrite?
    /// What is tried again; canaries have their main's (R36).
    public let retry: RetryRule
    /// How clients stay with their endpoints and versions; nil if they do not.
    public let affinity: RouteAffinity?
    /// Any version has one.
    public let canRewrite: Bool
    /// What the rules need of a request; they refer to it by index.
    public let keys: [ValueKey]

    /// The keys a canary's rules look at, without the rules: most requests ask no more.
    struct Asked: Sendable {
        let header: Int?
        let cookie: Int?
    }

    /// By canary.
    let asked: [Asked]
    let ranges: [WeightRange]
    /// The scale of `ranges`.
    let total: Int
    /// The canary whose weight is everything, if there is one.
    let certain: Int?
    /// The first canary with a weight or a hash key: its salt, key and sequence serve the weight rule of all.
    public let drawing: Int
    /// What it tells clients apart by.
    let clientKey: ClientKey
    /// A canary asks for more than a header, a cookie and a weight.
    public let hasConditions: Bool
    /// How the decision shows; nil if it does not.
    public let marks: RouteMarks?
    /// A canary gets copies of the stable version's requests.
    public let isMirrored: Bool

    public init(
        index: Int, label: String, host: String, path: String, pathType: PathType,
        stable: Int, canaries: [Canary] = [], keys: [ValueKey] = [], isPattern: Bool = false,
        rewrite: Rewrite? = nil, retry: RetryRule = .standard,
        affinity: RouteAffinity? = nil
    ) {
        self.index = index
        self.label = label
        self.host = host
        self.path = path
        self.pathType = pathType
        self.stable = stable
        self.canaries = Array(canaries.prefix(Self.maximumCanaries))
        self.keys = keys
        self.isPattern = isPattern
        self.rewrite = rewrite
        self.retry = retry
        self.affinity = affinity
        canRewrite = rewrite != nil || self.canaries.contains { $0.rewrite != nil }
        asked = self.canaries.map { Asked(header: $0.header?.key, cookie: $0.cookie) }
        (ranges, total) = WeightRange.ranges(for: self.canaries)
        certain = ranges.firstIndex { [total] range in range.start == 0 && range.end == UInt64(total) }
        drawing = self.canaries.firstIndex { $0.share > 0 || !$0.hashKeys.isEmpty } ?? 0
        hasConditions = self.canaries.contains { !$0.conditions.isEmpty || $0.pin != nil }
        marks = RouteMarks(self.canaries)
        isMirrored = self.canaries.contains { $0.mirror != nil }
        clientKey = self.canaries.isEmpty ? .none : ClientKey(self.canaries[drawing])
    }

    /// Whether either version answers for the other, whatever `canary.failover` says.
    public var coversStable: Bool { canaries.contains { $0.coversStable } }

    /// What the upstreams of a version are asked for; nil is the client's path.
    public func rewrite(for version: Version) -> Rewrite? {
        guard case .canary(let index) = version else { return rewrite }
        return canaries[index].rewrite ?? rewrite
    }

    /// How a client is given the key of `WeightDraw.Source.newKey`.
    public var hashCookie: HashCookie? { canaries.isEmpty ? nil : canaries[drawing].hashCookie }
}
