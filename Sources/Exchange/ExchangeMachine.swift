public import Addressing
import HTTP1
public import Routing

/// The life of one request after another on a client's connection: events and bytes in, actions and bytes out.
///
/// A class, because a struct of this size is copied whole for every question that another module asks it.
///
/// No socket, no clock and no randomness in here: the worker reads into it, writes out of it, tells it the time and does what
/// `nextAction` asks. Each request ends in exactly one `finish`. The parts: `+Request` (head, routing), `+Upstream`
/// (connecting, failing, trying again), `+Response` (head, body, end), `+Compression`, `+Memory` (no room for
/// it), `+Deadlines` (what may take how long), `+Log`.
public final class ExchangeMachine {
    /// Connections one request may ask for, where its route's `RetryRule` allows so many; all lead to the version that was chosen. As
    /// many more if the stable version stands in for a canary that failed.
    public static let maximumAttempts = RetryRule.maximumTries
    /// Interim responses one request may get before the upstream counts as broken (http-edge duty 40).
    public static let maximumInterims = 16
    /// What is received into at first: of a client whatever it takes to make a head out of, since anybody may begin one; of an upstream
    /// much at a time.
    private static let requestBlock = BufferPool.Size.head, responseBlock = BufferPool.Size.standard
    /// Bytes of them that may wait for a slow client.
    public static let maximumInterimBytes = BufferPool.Size.standard.rawValue

    let context: ExchangeContext
    let pool: BufferPool
    var snapshot: Snapshot
    var client: ClientIdentity
    /// Of the connection that was begun with, if they are known.
    public var ends: ConnectionEnds?
    /// What the client has shown; nil if it was not asked.
    var clientCertificate: ClientCertificate?

    // What every step looks at comes first and lies together; what only one of them needs, behind it.
    public internal(set) var phase = Phase.readingHead
    public internal(set) var disposition = Disposition.keepAlive
    /// Bytes were received and not acted on yet.
    var hasUndigested = (client: false, upstream: false)
    /// `target` has been decided on.
    var hasTarget = false

    /// Copies of the request for canaries, as long as its body is still arriving.
    var copies: [RequestCopy] = []

    // What the client's connection can still do.
    var clientHasClosed = false
    var mayPersist = true
    /// The answer is incomplete: cut the connection once the rest is flushed.
    var mustCut = false

    // What the upstream's connection can still do.
    var hasUpstream = false
    var upstreamIsReused = false
    /// As a write to it has shown.
    var upstreamIsReset = false
    var upstreamPersists = false
    /// It gets a header of the PROXY protocol, so that it must be a new one, and serves no other request.
    public internal(set) var announcesClient = false
    /// That header where the upstream speaks TLS: it goes ahead of the handshake, on each connection anew. Only while `announcesClient`.
    public internal(set) var announcement: [UInt8] = []
    var requestWasCutShort = false
    var responseHeadIsDone = false
    /// The response's framing shows where it ends, so that an early end of the connection shows, too.
    var responseIsDelimited = true
    /// The response goes through `Relay.gzip`: `flush` may have something to do.
    public internal(set) var isCompressing = false

    // Actions that wait to be asked for.
    /// Whether any of those below is set: spares asking for each.
    public internal(set) var hasActions = false
    /// Whether it is reusable.
    var wantsRelease: Bool? { didSet { hasActions = true } }
    var wantsShutdown: (client: Bool, upstream: Bool) = (false, false) { didSet { hasActions = true } }
    var isShutDown: (client: Bool, upstream: Bool) = (false, false)
    var wantsFinish = false { didSet { hasActions = true } }
    var wantsConnect: (backend: Int, fresh: Bool)? { didSet { hasActions = true } }
    /// It has lost an old connection, and is about to ask for a new one to the same upstream.
    public var wantsFreshConnection: Bool { wantsConnect?.fresh == true }

    // Times, see +Deadlines.
    /// With its first byte; while that is waited for, with the waiting.
    var headBegan: Instant
    var connectBegan: Instant
    /// Since then it has been waiting for its turn, not for a connection.
    var waitsForTurn = false
    var lastClientRead: Instant
    var lastClientWrite: Instant
    var lastUpstreamProgress: Instant

    /// Client to upstream, and upstream to client.
    var request = Relay()
    var response = Relay()
    public internal(set) var summary = Summary()

    /// What was decided, if `hasTarget`. No optional, because every look into one that is as big as this copies it.
    var target = RequestDecider.Target.nowhere
    /// What names the endpoint to a client that is to have a new session cookie; nil keeps its cookie.
    var sessionKey: SessionKey?
    /// The same for every upstream that one request is sent to.
    var requestID: (UInt64, UInt64) = (0, 0)
    /// Those of a canary that the stable version stands in for.
    var earlierAttempts = 0
    /// Not taken yet.
    var setback: Setback?
    var interims = 0
    /// One of them was a 100: a client that has waited for it sends its body now.
    var hasContinued = false

