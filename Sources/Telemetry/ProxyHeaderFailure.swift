/// Why a connection was closed because of its PROXY header.
public enum ProxyHeaderFailure: Int, CountedKind {
    /// The peer is none whose header is believed.
    case untrusted
    case malformed
    /// The connection ended before its header did.
    case disconnected
    case timeout

    public var label: String { "\(self)" }
}
