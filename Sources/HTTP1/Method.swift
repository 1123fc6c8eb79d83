/// A request method (RFC 9110 9.3, RFC 5789). Methods are case-sensitive: `get` is `other`.
public enum Method: UInt8, Sendable {
    case get, head, post, put, delete, patch, options, trace, connect
    /// Any other token.
    case other

    init(token: Span<UInt8>) {
        guard token.count <= 7 else { self = .other; return }
        self.init(word: ByteWord(short: token).ended(by: .space, at: token.count))
    }

    /// The method in a word that consists of it, a space, and zeros.
    init(word: ByteWord) {
        switch word {
        case "GET ": self = .get
        case "HEAD ": self = .head
        case "POST ": self = .post
        case "PUT ": self = .put
        case "DELETE ": self = .delete
        case "PATCH ": self = .patch
        case "OPTIONS ": self = .options
        case "TRACE ": self = .trace
        case "CONNECT ": self = .connect
        default: self = .other
        }
    }

    /// Asks for nothing to change at the origin (RFC 9110 9.2.1).
    public var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
        case .post, .put, .delete, .patch, .connect, .other: false
        }
    }

    /// Sending it twice does what sending it once does (RFC 9110 9.2.2); of an unknown method that is not known.
    public var isIdempotent: Bool { isSafe || self == .put || self == .delete }
}
