import Glibc

/// A response as a client gets it.
struct Response: Sendable {
    let status: Int
    let head: MessageHead
    let body: [UInt8]
    var trailers: [String] = []

    var text: String { String(decoding: body, as: UTF8.self) }

    subscript(name: String) -> String? { head[name] }
}

/// A client that sends exactly the bytes it is told to and reads strictly.
final class RawClient {
    let socket: TestSocket
    private let reader: MessageReader

    init(_ address: TestAddress, receiveBuffer: Int32? = nil) throws {
        socket = try TestSocket.connect(to: address, receiveBuffer: receiveBuffer)
        reader = MessageReader(socket)
    }

    func send(_ text: String) throws { try socket.send(text) }

    func send(_ bytes: [UInt8]) throws { try socket.send(bytes) }

    /// Sends a request and reads its response.
    func exchange(_ text: String, method: String = "GET") throws -> Response {
        try send(text)
        return try readResponse(to: method)
    }

    /// A plain GET on a connection that stays.
    func get(_ target: String = "/", host: String = "test", fields: [String] = []) throws -> Response {
        let lines = ["GET \(target) HTTP/1.1", "Host: \(host)"] + fields
        return try exchange(lines.joined(separator: "\r\n") + "\r\n\r\n")
    }

    func readHead(_ deadline: Deadline = Deadline()) throws -> MessageHead {
        guard let head = try reader.readHead(deadline) else { throw Problem("the connection ended instead of an answer") }
        return head
    }

    static func status(of head: MessageHead) throws -> Int {
        let parts = head.startLine.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "HTTP/1.1", parts[1].utf8.count == 3, let status = Int(parts[1]) else {
            throw Problem("not a status line: \(head.startLine)")
        }
        return status
    }

    /// A final response; interim ones before it are an error.
    func readResponse(to method: String = "GET", _ deadline: Deadline = Deadline()) throws -> Response {
        let head = try readHead(deadline)
        let status = try Self.status(of: head)
        guard status >= 200 else { throw Problem("an interim response: \(head.startLine)") }
        let lengths = head.all("Content-Length"), codings = head.all("Transfer-Encoding")
        guard lengths.count <= 1, codings.count <= 1, lengths.isEmpty || codings.isEmpty else {
            throw Problem("an ambiguous body: \(head)")
        }
        if method == "HEAD" || status == 204 || status == 304 { return Response(status: status, head: head, body: []) }
        if let coding = codings.first {
            guard coding == "chunked" else { throw Problem("unknown coding \(coding)") }
            let (body, trailers) = try reader.readChunked(deadline)
            return Response(status: status, head: head, body: body, trailers: trailers)
        }
        guard let length = lengths.first else {
            return Response(status: status, head: head, body: try reader.readToEnd(deadline))
        }
        guard let count = Int(length) else { throw Problem("not a length: \(length)") }
        return Response(status: status, head: head, body: try reader.readExactly(count, deadline))
    }

    func readExactly(_ count: Int) throws -> [UInt8] { try reader.readExactly(count, Deadline()) }

    func skip(_ count: Int) throws { try reader.skip(count, Deadline(seconds: 60)) }

    /// Whether the server ends the connection in an orderly way, with nothing more on it.
    func isClosed(within seconds: Double = 20) throws -> Bool {
        try reader.readToEnd(Deadline(seconds: seconds)).isEmpty
    }

    /// Everything up to the end of the stream.
    func readToEnd() throws -> [UInt8] { try reader.readToEnd(Deadline()) }

    var localPort: UInt16 { socket.localPort }

    func close() { socket.close() }
}
