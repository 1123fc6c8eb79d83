import HTTP1
import Reactor

/// One connection on which requests are answered whole, one at a time: the admin address, and the demo's origins.
final class WholeAnswerConnection {
    let socket: Socket
    var token = Token(slot: 0, generation: 0)
    var timer = TimerID.none
    /// The higher, the later it came, or its last request did; 0 while it lingers.
    var activity: UInt64 = 0
    /// Identifies the request that an answer from elsewhere belongs to.
    var request: UInt64 = 0
    var isWaiting = false
    /// Its client sends nothing more. It may be gone, or listen: only sending something could tell.
    private var isShut = false
    /// Nobody is there to listen.
    private(set) var isGone = false
    /// It has its next turn without an event.
    var isHurried = false
    private var input = ByteBuffer(capacity: BufferPool.Size.standard.rawValue)
    private var parser = RequestParser(limits: HeadLimits(requestLine: 4096, fieldBytes: 8192, fieldCount: 100))
    private var output: [UInt8] = []
    private var sent = 0
    private var closesAfterwards = false
    /// Not all of its last request was read.
    private var hasRefused = false
    /// See `AdminLoop+Lingering`; times are nanoseconds of the loop's clock.
    private(set) var isLingering = false
    private(set) var lingersSince: UInt64 = 0
    private(set) var lastDropped: UInt64 = 0
    /// Bytes.
    private(set) var dropped = 0
    /// Bytes of a request's body that are read; 0 reads none.
    private let bodyLimit: Int
    /// Waits for its body.
    private var unread: PlainRequest?
    private var body: [UInt8] = []
    private var decoder = BodyDecoder(.none)

    /// Without a `bodyLimit` no body is read: a request that brings one is the connection's last.
    init(_ socket: consuming Socket, bodyLimit: Int = 0) {
        self.socket = socket
        self.bodyLimit = bodyLimit
    }

    /// An event's news.
    func note(_ readiness: Readiness) {
        if readiness.contains(.readClosed) { isShut = true }
        if !readiness.isDisjoint(with: [.hangUp, .error]) { isGone = true }
    }

    /// Whether it may be closed when there are too many.
    var mayMakeRoom: Bool { !isWaiting || hasMore || isShut }

    /// Among those: the lowest goes first.
    var importance: UInt64 { isWaiting && isShut ? 0 : activity }

    enum Input {
        case request(PlainRequest)
        case malformed(status: UInt16)
        /// The body is larger than it may be.
        case tooLarge
        case incomplete
        case ended
    }

    /// Reads what has come; a request is returned once it is complete.
    func read() -> Input {
        while true {
            switch unread == nil ? parse() : readBody() {
            case .incomplete: break
            case .malformed(let status): return refuse(.malformed(status: status))
            case .tooLarge: return refuse(.tooLarge)
            case let result: return result
            }
            if input.space == 0 { return refuse(.malformed(status: 431)) }
            switch receive() {
            case .bytes: continue
            case .wouldBlock: return .incomplete
            case .endOfStream, .failed: return .ended
            }
        }
    }

    private func refuse(_ input: Input) -> Input {
        hasRefused = true
        return input
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
            let framing = parser.head.framing
            let skipsBody = framing != .none && bodyLimit == 0
            let waits = parser.head.expectsContinue
            closesAfterwards = !parser.head.isPersistent || parser.head.minorVersion == 0 || skipsBody
            input.consume(length)
            input.compact()
            parser.reset()
            if skipsBody || framing == .none { return .request(request) }
            if case .length(let count) = framing, count > bodyLimit { return .tooLarge }
            if waits, input.isEmpty, !sendContinue() { return .ended }
            unread = request
            decoder = BodyDecoder(framing)
            return readBody()
        }
    }

    private func sendContinue() -> Bool {
        let line = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
        if case .bytes(line.count) = socket.send(line.span) { return true }
        return false
    }

    private func readBody() -> Input {
        while var request = unread {
            switch decoder.next(input.bytes) {
            case .data(let skip, let count):
                guard body.count + count <= bodyLimit else { return .tooLarge }
                input.consume(skip)
                Self.append(input, count, to: &body)
                input.consume(count)
            case .needMore(let skip):
                input.consume(skip)
                input.compact()
                return .incomplete
            case .end(let skip):
                input.consume(skip)
                input.compact()
                unread = nil
                swap(&request.body, &body)
                return .request(request)
            case .failed(let error):
                return .malformed(status: error.status)
            }
        }
        return .incomplete
    }

    private static func parse(_ input: borrowing ByteBuffer, with parser: inout RequestParser) -> ParseProgress {
        parser.parse(input.bytes)
    }

    private static func append(_ input: borrowing ByteBuffer, _ count: Int, to body: inout [UInt8]) {
        let piece = input.bytes.extracting(first: count)
        for index in piece.indices { body.append(piece[index]) }
    }

    // MARK: Lingering

    /// What nobody will answer, behind the last request.
    var mayBringMore: Bool { hasRefused || hasMore }

    func beginLinger(at now: UInt64) {
        isLingering = true
        lingersSince = now
        lastDropped = now
        activity = 0
    }

    /// Reads bytes that nobody wants.
    func readAside(at now: UInt64) -> IOResult {
        input.removeAll()
        let result = receive()
        if case .bytes(let count) = result {
            lastDropped = now
            dropped += count
        }
        return result
    }

    // MARK: Answering

    func answer(_ answer: WholeAnswer, isHead: Bool, closes: Bool) {
        if closes { closesAfterwards = true }
        isWaiting = false
        output = answer.bytes(isHead: isHead, closes: closesAfterwards)
        sent = 0
    }

    var hasOutput: Bool { sent < output.count }

    /// Something has come behind the request that is being answered.
    var hasMore: Bool { !input.isEmpty }

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
