/// A request's or a response's head, as it came.
struct MessageHead: Sendable, CustomStringConvertible {
    let startLine: String
    let fields: [(name: String, value: String)]

    /// The only value of a field, or nil.
    subscript(name: String) -> String? { all(name).first }

    func all(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// One field a line.
    var description: String {
        ([startLine] + fields.map { "\($0.name): \($0.value)" }).joined(separator: "\n")
    }
}

/// Reads HTTP/1.1 messages off a socket, and takes nothing that a strict reader would not take.
final class MessageReader {
    let socket: TestSocket
    private var buffer: [UInt8] = []
    /// What was read since `forget`, as it came; `skip` leaves no trace.
    private(set) var taken: [UInt8] = []

    init(_ socket: TestSocket) { self.socket = socket }

    /// Bytes that came behind the last message.
    var unread: [UInt8] { buffer }

    func forget() { taken = [] }

    private func take(_ count: Int) {
        taken += buffer[..<count]
        buffer.removeFirst(count)
    }

    /// Nil at a clean end of the stream.
    func readHead(_ deadline: Deadline) throws -> MessageHead? {
        var lines: [String] = []
        while true {
            guard let line = try readLine(deadline) else {
                guard lines.isEmpty else { throw Problem("the stream ended within a head: \(lines)") }
                return nil
            }
            if line.isEmpty { break }
            lines.append(line)
        }
        guard let first = lines.first else { throw Problem("a head without a start line") }
        let fields = try lines.dropFirst().map { line in
            guard let colon = line.firstIndex(of: ":"), colon > line.startIndex,
                  line[..<colon].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else { throw Problem("not a field: \(line)") }
            let value = line[line.index(after: colon)...]
            guard value.isEmpty || value.hasPrefix(" ") else { throw Problem("no space after the colon: \(line)") }
            return (name: String(line[..<colon]), value: String(value.dropFirst()))
        }
        return MessageHead(startLine: first, fields: fields)
    }

    /// Without its CRLF; nil at the end of the stream.
    private func readLine(_ deadline: Deadline) throws -> String? {
        var searched = 0
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                guard end > 0, buffer[end - 1] == 0x0D else { throw Problem("a line ends without CR") }
                let line = String(decoding: buffer[..<(end - 1)], as: UTF8.self)
                take(end + 1)
                return line
            }
            searched = buffer.count
            guard try fill(deadline) else {
                guard buffer.isEmpty else { throw Problem("the stream ended within a line: \(String(decoding: buffer, as: UTF8.self))") }
                return nil
            }
        }
    }

    private func fill(_ deadline: Deadline) throws -> Bool {
        let bytes = try socket.receive(deadline)
        buffer += bytes
        return !bytes.isEmpty
    }

    func readExactly(_ count: Int, _ deadline: Deadline) throws -> [UInt8] {
        while buffer.count < count {
            guard try fill(deadline) else { throw Cut(received: buffer) }
        }
        let bytes = Array(buffer[..<count])
        take(count)
        return bytes
    }

    func readToEnd(_ deadline: Deadline) throws -> [UInt8] {
        while try fill(deadline) {}
        defer { buffer = [] }
        return buffer
    }

    /// The decoded body, and the trailer fields.
    func readChunked(_ deadline: Deadline) throws -> (body: [UInt8], trailers: [String]) {
        var body: [UInt8] = []
        while true {
            guard let line = try readLine(deadline) else { throw Cut(received: body) }
            let digits = line.prefix { $0 != ";" }
            guard let count = Int(digits, radix: 16), count >= 0 else { throw Problem("not a chunk size: \(line)") }
            if count == 0 { break }
            do {
                body += try readExactly(count, deadline)
            } catch let cut as Cut {
                throw Cut(received: body + cut.received)
            }
            guard try readExactly(2, deadline) == [0x0D, 0x0A] else { throw Problem("a chunk does not end with CRLF") }
        }
        var trailers: [String] = []
        while let line = try readLine(deadline), !line.isEmpty { trailers.append(line) }
        return (body, trailers)
    }

    /// Reads and forgets `count` bytes.
    func skip(_ count: Int, _ deadline: Deadline) throws {
        var left = count - min(count, buffer.count)
        buffer.removeFirst(min(count, buffer.count))
        while left > 0 {
            let bytes = try socket.receive(atMost: min(left, 256 << 10), deadline)
            guard !bytes.isEmpty else { throw Cut(received: []) }
            left -= bytes.count
        }
    }

    /// The stream ended within a body.
    struct Cut: Error {
        let received: [UInt8]
    }
}
