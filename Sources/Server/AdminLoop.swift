import Addressing
import Exchange
import HTTP1
import Reactor
import Routing
import Telemetry

/// The admin thread's loop and what it answers from.
final class AdminLoop {
    struct Start: Sendable {
        let hosts: [String]
        let version: String
        let beginning: StartingPoint
        let counts: ProcessCounts
        let socketFiles: SocketFiles
        let role: SocketRole
        /// Whether another process answers on the same socket until this one serves.
        let waitsForItsTurn: Bool
        /// Of connections, in nanoseconds.
        let idleLimit: UInt64
        /// Of the log, so far.
        let logLinesLost: @Sendable () -> Int
        let inbox: AdminMailbox
        let supervisor: Mailbox<SupervisorMessage>
    }

    /// Connections at a time, of those that `DescriptorBudget` reserves; the address is for operators and scrapers.
    private static let maximumConnections = 32
    /// Reloads that somebody asked for and that have not ended: half of the connections, so that liveness and metrics are answered
    /// however many callers wait. Those that have left count, too: what the supervisor has to keep is bounded.
    private static let maximumReloads = 16
    /// Bytes of a request's body: twice the fields that a request may have by default (`Limits.headerBytes`).
    private static let maximumBody = 64 << 10

    let start: Start
    /// nil once another process listens in its place.
    private var listener: RestingListener?
    var loop: EventLoop
    private var connections = Slab<WholeAnswerConnection>()
    private let mailToken = Token(slot: .max, generation: 1)
    private let listenToken = Token(slot: .max, generation: 2)

    /// Those that run, by index.
    var workers: [Int: Mailbox<WorkerMessage>] = [:]
    /// The last counts of those that have ended: no counter goes backwards during a graceful stop.
    var lastCounts: [Int: WorkerCounts] = [:]
    var snapshot: Snapshot
    private var inactive: [RouteReport.InactiveCanary]
    private var standing = Standing.starting
    /// Whether this is the process that answers here, of those that have the socket.
    private var answers: Bool
    private var isRunning = true
    var process = ProcessMetrics()
    private var requests: UInt64 = 0
    private var waiting: [UInt64: Token] = [:]
    /// Those asked of the supervisor.
    private var reloads = 0
    /// Those that have more to be served, in the next turn.
    private var hurried: [Token] = []
    private var activities: UInt64 = 0
    /// See `+Metrics`.
    var scrapes: [UInt64: Scrape] = [:]

    /// Of the process, for `/readyz`.
    private enum Standing {
        case starting, serving, stopping

        var answer: WholeAnswer {
            switch self {
            case .starting: .text(503, "starting")
            case .serving: .text(200, "ok")
            case .stopping: .text(503, "stopping")
            }
        }
    }

    static func run(_ start: Start, _ descriptor: Int32) {
        do throws(Errno) {
            let listener = try Listener(adopting: descriptor, ownsSocketFile: !start.role.isActivated)
            let events: EventLoop
            do throws(Errno) {
                events = try EventLoop()
            } catch {
                start.socketFiles.remove(of: listener)
                throw error
            }
            let loop = try AdminLoop(start, listener, events)
            start.supervisor.post(.ready)
            loop.run()
        } catch {
            start.supervisor.post(.startFailed(error))
        }
    }

    private init(_ start: Start, _ bound: consuming Listener, _ events: consuming EventLoop) throws(Errno) {
        self.start = start
        snapshot = start.beginning.content.snapshot
        inactive = start.beginning.content.inactiveCanaries
        try events.add(start.inbox.wakeUp.fd, token: mailToken, interest: .acceptor)
        answers = !start.waitsForItsTurn
        listener = try RestingListener(bound, token: listenToken, in: events, isResting: start.waitsForItsTurn)
        loop = events
        process.version = start.version
        process.startTime = UInt64(max(SystemClock.wallClockSeconds(), 0))
        process.lastSuccessfulReload = process.startTime
    }

    // MARK: Loop

