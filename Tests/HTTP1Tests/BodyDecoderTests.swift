import Testing
@testable import HTTP1

@Suite("Bodies")
struct BodyDecoderTests {
    /// What decoding came to.
    struct Outcome: Equatable {
        var body = ""
        var end = End.needsMore
        /// Bytes that were not taken.
        var rest = ""

        enum End: Equatable {
            case needsMore, complete
            case failed(ParseError.Reason, status: UInt16)
        }
    }

    /// Decodes `input` as it arrives, dropping what the steps say, as a connection would.
    static func decode(
        _ input: [UInt8], _ length: BodyLength, arriving prefixes: [Int], limits: BodyLimits = BodyLimits()
    ) -> Outcome {
        var decoder = BodyDecoder(length, limits: limits)
        var outcome = Outcome()
        var position = 0
        for count in prefixes {
            var isHungry = false
            // Every step takes a byte or ends the loop.
            while !isHungry {
                let pending = input.span.extracting(position ..< count)
                switch decoder.next(pending) {
                case .data(let skip, let length):
                    guard length > 0 else { return Outcome(body: "a step without data") }
                    outcome.body += text(pending.extracting(skip ..< skip + length))
                    position += skip + length
                case .needMore(let skip):
                    guard skip == pending.count else { return Outcome(body: "bytes left behind") }
                    position += skip
                    isHungry = true
                case .end(let skip):
                    position += skip
                    outcome.end = .complete
                    outcome.rest = text(input.span.extracting(position...))
                    return decoder.isComplete ? outcome : Outcome(body: "not complete after the end")
                case .failed(let error):
                    outcome.end = .failed(error.reason, status: error.status)
                    guard case .failed(error) = decoder.next(pending) else { return Outcome(body: "recovered") }
                    return outcome
                }
            }
        }
        return outcome
    }

    struct Case: NamedCase {
        let name: String
        let input: String
        var length = BodyLength.chunked
        let outcome: Outcome

        init(_ name: String, _ input: String, _ length: BodyLength = .chunked, body: String, rest: String? = nil) {
            self.name = name
            self.input = input
            self.length = length
            outcome = Outcome(body: body, end: rest == nil ? .needsMore : .complete, rest: rest ?? "")
        }

        init(_ name: String, _ input: String, body: String = "", fault: ParseError.Reason, status: UInt16 = 400) {
            self.name = name
            self.input = input
            outcome = Outcome(body: body, end: .failed(fault, status: status))
        }
    }

    private func check(_ row: Case, limits: BodyLimits = BodyLimits()) {
        let input = bytes(row.input)
        expectSameHoweverItArrives(row.outcome, count: input.count) {
            BodyDecoderTests.decode(input, row.length, arriving: $0, limits: limits)
        }
    }

