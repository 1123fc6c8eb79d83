/// One of the two ends of an exchange.
public enum Side: Sendable {
    case client, upstream
}

/// Where an exchange is. Buffers, parsers and times are stored beside it, never inside it.
public enum Phase: UInt8, Sendable, CustomStringConvertible {
    /// Between two requests, or while a request head is arriving.
    case readingHead
    /// The version is chosen; a connection to one of its endpoints was asked for.
    case connecting
    /// A connection to the upstream is there: request and response stream, both ways at once.
    case forwarding
    /// The upstream is done with, or was never asked; what is left for the client is being written.
    case answering
    /// After 101: bytes pass both ways as they are.
    case tunnelling
    /// The summary is out; `disposition` says what becomes of the client's connection.
    case finished

    /// For logs: "upstream timed out while reading the response".
    public var description: String {
        switch self {
        case .readingHead: "reading the request head"
        case .connecting: "connecting to the upstream"
        case .forwarding: "forwarding the request"
        case .answering: "answering the client"
        case .tunnelling: "tunnelling"
        case .finished: "finished"
        }
    }
}