    var parser: RequestParser
    var responseParser: ResponseParser
    /// What the parsers fill.
    let head: RequestHead
    let responseHead: ResponseHead

    public init(context: ExchangeContext, snapshot: Snapshot, client: ClientIdentity, now: Instant) {
        self.context = context
        self.snapshot = snapshot
        self.client = client
        parser = RequestParser(limits: Self.headLimits(snapshot.limits))
        responseParser = ResponseParser(limits: Self.headLimits(snapshot.limits))
        pool = context.pool
        head = parser.head
        responseHead = responseParser.head
        headBegan = now
        connectBegan = now
        lastClientRead = now
        lastClientWrite = now
        lastUpstreamProgress = now
    }

    deinit {
        request.giveAllBack(to: pool)
        response.giveAllBack(to: pool)
    }

    /// Of the blocks that it holds.
    public var blockBytes: Int { request.blockBytes + response.blockBytes }

    static func headLimits(_ limits: Limits) -> HeadLimits {
        HeadLimits(requestLine: limits.requestLine, fieldBytes: limits.headerBytes, fieldCount: limits.headerFields)
    }

    // MARK: Beginning and ending

    /// What the next request is served by. Not while one is under way: it keeps the snapshot it began with.
    public func use(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        parser.limits = Self.headLimits(snapshot.limits)
        responseParser.limits = parser.limits
    }

    /// Takes up a connection on which a first byte is expected. The machine must be new or `retired`.
    public func begin(client: ClientIdentity, now: Instant) {
        self.client = client
        if ends != nil { ends = nil }
        clientHasClosed = false
        start(now)
    }

    /// After a `finish` with `Disposition.keepAlive`: expects the next request, whose first bytes may have arrived already.
    public func beginNext(now: Instant) {
        assert(phase == .finished, "a request ends before the next one begins")
        request.reset(keepingInput: true)
        response.reset(keepingInput: false)
        start(now)
        if !request.input.isEmpty { clientBytesArrived(now) }
    }

    private func start(_ now: Instant) {
        parser.reset()
        responseParser.reset()
        phase = .readingHead
        hasTarget = false
        sessionKey = nil
        earlierAttempts = 0
        setback = nil
        summary = Summary()
        summary.began = now
        disposition = .keepAlive
        mayPersist = true
        mustCut = false
        hasUpstream = false
        upstreamIsReused = false
        upstreamPersists = false
        announcesClient = false
        requestWasCutShort = false
        responseHeadIsDone = false
        responseIsDelimited = true
        interims = 0
        hasContinued = false
        wantsConnect = nil
        wantsRelease = nil
        wantsShutdown = (false, false)
        isShutDown = (false, false)
        wantsFinish = false
        hasActions = false
        hasUndigested = (false, false)
        headBegan = now
        lastClientRead = now
        lastClientWrite = now
        lastUpstreamProgress = now
    }

    /// Ends the connection's hold on the machine, which may `begin` with another one later. Keeps blocks of the usual sizes, so
    /// that one request after another takes none from the pool; none where others need them.
    public func retire() {
        // It may be long, and the next client's is another one.
        if clientCertificate != nil { clientCertificate = nil }
        request.reset(keepingInput: false)
        response.reset(keepingInput: false)
        guard !pool.isExhausted else {
            request.giveAllBack(to: pool)
            return response.giveAllBack(to: pool)
        }
        request.giveBack(to: pool, unless: Self.requestBlock)
        response.giveBack(to: pool, unless: Self.responseBlock)
    }

    /// Nothing of a next request has arrived, so the connection can wait without a machine.
    public var isIdle: Bool { phase == .readingHead && request.input.isEmpty && !clientHasClosed }

    /// After a `finish`: bytes of a next request have arrived already.
    public var hasNextRequest: Bool { !request.input.isEmpty }

    /// What the balancer of the backend that was asked for is told.
    public var placement: Placement { hasTarget ? target.placement : .anywhere }

    /// Whether a client whose endpoint fails is to have another one for good (`session-cookie-change-on-failure`).
    public var changesSessionOnFailure: Bool {
        guard hasTarget else { return false }
        return snapshot.routes.routes[target.route].affinity?.affinity(of: target.version)?.changesOnFailure ?? false
    }

    /// An id for a client that has none.
    public func makeClientID() -> ClientID { context.makeClientID() }

    /// The endpoint that was leased is what `key` names; the client is told by its session cookie. Nil: it knows already.
    public func assign(_ key: SessionKey?) { sessionKey = key }

    /// A request has at least begun to arrive.
    public var hasBegun: Bool { phase != .readingHead || parser.hasStarted }

    // MARK: Bytes in

