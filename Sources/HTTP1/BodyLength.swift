/// How the end of a message's body is told.
public enum BodyLength: Equatable, Sendable {
    /// There is no body, and nothing announces one.
    case none
    /// Content-Length: so many bytes, also zero.
    case length(Int)
    case chunked
    /// The body ends when the sender closes; responses only.
    case untilClose

    /// There is no body, whether its length says so or nothing does.
    public var isEmpty: Bool { self == .none || self == .length(0) }
}
