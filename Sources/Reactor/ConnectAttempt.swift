/// A socket on its way to its peer.
public enum ConnectAttempt: ~Copyable {
    /// Ready for bytes (unix sockets, at times loopback).
    case connected(Socket)
    /// Watch it as a `.stream`: `writable` or `error` ends the attempt, `Socket.connectError` says how.
    case inProgress(Socket)
}
