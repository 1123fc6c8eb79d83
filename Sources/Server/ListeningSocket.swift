import Exchange
import Reactor

/// One worker's share of a listening address.
final class ListeningSocket {
    let listener: Listener
    let place: Int
    /// What to do with who comes.
    var configured: ProcessSettings.Listener
    /// Whether other workers wait on the same socket.
    let isShared: Bool
    let role: SocketRole
    var token = Token(slot: 0, generation: 0)
    /// Descriptors ran out: nothing is accepted until the timer fires.
    var isPaused = false

    /// Takes the descriptor over, unless it throws.
    init(_ handed: HandedSocket) throws(Errno) {
        listener = try Listener(adopting: handed.fd, ownsSocketFile: handed.ownsFile)
        place = handed.place
        configured = handed.configured
        isShared = handed.isShared
        role = handed.role
    }

    var interest: Interest { isShared ? .sharedAcceptor : .acceptor }
}
