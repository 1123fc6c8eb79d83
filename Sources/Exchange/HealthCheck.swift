/// How a backend's endpoints are asked whether they are well: by a GET each, again and again.
public struct HealthCheck: Hashable, Sendable {
    /// What is asked for; begins with a slash.
    public var path: String
    /// The Host that is asked for; empty: the endpoint's address.
    public var host = ""
    /// From the beginning of one check of an endpoint to that of the next.
    public var interval = TimeSpan.seconds(5)
    /// For all of it: the connection, TLS if the backend speaks that, and the head of the answer.
    public var timeout = TimeSpan.seconds(1)
    /// So many failed ones in a row take an endpoint out; the very first one decides by itself.
    public var failures = 3
    /// So many good ones in a row bring it back.
    public var successes = 2

    public init(path: String) { self.path = path }

    /// Whether an answer's status says that the endpoint is well.
    public static func isGood(_ status: UInt16) -> Bool { (200..<400).contains(status) }
}