    private func run() {
        while isRunning {
            let turn = hurried
            hurried.removeAll(keepingCapacity: true)
            loop.wait(atMostMilliseconds: turn.isEmpty ? nil : 0)
            while let event = loop.nextEvent() {
                if event.token == listenToken {
                    accept()
                } else if event.token == mailToken {
                    for message in start.inbox.takeAll() { handle(message) }
                } else if let connection = connections[event.token] {
                    connection.note(event.readiness)
                    if !connection.isHurried { serve(connection) }
                }
            }
            for token in turn {
                guard let connection = connections[token] else { continue }
                connection.isHurried = false
                serve(connection)
            }
            while let token = loop.nextExpired() {
                if token == listenToken {
                    if answers { listener?.resume(&loop) }
                } else if let connection = connections[token] {
                    // Whoever asked for a reload is waiting for us.
                    if connection.isWaiting {
                        connection.timer = loop.arm(token: token, at: loop.now + start.idleLimit)
                    } else {
                        close(connection, hasTimer: false)
                    }
                }
            }
        }
        closeListener()
    }

    private func closeListener() { listener.take()?.close(in: loop, start.socketFiles) }

    private func accept() {
        // Operators come before idle connections to upstreams.
        while let socket = listener?.accept(&loop, whenExhausted: { start.counts.upstreams.ask(otherThan: nil) }) {
            guard connections.count < Self.maximumConnections || evict() else {
                process.adminRefusals &+= 1
                continue
            }
            let connection = WholeAnswerConnection(socket, bodyLimit: Self.maximumBody)
            noteActivity(connection)
            connection.token = connections.insert(connection)
            do throws(Errno) {
                try loop.add(connection.socket.fd, token: connection.token, interest: .stream)
                connection.timer = loop.arm(token: connection.token, at: loop.now + start.idleLimit)
            } catch {
                connections.remove(connection.token)
            }
        }
    }

    /// Makes room for a new connection: one that lingers goes, or one that waits for an answer and sends no more, since most of those are
    /// gone; else, of those that wait for nothing of ours, or have asked for more already, the one that has been silent for the longest
    /// time. Nobody holds the address by idle connections, or by asking for one answer after the other.
    private func evict() -> Bool {
        var oldest: WholeAnswerConnection?
        var slot: UInt32 = 0
        while let token = connections.firstToken(fromSlot: slot) {
            slot = token.slot + 1
            guard let connection = connections[token], connection.mayMakeRoom else { continue }
            if oldest.map({ connection.importance < $0.importance }) ?? true { oldest = connection }
        }
        guard let oldest else { return false }
        process.adminEvictions &+= 1
        close(oldest)
        return true
    }

    private func noteActivity(_ connection: WholeAnswerConnection) {
        activities += 1
        connection.activity = activities
    }

    func close(_ connection: WholeAnswerConnection, hasTimer: Bool = true) {
        if hasTimer { loop.cancel(connection.timer) }
        connections.remove(connection.token)
    }

    /// Requests of one connection before others have their turn.
    private static let share = 16

    /// Has the rest of its requests served in the next turn.
    func hurry(_ connection: WholeAnswerConnection) {
        guard !connection.isHurried else { return }
        connection.isHurried = true
        hurried.append(connection.token)
    }

    private func serve(_ connection: WholeAnswerConnection) {
        if connection.isLingering { return dropInput(of: connection) }
        var answered = 0
        while !connection.isWaiting {
            if answered == Self.share { return hurry(connection) }
            if connection.hasOutput {
                guard connection.write() else { return end(connection) }
                if connection.hasOutput { return }
            }
            switch connection.read() {
            case .incomplete: return
            case .ended: return close(connection)
            case .malformed(let status):
                connection.answer(.text(status, "malformed request"), isHead: false, closes: true)
            case .tooLarge:
                connection.answer(.error(413, "the body is larger than \(Self.maximumBody) bytes"), isHead: false, closes: true)
            case .request(let request):
                loop.move(connection.timer, to: loop.now + start.idleLimit)
                noteActivity(connection)
                answer(request, connection)
                answered += 1
            }
        }
        if connection.isGone { close(connection) }
    }

    // MARK: Messages

    private func handle(_ message: AdminMessage) {
        switch message {
        case .begin(let mailboxes):
            workers = Dictionary(uniqueKeysWithValues: mailboxes.enumerated().map { ($0, $1) })
            process.workers = workers.count
            standing = .serving
            listen()
        case .serving(let snapshot, let inactive):
            self.snapshot = snapshot
            self.inactive = inactive
        case .loaded(let nanoseconds): loaded(nanoseconds)
        case .counted(let counts, let worker, let scrape):
            counted(counts, worker, scrape)
        case .ended(let counts, let worker): workerEnded(worker, counts)
        case .reloaded(let report, let request):
            reloads -= 1
            finish(request, Self.answer(to: report), isHead: false)
        case .lend: start.supervisor.post(.lent(Result { () throws(Errno) in try lend() }))
        case .handOver: handOver()
        case .takeBack: listen()
        case .draining:
            standing = .stopping
            if !answers { closeListener() }
        case .stop: isRunning = false
        }
    }

