import Exchange
import Reactor

/// One worker's share of a listening address.
final class ListeningSocket {
    let listener: Listener
    /// As configured: what a reload compares.
    let configured: ProcessSettings.Listener
    /// Whether other workers wait on the same socket.
    let isShared: Bool
    var token = Token(slot: 0, generation: 0)
    /// Descriptors ran out: nothing is accepted until the timer fires.
    var isPaused = false

    init(_ listener: consuming Listener, configured: ProcessSettings.Listener, isShared: Bool) {
        self.listener = listener
        self.configured = configured
        self.isShared = isShared
    }

    var interest: Interest { isShared ? .sharedAcceptor : .acceptor }
}
