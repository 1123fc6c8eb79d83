import Foundation
import Synchronization

/// A request as an origin received it.
struct RecordedRequest: Sendable {
    /// The origin's connections are counted from 0.
    let connection: Int
    let head: MessageHead
    let body: [UInt8]
    var trailers: [String] = []
    /// All of it, as it came.
    var bytes: [UInt8] = []
    /// What had come behind it already, though it was not answered.
    var surplus: [UInt8] = []

    var method: String { String(head.startLine.prefix { $0 != " " }) }

    var text: String { String(decoding: body, as: UTF8.self) }

    subscript(name: String) -> String? { head[name] }
}

/// A server in the test's own process that does on each connection exactly what it was told to.
final class RecordingOrigin: Sendable {
    typealias Behaviour = @Sendable (OriginConnection) throws -> Void

    private struct State {
        var requests: [RecordedRequest] = []
        var connections: [OriginConnection] = []
        var isStopped = false
    }

    let address: TestAddress
    private let listener: TestSocket
    private let state = Mutex(State())

    /// - Parameter behaviour: runs on a thread of its own for each connection, which closes when it returns or throws.
    init(at wanted: TestAddress = .ipv4(port: 0), _ behaviour: @escaping Behaviour) throws {
        let listener = try TestSocket.listen(on: wanted)
        self.listener = listener
        address = switch wanted {
        case .ipv4: .ipv4(port: listener.localPort)
        case .ipv6: .ipv6(port: listener.localPort)
        case .unix: wanted
        }
        let thread = Thread { [weak self] in
            while let socket = listener.accept(Deadline(seconds: 600)) {
                guard let self else { return }
                self.serve(socket, behaviour)
            }
        }
        thread.start()
    }

    deinit { stop() }

    /// Answers each request with `name` and a line end, on connections that stay.
    /// - Parameter gate: no request before it is open.
    static func named(_ name: String, at address: TestAddress = .ipv4(port: 0), behind gate: Gate? = nil) throws -> RecordingOrigin {
        try RecordingOrigin(at: address) { connection in
            while let request = try connection.readRequest() {
                try gate?.wait()
                try connection.answer(name + "\n", to: request)
            }
        }
    }

    /// Answers each request with the same bytes, on connections that stay.
    static func answering(_ bytes: String) throws -> RecordingOrigin {
        try RecordingOrigin { connection in
            while try connection.readRequest() != nil { try connection.send(bytes) }
        }
    }

    private func serve(_ socket: TestSocket, _ behaviour: @escaping Behaviour) {
        let connection = state.withLock { state -> OriginConnection? in
            guard !state.isStopped else { return nil }
            let connection = OriginConnection(socket, index: state.connections.count) { [weak self] request in
                self?.state.withLock { $0.requests.append(request) }
            }
            state.connections.append(connection)
            return connection
        }
        guard let connection else { return }
        let thread = Thread {
            // A peer that goes away is no fault of the origin's: tests look at what the client got.
            try? behaviour(connection)
            connection.close()
        }
        thread.start()
    }

    var requests: [RecordedRequest] { state.withLock { $0.requests } }

    /// Connections that were ever accepted.
    var connectionCount: Int { state.withLock { $0.connections.count } }

    /// The requests, once there are `count`.
    func requests(_ count: Int) throws -> [RecordedRequest] {
        try eventually("\(count) requests at the origin") {
            let requests = self.requests
            return requests.count >= count ? requests : nil
        }
    }

    /// Ends the listener and all connections.
    func stop() {
        let connections = state.withLock { state in
            state.isStopped = true
            return state.connections
        }
        listener.shutdownBoth()
        listener.close()
        for connection in connections { connection.end() }
    }
}

/// One connection of an origin, as its behaviour sees it.
final class OriginConnection: @unchecked Sendable {
    // Unchecked: only the behaviour's thread uses the reader; `end` only touches the socket, which is thread-safe.
    let index: Int
    let socket: TestSocket
    private let reader: MessageReader
    private let record: @Sendable (RecordedRequest) -> Void

    init(_ socket: TestSocket, index: Int, record: @escaping @Sendable (RecordedRequest) -> Void) {
        self.socket = socket
        self.index = index
        self.record = record
        reader = MessageReader(socket)
    }

    /// The next request with its whole body; nil when the proxy closes the connection.
    func readRequest() throws -> RecordedRequest? {
        reader.forget()
        guard let head = try readHead() else { return nil }
        var request = RecordedRequest(connection: index, head: head, body: [])
        if head["Transfer-Encoding"] != nil {
            let (body, trailers) = try reader.readChunked(Self.patience)
            request = RecordedRequest(connection: index, head: head, body: body, trailers: trailers)
        } else if let length = head["Content-Length"].flatMap({ Int($0) }) {
            request = RecordedRequest(connection: index, head: head, body: try reader.readExactly(length, Self.patience))
        }
        (request.bytes, request.surplus) = (reader.taken, reader.unread)
        record(request)
        return request
    }

    /// Only the head, unrecorded.
    func readHead() throws -> MessageHead? { try reader.readHead(Self.patience) }

    func read(_ count: Int) throws -> [UInt8] { try reader.readExactly(count, Self.patience) }

    func skip(_ count: Int) throws { try reader.skip(count, Self.patience) }

    func readToEnd() throws -> [UInt8] { try reader.readToEnd(Self.patience) }

    func send(_ text: String) throws { try socket.send(text, Self.patience) }

    func send(_ bytes: [UInt8]) throws { try socket.send(bytes, Self.patience) }

    /// 200 with a text, as the method wants it.
    func answer(_ text: String, to request: RecordedRequest) throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(text.utf8.count)\r\n\r\n"
        try send(request.method == "HEAD" ? head : head + text)
    }

    func close() { socket.close() }

    func end() { socket.shutdownBoth() }

    /// A fresh one each time; idle connections outlast every test.
    private static var patience: Deadline { Deadline(seconds: 120) }
}
