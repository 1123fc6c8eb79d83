public import Addressing
import HTTP1
import Reactor

/// An origin that says who it is: what `serin demo` releases, and a peer for tests. One loop, one thread.
public final class DemoOrigin: Sendable {
    public let address: SocketAddress
    private let thread: Thread
    private let inbox: Mailbox<Void>

    /// Answers every request with `name` and a line end.
    public init(name: String, at wanted: SocketAddress) throws(Supervisor.StartError) {
        do throws(Errno) {
            let listener = try Listener.bind(wanted)
            address = listener.localAddress
            let inbox = try Mailbox<Void>()
            self.inbox = inbox
            let descriptor = listener.release()
            thread = try Thread.start(name: "origin-\(name)") {
                // Without descriptors there is no origin; the proxy's 502 says so.
                guard let loop = try? DemoLoop(name, descriptor, inbox) else { return }
                loop.run()
            }
        } catch {
            throw Supervisor.StartError("cannot listen on \(wanted): \(error)")
        }
    }

    /// Ends the thread and all connections. Call it once.
    public func stop() {
        inbox.post(())
        thread.join()
    }
}

private final class DemoLoop {
    private let name: String
    private var listener: RestingListener
    private let inbox: Mailbox<Void>
    private var loop: EventLoop
    private var connections = Slab<WholeAnswerConnection>()
    private let mailToken = Token(slot: 0, generation: 0)
    private let listenToken = Token(slot: 1, generation: 0)

    init(_ name: String, _ descriptor: Int32, _ inbox: Mailbox<Void>) throws(Errno) {
        self.name = name
        self.inbox = inbox
        let bound = try Listener(adopting: descriptor)
        loop = try EventLoop()
        try loop.add(inbox.wakeUp.fd, token: mailToken, interest: .acceptor)
        listener = try RestingListener(bound, token: listenToken, in: loop)
    }

    func run() {
        while inbox.takeAll().isEmpty {
            loop.wait(atMostMilliseconds: nil)
            while let event = loop.nextEvent() {
                if event.token == listenToken { accept() }
                if let connection = connections[event.token] { serve(connection) }
            }
            while let token = loop.nextExpired() {
                if token == listenToken { listener.resume(&loop) }
            }
        }
    }

    private func accept() {
        while let socket = listener.accept(&loop) {
            let connection = WholeAnswerConnection(socket)
            connection.token = connections.insert(connection)
            if (try? loop.add(connection.socket.fd, token: connection.token, interest: .stream)) == nil {
                connections.remove(connection.token)
            }
        }
    }

    private func serve(_ connection: WholeAnswerConnection) {
        while true {
            if connection.hasOutput {
                guard connection.write() else { return _ = connections.remove(connection.token) }
                if connection.hasOutput { return }
            }
            switch connection.read() {
            case .incomplete: return
            case .ended: return _ = connections.remove(connection.token)
            case .malformed(let status): connection.answer(.text(status, "malformed request"), isHead: false, closes: true)
            case .tooLarge: connection.answer(.text(413, "the body is too large"), isHead: false, closes: true)
            case .request(let request): connection.answer(.text(200, name), isHead: request.method == .head, closes: false)
            }
        }
    }
}
