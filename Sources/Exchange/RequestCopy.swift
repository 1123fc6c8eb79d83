public import HTTP1
public import Routing

/// A copy of a request on its way to a canary, whose answer is read and dropped.
///
/// Like `ExchangeMachine` it holds no socket and no clock, and is far less: all that goes out is there before it begins, and nobody
/// waits for what comes in. Its worker tells it what happens to its connection until `ending` says how it ended.
public final class RequestCopy {
    /// Bytes of an answer's body that are read so that its connection can serve again; one with more is closed.
    public static let maximumAnswer = 1 << 20

    /// How it ended.
    public struct Ending: Equatable, Sendable {
        /// Nil if the canary answered, with `status`.
        public let failure: Failure?
        public let status: UInt16
        /// The connection can serve another request.
        public let isReusable: Bool
    }

    public let snapshot: Snapshot
    /// The route's index in the snapshot's table.
    public let route: Int
    /// Index into the snapshot's backends.
    public let backend: Int
    /// What the backend's balancer is asked for.
    public let placement: Placement
    public private(set) var ending: Ending?
    /// All of the request is in it.
    var isWhole = false
    /// A header of the PROXY protocol, with which the connection begins, before TLS if that is spoken: it has to be a new one, and serves
    /// no other request. Empty if there is none.
    public let announcement: [UInt8]

    private let method: Method
    private var head: ByteBuffer
    private var body = ByteBuffer()
    private var sent = 0
    private var input = ByteBuffer()
    private var parser = ResponseParser()
    private var decoder = BodyDecoder(.none)
    private var interims = 0
    private var answerBytes = 0
    /// Of the final answer; 0 while there is none.
    private var status: UInt16 = 0
    private var isConnected = false
    private var isReused = false
    private var hasStoppedReading = false
    private var isReset = false
    /// The phase it is in must end by then.
    public private(set) var deadline = Instant.distantFuture

    init(
        head: consuming ByteBuffer, method: Method, of target: RequestDecider.Target, announcement: [UInt8] = [], _ snapshot: Snapshot
    ) {
        self.head = head
        self.announcement = announcement
        self.method = method
        self.snapshot = snapshot
        route = target.route
        backend = target.backend
        placement = target.placement
    }

    /// Adds to the body, as it goes out.
    /// - Parameter count: bytes that the whole body has; nil if that is not known.
    /// - Returns: false if there is no room.
    func append(_ bytes: Span<UInt8>, expecting count: Int?, _ pool: BufferPool) -> Bool {
        if !body.hasStorage {
            body = pool.take(.holding(count ?? snapshot.limits.mirrorBody + Self.framingRoom))
        }
        guard bytes.count <= body.space else { return false }
        body.append(bytes)
        return true
    }

    /// For the framing of a chunked body that is sent on in the pieces in which it arrives.
    private static let framingRoom = 1024

    func giveBack(to pool: BufferPool) {
        pool.give(&head)
        pool.give(&body)
        pool.give(&input)
    }

    // MARK: Connection

    /// Whether it goes by TLS.
    public var isSecured: Bool { snapshot.backends[backend].tls != nil }

    /// It is about to be connected.
    public func begin(now: Instant) { deadline = now + snapshot.timeouts.upstreamConnect }

    /// - Parameter reused: the connection has carried a request before, so it may fail through no fault of anybody.
    public func connected(reused: Bool, now: Instant) {
        isConnected = true
        isReused = reused
        // For all of it: nobody should hold a copy's place for longer by trickling.
        deadline = now + snapshot.timeouts.upstreamResponse
    }

    /// The connection, if there is one, is given up, and the copy is over.
    public func fail(_ failure: Failure) {
        guard ending == nil else { return }
        ending = Ending(failure: failure, status: 0, isReusable: false)
    }

    /// Whether a connection that failed was an old one whose end says nothing: then the copy begins anew, over a fresh connection.
    public func beginsAnew(now: Instant) -> Bool {
        guard let failure = ending?.failure, failure == .upstreamClosed || failure == .upstreamReset, isReused, input.isEmpty,
              status == 0, interims == 0, sent == 0 || method.isIdempotent
        else { return false }
        ending = nil
        sent = 0
        isConnected = false
        isReused = false
        hasStoppedReading = false
        isReset = false
        begin(now: now)
        return true
    }

    public func timedOut(now: Instant) {
        guard now >= deadline else { return }
        fail(isConnected ? .upstreamTimedOut : .connectTimedOut)
    }

