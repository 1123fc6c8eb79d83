import HTTP1
import Reactor
import Telemetry

/// What a connection that answers whole needs to know of a request.
struct PlainRequest {
    let method: HTTP1.Method
    let path: String
    /// Without the port.
    let host: String
    let origin: String?
    let authority: String
    /// Without its transfer coding; empty where none is read.
    var body: [UInt8] = []

    init(_ head: borrowing RequestHead, in input: borrowing ByteBuffer) {
        let bytes = input.bytes
        method = head.method
        path = Self.text(bytes[head.path])
        host = Self.text(bytes[head.hostName])
        authority = Self.text(bytes[head.authority])
        var origins: [String] = []
        for index in head.fields.indices where head.fields[index].known == .origin {
            origins.append(Self.text(bytes[head.fields[index].value]))
        }
        // Several are a list, which is nobody's origin.
        origin = origins.isEmpty ? nil : origins.joined(separator: ", ")
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        var copy: [UInt8] = []
        for index in bytes.indices { copy.append(bytes[index]) }
        return String(decoding: copy, as: UTF8.self)
    }
}

/// An answer that is known before it is sent.
struct WholeAnswer {
    var status: UInt16
    var contentType: String
    var body: [UInt8]

    static func text(_ status: UInt16, _ text: String) -> WholeAnswer {
        WholeAnswer(status: status, contentType: "text/plain; charset=utf-8", body: Array((text + "\n").utf8))
    }

    static func json(_ status: UInt16, _ body: [UInt8]) -> WholeAnswer {
        WholeAnswer(status: status, contentType: "application/json", body: body)
    }

    /// What was wrong with a request whose answers are JSON: `{"error": …}`.
    static func error(_ status: UInt16, _ text: String) -> WholeAnswer {
        var json = JSONWriter()
        json.beginObject()
        json.member("error", text)
        json.endObject()
        return .json(status, json.finish())
    }

    func bytes(isHead: Bool, closes: Bool) -> [UInt8] {
        var date = [UInt8]()
        let now = HTTPDate(secondsSinceEpoch: Int(SystemClock.wallClockSeconds()))
        for index in now.bytes.indices { date.append(now.bytes[index]) }
        var head = "HTTP/1.1 \(status) \(ReasonPhrase.of(status))\r\nDate: \(String(decoding: date, as: UTF8.self))\r\n"
        head += "Content-Type: \(contentType)\r\nContent-Length: \(body.count)\r\nCache-Control: no-store\r\n"
        head += "X-Content-Type-Options: nosniff\r\n"
        if status == 503 { head += "Retry-After: 1\r\n" }
        if status == 405 { head += "Allow: GET, HEAD, POST\r\n" }
        if closes { head += "Connection: close\r\n" }
        return Array((head + "\r\n").utf8) + (isHead ? [] : body)
    }
}
