import Testing
@testable import HTTP1

@Suite("Writing heads, chunks and dates")
struct WriterTests {
    private func expect(
        _ expected: String, sourceLocation: SourceLocation = #_sourceLocation, write: (inout ByteBuffer) -> Void
    ) {
        var buffer = ByteBuffer(capacity: 256)
        write(&buffer)
        #expect(text(buffer.bytes) == expected, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        0, 1, 9, 10, 11, 99, 100, 101, 4095, 1_000_000, 999_999_999_999, Int.max - 1, .max, -1, -10, .min,
    ])
    func numbers(_ value: Int) {
        expect(String(value)) { $0.append(decimal: value) }
        #expect(String(value).utf8.count <= ByteBuffer.maxDecimalLength)
        if value >= 0 { expect(String(value, radix: 16)) { $0.append(hex: value) } }
    }

    @Test("Every power of ten and of two, and its neighbours")
    func powers() {
        var values: [Int] = []
        for shift in 0 ..< 63 { values.append(1 << shift) }
        var power = 1
        for _ in 0 ..< 19 {
            values.append(power)
            power &*= 10
        }
        for value in values {
            for neighbour in [value - 1, value, value + 1] {
                expect(String(neighbour)) { $0.append(decimal: neighbour) }
                expect(String(neighbour, radix: 16)) { $0.append(hex: neighbour) }
            }
        }
    }

    @Test func fields() {
        let name = bytes("X-A")
        let value = bytes("b \u{FF}")
        let empty: [UInt8] = []
        expect("X-A: b \u{FF}\r\n") { $0.appendField(name.span, value.span) }
        expect("X-A: \r\n") { $0.appendField(name.span, empty.span) }
        expect("Via: b \u{FF}\r\n") { $0.appendField("Via", value.span) }
        expect("Connection: close\r\n") { $0.appendField("Connection", "close") }
        expect("Content-Length: 120\r\n") { $0.appendField("Content-Length", decimal: 120) }
    }

    @Test func statusLines() {
        let reason = bytes("Fine, thanks")
        let empty: [UInt8] = []
        expect("HTTP/1.1 200 Fine, thanks\r\n") { $0.appendStatusLine(200, reason: reason.span) }
        expect("HTTP/1.1 204 \r\n") { $0.appendStatusLine(204, reason: empty.span) }
        expect("HTTP/1.1 200 OK\r\n") { $0.appendStatusLine(200) }
        expect("HTTP/1.1 101 Switching Protocols\r\n") { $0.appendStatusLine(101) }
        expect("HTTP/1.1 308 Permanent Redirect\r\n") { $0.appendStatusLine(308) }
        expect("HTTP/1.1 431 Request Header Fields Too Large\r\n") { $0.appendStatusLine(431) }
        expect("HTTP/1.1 599 \r\n") { $0.appendStatusLine(599) }
        expect("HTTP/1.1 999 \r\n") { $0.appendStatusLine(999) }
    }

    @Test("Every status the proxy answers with has a phrase", arguments: [
        400, 404, 405, 408, 413, 414, 417, 421, 431, 501, 502, 503, 504, 505,
    ])
    func phrases(_ status: UInt16) {
        #expect(ReasonPhrase.of(status).utf8CodeUnitCount > 0)
    }

    @Test("What is written as chunks is read as the same body", arguments: [1, 9, 15, 16, 200])
    func chunks(_ size: Int) {
        let data = [UInt8](repeating: UInt8(ascii: "x"), count: size)
        var buffer = ByteBuffer(capacity: 512)
        for _ in 0 ..< 2 {
            let before = buffer.count
            buffer.appendChunkHead(size)
            #expect(buffer.count - before <= ByteBuffer.maxChunkHeadLength)
            buffer.append(data.span)
            buffer.appendChunkEnd()
        }
        buffer.appendLastChunk()
        let input = bytes(text(buffer.bytes))
        let outcome = BodyDecoderTests.decode(input, .chunked, arriving: [input.count])
        #expect(outcome == BodyDecoderTests.Outcome(body: text((data + data).span), end: .complete, rest: ""))
    }

    struct DateCase: NamedCase {
        var name: String { text }
        let seconds: Int
        let text: String

        init(_ seconds: Int, _ text: String) {
            self.seconds = seconds
            self.text = text
        }
    }

    @Test(arguments: [
        DateCase(0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        DateCase(784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        DateCase(951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
        DateCase(951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        DateCase(951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
        DateCase(1_000_000_000, "Sun, 09 Sep 2001 01:46:40 GMT"),
        DateCase(1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
        DateCase(1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
        DateCase(4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
        DateCase(4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        DateCase(253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        DateCase(.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
        DateCase(-1, "Thu, 01 Jan 1970 00:00:00 GMT"),
        DateCase(.min, "Thu, 01 Jan 1970 00:00:00 GMT"),
    ])
    func dates(_ row: DateCase) {
        let date = HTTPDate(secondsSinceEpoch: row.seconds)
        #expect(text(date.bytes) == row.text)
        #expect(date.bytes.count == HTTPDate.length)
        expect(row.text) { $0.append(dateOf: row.seconds) }
    }
}
