import HTTP1
import Reactor

/// One connection on which requests are answered whole, one at a time: the admin address, and the demo's origins.
final class WholeAnswerConnection {
    let socket: Socket
    var token = Token(slot: 0, generation: 0)
    var timer = TimerID.none
    /// Identifies the request that an answer from elsewhere belongs to.
    var request: UInt64 = 0
    var isWaiting = false
    private var input = ByteBuffer(capacity: BufferPool.Size.standard.rawValue)
    private var parser = RequestParser(limits: HeadLimits(requestLine: 4096, fieldBytes: 8192, fieldCount: 100))
    private var output: [UInt8] = []
    private var sent = 0
    private var closesAfterwards = false

    init(_ socket: consuming Socket) {
        self.socket = socket
    }

    enum Input {
        case request(PlainRequest)
        case malformed(status: UInt16)
        case incomplete
        case ended
    }

    /// Reads what has come; a request is returned once its head is complete.
    func read() -> Input {
        while true {
            switch parse() {
            case .incomplete: break
            case let result: return result
            }
            if input.space == 0 { return .malformed(status: 431) }
            switch receive() {
            case .bytes: continue
            case .wouldBlock: return .incomplete
            case .endOfStream, .failed: return .ended
            }
        }
    }

    private func receive() -> IOResult {
        var space = input.freeSpace
        let result = socket.receive(into: &space)
        if case .bytes(let count) = result { input.commit(count) }
        return result
    }

    private func parse() -> Input {
        guard !input.isEmpty else { return .incomplete }
        switch Self.parse(input, with: &parser) {
        case .incomplete:
            return .incomplete
        case .failed(let error):
            return .malformed(status: error.status)
        case .complete(let length):
            let request = PlainRequest(parser.head, in: input)
            // Bodies are not read: a request that brings one is the connection's last.
            closesAfterwards = !parser.head.isPersistent || parser.head.minorVersion == 0 || parser.head.framing != .none
            input.consume(length)
            input.compact()
            parser.reset()
            return .request(request)
        }
    }

    private static func parse(_ input: borrowing ByteBuffer, with parser: inout RequestParser) -> ParseProgress {
        parser.parse(input.bytes)
    }

    // MARK: Answering

    func answer(_ answer: WholeAnswer, isHead: Bool, closes: Bool) {
        if closes { closesAfterwards = true }
        isWaiting = false
        output = answer.bytes(isHead: isHead, closes: closesAfterwards)
        sent = 0
    }

    var hasOutput: Bool { sent < output.count }

    /// Writes what fits. False when the connection is over: broken, or closed after its last answer.
    func write() -> Bool {
        let bytes = output
        while hasOutput {
            switch socket.send(bytes.span.extracting(droppingFirst: sent)) {
            case .bytes(let count): sent += count
            case .wouldBlock: return true
            case .endOfStream, .failed: return false
            }
        }
        output = []
        sent = 0
        guard closesAfterwards else { return true }
        socket.shutdownWrite()
        return false
    }
}