    // MARK: Bytes out

    public var hasOutput: Bool { isConnected && ending == nil && !hasStoppedReading && sent < head.count + body.count }

    /// As `ExchangeMachine.transmit`.
    public func transmit(_ send: (_ first: Span<UInt8>, _ second: Span<UInt8>) -> Int) -> Int {
        let count = Self.show(head, body, after: sent, send)
        sent += count
        return count
    }

    private static func show(
        _ head: borrowing ByteBuffer, _ body: borrowing ByteBuffer, after sent: Int, _ send: (Span<UInt8>, Span<UInt8>) -> Int
    ) -> Int {
        let ofHead = min(sent, head.count)
        return send(head.bytes.extracting(droppingFirst: ofHead), body.bytes.extracting(droppingFirst: sent - ofHead))
    }

    /// Writing failed. It may have answered before it stopped reading.
    /// - Parameter reset: as for `ExchangeMachine.upstreamStoppedReading`.
    public func upstreamStoppedReading(reset: Bool) {
        hasStoppedReading = true
        isReset = isReset || reset
    }

    // MARK: Bytes in

    /// Lets `read` fill free space with bytes of the answer; it returns how many there were.
    public func receive(_ pool: BufferPool, _ read: (inout MutableSpan<UInt8>) -> Int) {
        if !input.hasStorage { input = pool.take(pool.isExhausted ? .head : .standard) }
        if input.space == 0 { input.compact() }
        let count = Self.fill(&input, read)
        guard count > 0, ending == nil else { return }
        // Nothing was asked: no answer to anything.
        guard sent > 0 else {
            input.removeAll()
            return fail(.upstreamClosed)
        }
        while ending == nil, status == 0 {
            guard readHead(pool) else { return }
        }
        dropBody()
    }

    private static func fill(_ buffer: inout ByteBuffer, _ read: (inout MutableSpan<UInt8>) -> Int) -> Int {
        var space = buffer.freeSpace
        let count = read(&space)
        if count > 0 { buffer.commit(count) }
        return count
    }

    /// False if more must come first.
    private func readHead(_ pool: BufferPool) -> Bool {
        switch Self.parse(input, with: &parser, answering: method) {
        case .incomplete:
            guard input.space == 0, input.start == 0 else { return false }
            // As much as any head may have fits in.
            if input.capacity < BufferPool.Size.standard.rawValue { pool.grow(&input, to: .standard) } else { fail(.badResponse) }
            return false
        case .failed:
            fail(.badResponse)
        case .complete(let length) where parser.head.isInterim:
            interims += 1
            input.consume(length)
            input.compact()
            if parser.head.status == 101 || interims > ExchangeMachine.maximumInterims { fail(.badResponse) }
            parser.reset()
        case .complete(let length):
            status = parser.head.status
            input.consume(length)
            decoder = BodyDecoder(parser.head.framing)
        }
        return true
    }

    private static func parse(
        _ input: borrowing ByteBuffer, with parser: inout ResponseParser, answering method: Method
    ) -> ParseProgress {
        parser.parse(input.bytes, answering: method)
    }

    private func dropBody() {
        while ending == nil {
            switch Self.next(of: &decoder, in: input) {
            case .data(let skip, let count):
                input.consume(skip + count)
                answerBytes += count
                if answerBytes > Self.maximumAnswer, !decoder.isComplete { answered(isReusable: false) }
            case .needMore(let skip):
                input.consume(skip)
                return
            case .end(let skip):
                input.consume(skip)
                let isAsked = sent == head.count + body.count
                answered(isReusable: isAsked && parser.head.isPersistent && input.isEmpty && announcement.isEmpty)
            case .failed:
                fail(.badResponse)
            }
        }
    }

    private static func next(of decoder: inout BodyDecoder, in input: borrowing ByteBuffer) -> BodyStep { decoder.next(input.bytes) }

    private func answered(isReusable: Bool) { ending = Ending(failure: nil, status: status, isReusable: isReusable) }

    /// The canary's end of the connection was closed (`reset`: it failed) and everything it sent was received.
    public func upstreamClosed(reset: Bool) {
        guard ending == nil else { return }
        let reset = reset || isReset
        if status > 0, !reset, decoder.finishAtEOF() { return answered(isReusable: false) }
        fail(reset ? .upstreamReset : .upstreamClosed)
    }
}
