import HTTP1

/// An answer of the proxy's own: a status, a short text, no version number and nothing of the request reflected.
struct LocalAnswer {
    let status: UInt16
    var closes: Bool
    var saysKeepAlive: Bool
    /// To HEAD: the head of the answer that GET would get.
    var omitsBody: Bool
    /// The value of Strict-Transport-Security; empty: none.
    var strictTransport: [UInt8] = []
    /// Bytes that its buffer holds at most when it is written.
    var end = 0

    /// Bytes of the body that is written.
    var bodyBytes: Int { omitsBody ? 0 : textCount }

    /// Room that `write` needs beside a location, a cookie and Strict-Transport-Security.
    static let plainRoom = 512

    /// Room that `write` needs beside a location or a cookie.
    var room: Int { Self.plainRoom + strictTransport.count }

    /// - Parameter session: the cookie that names the endpoint which was to answer.
    func write(date: borrowing HTTPDate, session: SessionMark? = nil, isTLS: Bool = false, to output: inout ByteBuffer) {
        writeHead(date: date, to: &output)
        session?.write(isTLS: isTLS, to: &output)
        finish(to: &output)
    }

    /// A redirect to the same URL with a slash after its path. The URL is absolute, so that a path such as `//host` cannot become one.
    func writeAddingSlash(
        _ head: borrowing RequestHead, in input: borrowing ByteBuffer, isTLS: Bool, date: borrowing HTTPDate,
        to output: inout ByteBuffer
    ) {
        let bytes = input.bytesFromFront
        writeHead(date: date, to: &output)
        Self.beginLocation(head, bytes, isTLS: isTLS, to: &output)
        output.append(bytes[head.path])
        output.append("/")
        if head.hasQuery {
            output.append("?")
            output.append(bytes[head.query])
        }
        output.append("\r\n")
        finish(to: &output)
    }

    /// A redirect to another path of the same host, without the query.
    func writeRedirect(
        _ head: borrowing RequestHead, in input: borrowing ByteBuffer, to path: Span<UInt8>, isTLS: Bool,
        date: borrowing HTTPDate, output: inout ByteBuffer
    ) {
        writeHead(date: date, to: &output)
        Self.beginLocation(head, input.bytesFromFront, isTLS: isTLS, to: &output)
        output.append(path)
        output.append("\r\n")
        finish(to: &output)
    }

    /// A redirect to somewhere else.
    func writeLocation(_ url: Span<UInt8>, date: borrowing HTTPDate, to output: inout ByteBuffer) {
        writeHead(date: date, to: &output)
        output.append("Location: ")
        output.append(url)
        output.append("\r\n")
        finish(to: &output)
    }

    /// A redirect to HTTPS.
    func writeHTTPS(
        _ location: HTTPSLocation, in input: borrowing ByteBuffer, date: borrowing HTTPDate, to output: inout ByteBuffer
    ) {
        let bytes = input.bytesFromFront
        writeHead(date: date, to: &output)
        output.append("Location: https://")
        output.append(bytes[location.host])
        if let port = location.port {
            output.append(":")
            output.append(decimal: Int(port))
        }
        output.append(bytes[location.rest])
        output.append("\r\n")
        finish(to: &output)
    }

    private static func beginLocation(
        _ head: borrowing RequestHead, _ bytes: Span<UInt8>, isTLS: Bool, to output: inout ByteBuffer
    ) {
        output.append(isTLS ? "Location: https://" : "Location: http://")
        output.append(bytes[head.authority])
    }

    private func writeHead(date: borrowing HTTPDate, to output: inout ByteBuffer) {
        output.appendStatusLine(status)
        output.appendField("Date", date.bytes)
        output.append("Content-Type: text/plain; charset=utf-8\r\nContent-Length: ")
        output.append(decimal: textCount)
        output.append("\r\n")
        // 200 is only ever the answer to OPTIONS.
        if status == 405 || status == 200 { output.append("Allow: GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS\r\n") }
        if !strictTransport.isEmpty { output.appendField("Strict-Transport-Security", strictTransport.span) }
        if status == 503 { output.append("Retry-After: 1\r\n") }
        if closes {
            output.append("Connection: close\r\n")
        } else if saysKeepAlive {
            output.append("Connection: keep-alive\r\n")
        }
    }

    private func finish(to output: inout ByteBuffer) {
        output.append("\r\n")
        guard !omitsBody else { return }
        output.append(decimal: Int(status))
        output.append(" ")
        output.append(ReasonPhrase.of(status))
        output.append("\n")
    }

    private var textCount: Int { 3 + 1 + ReasonPhrase.of(status).utf8CodeUnitCount + 1 }
}
