/// Why an exchange did not end with the upstream's own complete answer.
public enum Failure: UInt8, Error, Sendable, CaseIterable, CustomStringConvertible {
    // The client's fault.
    case malformedRequest, requestTooLarge, clientTooSlow, clientClosed, methodRefused, pathRefused, misdirected
    case certificateMissing, certificateRefused, forbidden
    // Nobody's: there is no such route, or it only answers with a redirect.
    case noRoute
    // The upstream's fault.
    case noEndpoint, connectRefused, connectUnreachable, connectTimedOut, tlsFailed, upstreamClosed, upstreamReset, upstreamTimedOut, badResponse
    // The proxy's own doing.
    case requestTimedOut, overloaded, queueTimedOut, exhausted, memoryLimit, noLocalPort, answerTooLong, shutdown

    public enum Fault: Sendable { case client, upstream, proxy }

    public var fault: Fault {
        switch self {
        case .malformedRequest, .requestTooLarge, .clientTooSlow, .clientClosed, .methodRefused, .pathRefused, .misdirected,
             .certificateMissing, .certificateRefused, .forbidden: .client
        case .noEndpoint, .connectRefused, .connectUnreachable, .connectTimedOut, .tlsFailed, .upstreamClosed, .upstreamReset,
             .upstreamTimedOut, .badResponse: .upstream
        case .noRoute, .requestTimedOut, .overloaded, .queueTimedOut, .exhausted, .memoryLimit, .noLocalPort, .answerTooLong, .shutdown: .proxy
        }
    }

    /// The status this failure is answered with when no response has begun. `malformedRequest` and `requestTooLarge` carry
    /// their own status from the parser. 499 is never sent: it is nginx's name in logs for a client that went away.
    public var status: UInt16 {
        switch self {
        case .malformedRequest, .pathRefused, .certificateMissing, .certificateRefused: 400
        case .forbidden: 403
        case .requestTooLarge: 413
        case .clientTooSlow: 408
        case .clientClosed: 499
        case .methodRefused: 405
        case .noRoute: 404
        case .answerTooLong: 500
        case .misdirected: 421
        case .noEndpoint, .overloaded, .queueTimedOut, .exhausted, .memoryLimit, .noLocalPort, .shutdown: 503
        case .connectRefused, .connectUnreachable, .tlsFailed, .upstreamClosed, .upstreamReset, .badResponse: 502
        case .connectTimedOut, .upstreamTimedOut, .requestTimedOut: 504
        }
    }

    /// The message itself is refused, so that nothing behind it is read: behind a CONNECT, say, it is what was meant for its tunnel.
    var refusesMessage: Bool {
        switch self {
        case .malformedRequest, .requestTooLarge, .pathRefused, .methodRefused: true
        default: false
        }
    }

    public var description: String {
        switch self {
        case .malformedRequest: "malformed request"
        case .requestTooLarge: "request body over the limit"
        case .clientTooSlow: "client too slow"
        case .clientClosed: "client closed the connection"
        case .methodRefused: "method refused"
        case .pathRefused: "path refused"
        case .misdirected: "host of another certificate"
        case .certificateMissing: "no client certificate"
        case .certificateRefused: "bad client certificate"
        case .forbidden: "client certificate of somebody else"
        case .noRoute: "no route"
        case .noEndpoint: "no endpoint"
        case .connectRefused: "upstream refused the connection"
        case .connectUnreachable: "upstream could not be reached"
        case .tlsFailed: "TLS with the upstream failed"
        case .connectTimedOut: "connecting to the upstream timed out"
        case .upstreamClosed: "upstream closed the connection early"
        case .upstreamReset: "upstream reset the connection"
        case .upstreamTimedOut: "upstream timed out"
        case .badResponse: "upstream sent an invalid response"
        case .requestTimedOut: "request took longer than its deadline"
        case .overloaded: "too many requests wait already"
        case .queueTimedOut: "no connection became free in time"
        case .exhausted: "out of descriptors or memory"
        case .memoryLimit: "over the memory limit"
        case .noLocalPort: "out of local ports"
        case .answerTooLong: "no room for the head of the answer"
        case .shutdown: "shut down"
        }
    }
}
