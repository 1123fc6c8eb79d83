/// A field or cookie by which the decision shows.
public struct DecisionMark: Equatable, Sendable {
    public let name: String
    /// What the canary's carry; the stable version's go without. Nil is the version's name: `canary` or `stable`.
    public let value: String?

    public init(name: String, value: String? = nil) {
        self.name = name
        self.value = value
    }
}

/// Where the decision for or against one canary shows.
public struct DecisionMarks: Equatable, Sendable {
    /// A field of the request that the upstream gets; one that the client sent is removed.
    public var requestHeader: DecisionMark?
    /// A field of the response; one of the upstream's is removed.
    public var responseHeader: DecisionMark?
    /// A cookie of the client's.
    public var responseCookie: DecisionMark?

    public init() {}

    var isEmpty: Bool { self == DecisionMarks() }
}