    @Test(arguments: [
        Case("no body", "GET", .none, body: "", rest: "GET"),
        Case("length zero", "GET", .length(0), body: "", rest: "GET"),
        Case("length", "hello", .length(5), body: "hello", rest: ""),
        Case("length and more", "helloGET", .length(5), body: "hello", rest: "GET"),
        Case("length cut short", "hell", .length(5), body: "hell"),
        Case("until close", "hello\r\n", .untilClose, body: "hello\r\n"),
        Case("chunks", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", body: "hello world", rest: ""),
        Case("chunks and more", "1\r\na\r\n0\r\n\r\nGET", body: "a", rest: "GET"),
        Case("no chunks", "0\r\n\r\n", body: "", rest: ""),
        Case("data that looks like framing", "7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", body: "0\r\n\r\n\r\n", rest: ""),
        Case("hex in both cases", "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n",
             body: "01234567890123456789a", rest: ""),
        Case("zeros in front", "0005\r\nhello\r\n00000000000000000000000\r\n\r\n", body: "hello", rest: ""),
        Case("seventeen digits, one of them counts", "00000000000000005\r\nhello\r\n0\r\n\r\n", body: "hello", rest: ""),
        Case("the largest size", "7fffffffffffffff\r\nab", body: "ab"),
        Case("extension", "1;a\r\nx\r\n0;b=c\r\n\r\n", body: "x", rest: ""),
        Case("extensions of every form", "1 ; a\t= b ;c=\"q;\\\"\r=\";d\r\nx\r\n0\r\n\r\n", fault: .invalidChunkExtension),
        Case("quoted extension", "1;a=\"q;\\\" \\\\\t\u{E9}\";b\r\nx\r\n0;c=\"\"\r\n\r\n", body: "x", rest: ""),
        Case("blanks around extensions", "1 \t; a = b ;c= \"d\" ; e\r\nx\r\n0\r\n\r\n", body: "x", rest: ""),
        Case("trailers", "1\r\nx\r\n0\r\nA: b\r\nC:\r\nContent-Length: 7\r\n\r\nGET", body: "x", rest: "GET"),
        Case("cut in a size", "1", body: ""),
        Case("cut before the last blank line", "1\r\nx\r\n0\r\n", body: "x"),
        Case("cut in a trailer", "0\r\nA: ", body: ""),
    ])
    func decodes(_ row: Case) {
        check(row)
    }

    @Test(arguments: [
        Case("empty size", "\r\n", fault: .invalidChunkSize),
        Case("extension without a size", ";a\r\n", fault: .invalidChunkSize),
        Case("plus", "+5\r\n", fault: .invalidChunkSize),
        Case("minus", "-1\r\n", fault: .invalidChunkSize),
        Case("0x", "0x5\r\n", fault: .invalidChunkSize),
        Case("underscore", "1_0\r\n", fault: .invalidChunkSize),
        Case("space before", " 5\r\n", fault: .invalidChunkSize),
        Case("tab before", "\t5\r\n", fault: .invalidChunkSize),
        Case("space behind", "5 \r\n", fault: .invalidChunkExtension),
        Case("space inside", "1 0\r\n", fault: .invalidChunkExtension),
        Case("not hex", "g\r\n", fault: .invalidChunkSize),
        Case("comma", "5,5\r\n", fault: .invalidChunkSize),
        Case("one over the largest size", "8000000000000000\r\n", fault: .chunkSizeTooLarge),
        Case("sixteen digits", "ffffffffffffffff\r\n", fault: .chunkSizeTooLarge),
        Case("2^64 and 5", "10000000000000005\r\n", fault: .chunkSizeTooLarge),
        Case("2^64 behind zeros", "00010000000000000000\r\n", fault: .chunkSizeTooLarge),
        Case("bare LF after a size", "5\nhello\r\n", fault: .invalidChunkSize),
        Case("bare CR after a size", "5\rhello", fault: .bareCarriageReturn),
        Case("CR CR LF after a size", "5\r\r\nhello", fault: .bareCarriageReturn),
        Case("NUL after a size", "5\u{00}\r\n", fault: .invalidChunkSize),
        Case("bare semicolon", "5;\r\nhello\r\n", fault: .invalidChunkExtension),
        Case("bare LF in an extension", "5;a\nhello\r\n", fault: .invalidChunkExtension),
        Case("bare CR in an extension", "5;a\rX\r\n", fault: .bareCarriageReturn),
        Case("NUL in an extension", "5;\u{00}a\r\n", fault: .invalidChunkExtension),
        Case("bracket in an extension name", "5;bad[=x\r\n", fault: .invalidChunkExtension),
        Case("extension without a value", "5;a=\r\n", fault: .invalidChunkExtension),
        Case("extension without a name", "5;=a\r\n", fault: .invalidChunkExtension),
        Case("open quote", "5;a=\"b\r\n", fault: .invalidChunkExtension),
        Case("text after a quote", "5;a=\"b\"c\r\n", fault: .invalidChunkExtension),
        Case("extension that ends with a space", "5;a \r\n", fault: .invalidChunkExtension),
        Case("two names", "5;a b\r\n", fault: .invalidChunkExtension),
        Case("LF after data", "5\r\nhello\n0\r\n", body: "hello", fault: .invalidChunkEnd),
        Case("bare CR after data", "5\r\nhello\r0\r\n", body: "hello", fault: .invalidChunkEnd),
        Case("data too long", "5\r\nhello!!\r\n", body: "hello", fault: .invalidChunkEnd),
        Case("no CRLF after data", "5\r\nhello0\r\n", body: "hello", fault: .invalidChunkEnd),
        Case("LF as the last blank line", "0\r\n\n", fault: .invalidTrailer),
        Case("CR without LF at the end", "0\r\n\rX", fault: .bareCarriageReturn),
        Case("trailer without a colon", "0\r\nA\r\n\r\n", fault: .invalidTrailer),
        Case("trailer without a name", "0\r\n: a\r\n\r\n", fault: .invalidTrailer),
        Case("space before a trailer's colon", "0\r\nA : b\r\n\r\n", fault: .invalidTrailer),
        Case("folded trailer", "0\r\nA: b\r\n c\r\n\r\n", fault: .invalidTrailer),
        Case("bare LF after a trailer", "0\r\nA: b\n\r\n", fault: .invalidTrailer),
        Case("bare CR in a trailer", "0\r\nA: b\rc\r\n\r\n", fault: .bareCarriageReturn),
        Case("NUL in a trailer", "0\r\nA: \u{00}\r\n\r\n", fault: .invalidTrailer),
        Case("a request for a trailer", "0\r\nGET / HTTP/1.1\r\n", fault: .invalidTrailer),
    ])
    func refuses(_ row: Case) {
        check(row)
    }

    @Test("What surrounds the data is bounded", arguments: [
        Case("size line at the limit", "1;345678\r\nx\r\n0\r\n\r\n", body: "x", rest: ""),
        Case("size line over the limit", "1;3456789\r\n", fault: .chunkExtensionsTooLong),
        Case("size line over the limit without an end", "1;345678901234", fault: .chunkExtensionsTooLong),
        Case("zeros over the limit", "000000001\r\n", fault: .chunkExtensionsTooLong),
        Case("extensions of two chunks at the limit", "1;345678\r\nx\r\n1;34\r\ny\r\n0\r\n\r\n", body: "xy", rest: ""),
        Case("extensions of two chunks over the limit", "1;345678\r\nx\r\n1;345\r\ny\r\n", body: "x",
             fault: .chunkExtensionsTooLong),
        Case("trailers at the limit", "0\r\nA: 456\r\nB: 3\r\n\r\n", body: "", rest: ""),
        Case("trailers over the limit", "0\r\nA: 45678901234567890", fault: .trailersTooLong, status: 431),
        Case("trailer lines over the limit", "0\r\nA:\r\nB:\r\nC:\r\n\r\n", fault: .trailersTooLong, status: 431),
    ])
    func limits(_ row: Case) {
        check(row, limits: BodyLimits(chunkLine: 8, extensionBytes: 10, trailerBytes: 15, trailerCount: 2))
    }

    @Test("Only a body until close may end with the connection")
    func endOfFile() {
        var untilClose = BodyDecoder(.untilClose)
        #expect(untilClose.isComplete == false)
        #expect(untilClose.finishAtEOF() == true)
        #expect(untilClose.isComplete == true)
        let input = bytes("ab")
        var length = BodyDecoder(.length(3))
        #expect(length.next(input.span) == .data(skip: 0, count: 2))
        #expect(length.finishAtEOF() == false)
        var chunked = BodyDecoder(.chunked)
        #expect(chunked.finishAtEOF() == false)
        var none = BodyDecoder(.none)
        #expect(none.isComplete == true)
        #expect(none.finishAtEOF() == true)
    }

    @Test("What is left of a known length is told")
    func remaining() {
        let input = bytes("abcde")
        var decoder = BodyDecoder(.length(5))
        #expect(decoder.remaining == 5)
        #expect(decoder.next(input.span.extracting(0 ..< 3)) == .data(skip: 0, count: 3))
        #expect(decoder.remaining == 2)
        #expect(decoder.isComplete == false)
        #expect(decoder.next(input.span.extracting(3 ..< 5)) == .data(skip: 0, count: 2))
        #expect(decoder.remaining == 0)
        #expect(decoder.isComplete == true)
        #expect(decoder.next(input.span) == .end(skip: 0))
        #expect(BodyDecoder(.chunked).remaining == nil)
        #expect(BodyDecoder(.untilClose).remaining == nil)
    }
}
