import FixedRandomness
import Glibc
import TLS

/// A session of the TLS rim with a real socket, whose far end the test holds, and what it is used for: it says its text, then
/// goodbye, and hears the other's until that ends.
final class SecureEnd {
    /// What came of it. Whatever the pieces in which bytes arrive, it is the same.
    struct Outcome: Equatable {
        var isEstablished = false
        var isResumed = false
        /// What was heard.
        var text: [UInt8] = []
        /// `.closed` or `.failed`, sooner or later.
        var end: TLSOutcome?
    }

    let session: TLSSession
    private(set) var outcome = Outcome()
    /// What it broke, if it broke a rule.
    private(set) var problem: String?
    /// It has heard all, and said all that it could.
    var isDone: Bool { outcome.end.map { $0 != .closed || hasSaidGoodbye } ?? false }

    private let near: Int32
    private let far: Int32
    private let source: Int32
    private let room: Int
    /// Edge-triggered, as a worker's.
    private var isReadable = false
    private var unsaid: ArraySlice<UInt8>
    private var hasSaidGoodbye = false

    /// - Parameters:
    ///   - source: of randomness.
    ///   - room: bytes that are read at a time.
    ///   - isNarrow: the socket takes few bytes before somebody reads them.
    init(source: Int32, saying text: [UInt8], room: Int, isNarrow: Bool, _ make: (_ fd: Int32) -> TLSSession?) {
        var ends: (Int32, Int32) = (0, 0)
        // The kernel writes two descriptors.
        let result = unsafe withUnsafeMutablePointer(to: &ends) {
            unsafe socketpair(
                AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, UnsafeMutableRawPointer($0).assumingMemoryBound(to: Int32.self))
        }
        precondition(result == 0, "a socket pair")
        (near, far) = ends
        var size: Int32 = 1
        // The kernel reads the number during the call, and makes the least of it that it allows.
        if isNarrow { _ = unsafe setsockopt(near, SOL_SOCKET, SO_SNDBUF, &size, 4) }
        (self.source, self.room) = (source, room)
        unsaid = text[...]
        fixed_randomness_select(source)
        guard let made = make(near) else { preconditionFailure("memory for a session") }
        session = made
    }

    deinit {
        close(near)
        close(far)
    }

    // MARK: The far end

    /// Puts bytes on the line; how many it took.
    func give(_ bytes: ArraySlice<UInt8>) -> Int {
        if bytes.isEmpty { return 0 }
        // The kernel reads the bytes during the call.
        let count = max(0, unsafe bytes.withUnsafeBytes { unsafe send(far, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) })
        if count > 0 { noteEvent() }
        return count
    }

    /// No more bytes follow.
    func giveEnd() {
        shutdown(far, Int32(SHUT_WR))
        noteEvent()
    }

    private func noteEvent() {
        isReadable = true
        session.noteArrival()
    }

    /// What it has put on the line, and whether that was all.
    func take() -> (bytes: [UInt8], isEnd: Bool) {
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 32 << 10)
        while true {
            // The kernel writes at most as many bytes as there is room for.
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe recv(far, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return (all, count == 0) }
            all += bytes.prefix(count)
        }
    }

    // MARK: The near end

    /// As far as it goes now, as a worker does it.
    /// - Parameter reads: so many at most, as if there were no room for more.
    func goOn(reads: Int = .max) {
        fixed_randomness_select(source)
        if outcome.end == nil, !outcome.isEstablished { shakeHands() }
        // Who is told that no more follows may still answer.
        if outcome.isEstablished, !hasFailed { speak() }
        if outcome.isEstablished, outcome.end == nil { hear(reads) }
        if hasFailed {
            checkThatItStaysSo()
            sayGoodbye()
        }
    }

    private var hasFailed: Bool {
        if case .failed? = outcome.end { true } else { false }
    }

    private func shakeHands() {
        switch session.handshake() {
        case .bytes(let count):
            if count != 0 { problem = "a handshake of \(count) bytes" }
            isReadable = session.mayHaveMore
            if !isReadable, hasUnread { problem = "the handshake leaves what it does not speak of" }
            outcome.isEstablished = true
            outcome.isResumed = session.isResumed
        case .wantsRead, .wantsWrite, .noMemory: break
        case .closed: problem = "a handshake is closed"
        case .failed(let failure): outcome.end = .failed(failure)
        }
    }

    private func speak() {
        while !unsaid.isEmpty {
            let result = session.send(unsaid.span)
            guard case .bytes(let count) = result else {
                if case .failed = result { outcome.end = result }
                if result == .closed { problem = "writing is closed" }
                return
            }
            guard 1...TLSSession.recordSize ~= count else { return problem = "\(count) bytes written" }
            unsaid = unsaid.dropFirst(count)
        }
        sayGoodbye()
    }

    private func sayGoodbye() {
        guard !hasSaidGoodbye, session.sayGoodbye() else { return }
        hasSaidGoodbye = true
        shutdown(near, Int32(SHUT_WR))
    }

    private func hear(_ reads: Int) {
        var space = [UInt8](repeating: 0, count: room)
        var left = reads
        while isReadable, left > 0, problem == nil {
            left -= 1
            var span = space.mutableSpan
            switch session.receive(into: &span) {
            case .bytes(let count):
                guard 1...room ~= count else { return problem = "\(count) bytes read" }
                outcome.text += space.prefix(count)
                isReadable = session.mayHaveMore
                // No event would come for them.
                if !isReadable, hasUnread { problem = "what is unread is not spoken of" }
            case .wantsRead:
                isReadable = false
                if hasUnread { problem = "it waits for what is there" }
            case .wantsWrite: return
            case let end:
                outcome.end = end
                return
            }
        }
    }

    /// Whether the socket holds something for it.
    private var hasUnread: Bool {
        var byte: UInt8 = 0
        // The kernel writes one byte at most, and leaves it where it is.
        return unsafe recv(near, &byte, 1, Int32(MSG_PEEK)) > 0
    }

    /// Nothing comes of a session that has failed, whatever it is asked.
    private func checkThatItStaysSo() {
        var space = [UInt8](repeating: 0, count: 100)
        var span = space.mutableSpan
        let again = [session.handshake(), session.receive(into: &span), session.send([1, 2, 3].span)]
        if again.contains(where: { $0 != outcome.end }) { problem = "\(String(describing: outcome.end)), then \(again)" }
    }
}
