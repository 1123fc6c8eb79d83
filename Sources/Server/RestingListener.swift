import Reactor

/// A listener for loops with few connections. It rests when descriptors have run out, or connection after connection fails: a
/// level-triggered listener that cannot be emptied would be ready again at once, for ever. It may also be told to rest.
struct RestingListener: ~Copyable {
    /// Nanoseconds.
    private static let pause: UInt64 = 100_000_000
    /// Connections in a row.
    private static let patience = 64

    private let listener: Listener
    private let token: Token
    private var isResting: Bool

    /// Watches it, under a token that is for nothing else.
    /// - Parameter isResting: not before `resume`.
    init(_ listener: consuming Listener, token: Token, in loop: borrowing EventLoop, isResting: Bool = false) throws(Errno) {
        if !isResting { try loop.add(listener.fd, token: token, interest: .acceptor) }
        self.listener = listener
        self.token = token
        self.isResting = isResting
    }

    /// The next connection; nil when none waits, or none can be taken for now.
    /// - Parameter whenExhausted: called before it rests because descriptors have run out.
    mutating func accept(_ loop: inout EventLoop, whenExhausted: () -> Void = {}) -> Socket? {
        guard !isResting else { return nil }
        for _ in 0..<Self.patience {
            switch listener.accept() {
            case .connection(let socket, _): return socket
            case .transient: continue
            case .wouldBlock: return nil
            case .exhausted:
                whenExhausted()
                rest(&loop)
                return nil
            }
        }
        rest(&loop)
        return nil
    }

    /// The timer of its token has fired, or who has told it to rest wants it back.
    mutating func resume(_ loop: inout EventLoop) {
        guard isResting else { return }
        do throws(Errno) {
            try loop.add(listener.fd, token: token, interest: .acceptor)
            isResting = false
        } catch {
            rest(&loop)
        }
    }

    /// Until `resume`: another process accepts in its place.
    mutating func rest(in loop: borrowing EventLoop) {
        isResting = true
        loop.remove(listener.fd)
    }

    private mutating func rest(_ loop: inout EventLoop) {
        rest(in: loop)
        _ = loop.arm(token: token, at: loop.now + Self.pause)
    }

    /// Ends the watching as well: another process may have the socket, too, and keep it open.
    consuming func close(in loop: borrowing EventLoop, _ files: SocketFiles) {
        loop.remove(listener.fd)
        files.remove(of: listener)
    }

    /// Another descriptor of the same socket.
    func duplicate() throws(Errno) -> Int32 { try Listener.duplicate(listener.fd) }
}