    private func listen() {
        answers = true
        listener?.resume(&loop)
    }

    private func lend() throws(Errno) -> [LentSocket] {
        guard let copy = try listener?.duplicate() else { return [] }
        return [LentSocket(fd: copy, role: start.role, configured: nil)]
    }

    /// Whoever asks again shall ask the other process.
    private func handOver() {
        answers = false
        listener?.rest(in: loop)
        var slot: UInt32 = 0
        while let token = connections.firstToken(fromSlot: slot) {
            if let connection = connections[token], !connection.isWaiting, !connection.hasOutput, !connection.isLingering {
                close(connection)
            }
            slot = token.slot + 1
        }
        start.supervisor.post(.handedOver)
    }

    // MARK: Requests

    private func answer(_ request: PlainRequest, _ connection: WholeAnswerConnection) {
        let isHead = request.method == .head
        guard AdminGuard.isAllowed(host: request.host, names: start.hosts) else {
            return connection.answer(.text(403, "this Host is not known here"), isHead: isHead, closes: true)
        }
        switch (request.path, request.method) {
        case ("/livez", .get), ("/livez", .head):
            connection.answer(.text(200, "ok"), isHead: isHead, closes: false)
        case ("/readyz", .get), ("/readyz", .head), ("/healthz", .get), ("/healthz", .head):
            connection.answer(standing.answer, isHead: isHead, closes: false)
        case ("/metrics", .get), ("/metrics", .head):
            scrape(connection, isHead: isHead)
        case ("/v1/routes", .get), ("/v1/routes", .head):
            connection.answer(.json(200, RouteReport.json(snapshot, inactive: inactive)), isHead: isHead, closes: false)
        case ("/v1/explain", .post), ("/v1/reload", .post):
            guard AdminGuard.isSameOrigin(request.origin, authority: request.authority) else {
                return connection.answer(.text(403, "foreign Origin"), isHead: false, closes: true)
            }
            if request.path == "/v1/reload" { return reload(connection) }
            connection.answer(explain(request.body), isHead: false, closes: false)
        case ("/livez", _), ("/readyz", _), ("/healthz", _), ("/metrics", _), ("/v1/routes", _), ("/v1/explain", _), ("/v1/reload", _):
            connection.answer(.text(405, "this path has another method"), isHead: isHead, closes: false)
        default:
            connection.answer(.text(404, "no such path"), isHead: isHead, closes: false)
        }
    }

    /// What `serin explain --json` would print.
    private func explain(_ body: [UInt8]) -> WholeAnswer {
        do throws(Explanation.Question.Malformed) {
            return .json(200, Explanation.explain(try Explanation.Question(json: body), snapshot).json)
        } catch {
            return .error(400, error.description)
        }
    }

    private func reload(_ connection: WholeAnswerConnection) {
        guard standing != .stopping else { return connection.answer(Self.answer(to: .stopping), isHead: false, closes: false) }
        guard reloads < Self.maximumReloads else {
            return connection.answer(.text(503, "\(reloads) reloads are asked for already: ask again later"), isHead: false, closes: false)
        }
        reloads += 1
        start.supervisor.post(.reload(ControlLoop.Request(admin: start.inbox, id: postpone(connection))))
    }

    private static func answer(to report: ReloadReport) -> WholeAnswer {
        switch report {
        case .applied(let notes): .json(200, ReloadNote.json(notes))
        case .rejected(let notes): .json(422, ReloadNote.json(notes))
        case .stopping: .text(503, "stopping")
        case .upgrading: .text(503, "another process is about to take over: ask it")
        }
    }

    /// The answer comes later, by `finish`.
    func postpone(_ connection: WholeAnswerConnection) -> UInt64 {
        requests += 1
        connection.isWaiting = true
        connection.request = requests
        waiting[requests] = connection.token
        return requests
    }

    func finish(_ id: UInt64, _ answer: WholeAnswer, isHead: Bool) {
        guard let token = waiting.removeValue(forKey: id), let connection = connections[token] else { return }
        connection.answer(answer, isHead: isHead, closes: false)
        guard connection.write() else { return end(connection) }
        // Then it does not wait for a while, and others find room.
        hurry(connection)
    }
}