    /// Whether bytes of this side have a place to go; while false, the worker leaves them in the socket (back-pressure).
    public func wantsBytes(from side: Side) -> Bool {
        switch (side, phase) {
        case (.client, .readingHead):
            true
        case (.client, .connecting), (.client, .forwarding), (.client, .tunnelling):
            !request.isSourceComplete && !request.isSourceClosed && !requestWasCutShort && request.hasRoomForMore(pool)
        case (.upstream, .forwarding), (.upstream, .tunnelling):
            hasUpstream && !response.isSourceComplete && !response.isSourceClosed && response.hasRoomForMore(pool)
        default:
            false
        }
    }

    /// Lets `read` fill free space with bytes of `side`; it returns how many there were. They are acted on by `digest`, so that
    /// a worker can read many sockets in a row before it works on what they said.
    /// Returns whether the space was filled to its end, so that there may be more.
    public func receive(from side: Side, now: Instant, _ read: (inout MutableSpan<UInt8>) -> Int) -> Bool {
        let hasRoom = side == .client
            ? request.prepareInput(pool, beginningWith: Self.requestBlock)
            : response.prepareInput(pool, beginningWith: Self.responseBlock)
        guard hasRoom else { return false }
        if side == .client {
            let isFirst = request.input.isEmpty
            guard let filled = Self.fill(&request.input, read) else { return false }
            // A head begins with whatever comes first, be it a blank line. In later phases nobody looks at it.
            if isFirst { headBegan = now }
            request.wasFilled = filled
            lastClientRead = now
            hasUndigested.client = true
            return filled
        }
        guard let filled = Self.fill(&response.input, read) else { return false }
        response.wasFilled = filled
        lastUpstreamProgress = now
        hasUndigested.upstream = true
        return filled
    }

    /// Acts on the bytes that were received since the last time.
    public func digest(now: Instant) {
        if hasUndigested.client {
            hasUndigested.client = false
            clientBytesArrived(now)
        }
        if hasUndigested.upstream {
            hasUndigested.upstream = false
            upstreamBytesArrived(now)
        }
    }

    /// Whether the free space was filled whole, or nil if nothing was read.
    private static func fill(_ buffer: inout ByteBuffer, _ read: (inout MutableSpan<UInt8>) -> Int) -> Bool? {
        var space = buffer.freeSpace
        let room = space.count
        let count = read(&space)
        guard count > 0 else { return nil }
        buffer.commit(count)
        return count == room
    }

    func clientBytesArrived(_ now: Instant) {
        switch phase {
        case .readingHead: readRequestHead(now)
        case .connecting, .forwarding: pumpRequest(now)
        case .tunnelling: _ = request.pump(pool)
        case .answering, .finished: break
        }
    }

    // MARK: Bytes out

    public func hasOutput(for side: Side) -> Bool {
        switch side {
        case .client: response.pendingCount > 0
        case .upstream: hasUpstream && !requestWasCutShort && request.pendingCount > 0
        }
    }

    /// Whether there are bytes for either side.
    public var hasOutput: Bool { hasOutput(for: .client) || hasOutput(for: .upstream) }

    /// Shows `send` the bytes that wait for `side`, in two pieces of which either may be empty; it returns how many it took.
    /// Returns that number.
    public func transmit(
        to side: Side, now: Instant, _ send: (_ first: Span<UInt8>, _ second: Span<UInt8>) -> Int
    ) -> Int {
        let sent: Int
        if side == .client {
            sent = response.send(send)
            guard sent > 0 else { return 0 }
            lastClientWrite = now
            pumpResponse(now)
            // While the client's slowness kept us from reading, the upstream's time stood still, and the other way round.
            if response.pendingCount == 0 { lastUpstreamProgress = now }
        } else {
            sent = request.send(send)
            guard sent > 0 else { return 0 }
            lastUpstreamProgress = now
            pumpRequest(now)
            if request.pendingCount == 0 { lastClientRead = now }
        }
        return sent
    }

    // MARK: Actions out

    public func nextAction() -> Action? {
        if let release = wantsRelease {
            wantsRelease = nil
            hasUpstream = false
            return .releaseUpstream(reusable: release)
        }
        if let connect = wantsConnect {
            wantsConnect = nil
            summary.attempts += 1
            return .connect(backend: connect.backend, fresh: connect.fresh)
        }
        if wantsShutdown.upstream {
            wantsShutdown.upstream = false
            return .shutdownWrite(.upstream)
        }
        if wantsShutdown.client {
            wantsShutdown.client = false
            return .shutdownWrite(.client)
        }
        if wantsFinish {
            wantsFinish = false
            return .finish
        }
        hasActions = false
        return nil
    }

    public func checkInvariants() {
        request.checkInvariants()
        response.checkInvariants()
        assert(isCompressing == (response.gzip != nil), "a stream is given back when its response is over")
        assert(phase != .connecting || hasTarget, "an upstream is asked for by a decision")
        assert(phase != .finished || !hasUpstream || wantsRelease != nil, "a finished request keeps no upstream")
        assert(earlierAttempts <= Self.maximumAttempts, "attempts are bounded")
        assert(summary.attempts - earlierAttempts <= Self.maximumAttempts, "attempts are bounded")
    }
}
