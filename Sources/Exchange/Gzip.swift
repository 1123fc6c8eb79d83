import CZlib
import HTTP1

/// One response's way through gzip (RFC 1952), in as many steps as its bytes and the room for them need.
@safe
final class Gzip {
    /// What has to come out of what was taken in, before anything else is taken.
    enum Goal {
        /// Nothing yet: zlib waits for more, as that compresses better.
        case none
        /// All of it, so that the client can read it (Z_SYNC_FLUSH).
        case flush
        /// All of it, and the end of the stream.
        case end

        fileprivate var code: Int32 {
            switch self {
            case .none: Z_NO_FLUSH
            case .flush: Z_SYNC_FLUSH
            case .end: Z_FINISH
            }
        }
    }

    /// What zlib keeps for a stream: the window and its links, 64 KiB each, the same again for hashes and for output, and a little.
    static let memory = 264 << 10

    let level: Int
    private let stream: UnsafeMutablePointer<z_stream>
    var goal = Goal.none
    private(set) var bytesIn = 0
    private(set) var bytesOut = 0
    /// The stream's header, which zlib writes with the first bytes it takes, but which shall not go out without any of them.
    private var header = InlineArray<10, UInt8>(repeating: 0)
    private var isHeaderOwed = false
    /// Bytes were taken since all that was taken came out.
    private(set) var keepsBack = false
    /// Nothing has come since it was first asked whether to wait for more.
    var hasWaited = false

    /// Nil if there is no memory for it.
    init?(level: Int) {
        // Null if there is no memory.
        guard let stream = unsafe zlib_open_gzip(Int32(truncatingIfNeeded: level)) else { return nil }
        unsafe self.stream = stream
        self.level = level
    }

    deinit {
        // The stream is this object's alone.
        unsafe zlib_close(stream)
    }

    /// Back to the beginning of another response; false if zlib does not agree.
    func reset() -> Bool {
        goal = .none
        bytesIn = 0
        bytesOut = 0
        isHeaderOwed = false
        keepsBack = false
        hasWaited = false
        // The stream is open as long as this object lives.
        return unsafe zlib_reset(stream) != 0
    }

    enum Step {
        /// `taken` bytes of the input are done with, and with `isDone` all of it is, and the goal is reached.
        case moved(taken: Int, isDone: Bool)
        /// zlib found its own state broken.
        case failed
    }

    /// Takes from `input` and appends to `output`, at most `room` bytes, for which there must be space.
    func step(_ input: Span<UInt8>, to output: inout ByteBuffer, room: Int) -> Step {
        var free = output.freeSpace
        let owed = isHeaderOwed ? header.count : 0
        let room = max(0, min(room, free.count) - owed)
        let code = goal.code
        // zlib reads within the input and writes within the space, behind what is owed, during the call only.
        let step = unsafe input.withUnsafeBufferPointer { input in
            unsafe free.withUnsafeMutableBufferPointer { free in
                unsafe zlib_deflate(stream, input.baseAddress, input.count, free.baseAddress.map { unsafe $0 + owed }, room, code)
            }
        }
        guard step.has_failed == 0 else { return .failed }
        if isHeaderOwed, step.made > 0 {
            for index in header.indices { free[index] = header[index] }
            isHeaderOwed = false
            output.commit(owed + step.made)
        } else if goal == .none, bytesOut == 0, step.made == header.count {
            for index in header.indices { header[index] = free[index] }
            isHeaderOwed = true
        } else {
            output.commit(step.made)
        }
        bytesIn &+= step.taken
        bytesOut &+= step.made
        if step.taken > 0 {
            keepsBack = true
            hasWaited = false
        }
        let isDone = goal == .end ? step.has_ended != 0 : step.taken == input.count && step.made < room
        if isDone, goal != .none { keepsBack = false }
        return .moved(taken: step.taken, isDone: isDone)
    }
}
