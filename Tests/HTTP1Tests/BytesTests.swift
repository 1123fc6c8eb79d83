import Testing
@testable import HTTP1

@Suite("Bytes, names and methods")
struct BytesTests {
    @Test("Character classes, for every byte")
    func classes() {
        let tokens = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min ... .max {
            #expect(byte.isToken == tokens.contains(byte), "\(byte)")
            #expect(byte.isFieldText == (byte == 9 || (byte >= 32 && byte != 127)), "\(byte)")
            #expect(byte.isVisible == (byte > 32 && byte < 127), "\(byte)")
            #expect(byte.isBlank == (byte == 9 || byte == 32), "\(byte)")
            let character = Character(Unicode.Scalar(byte))
            #expect(byte.hexValue.map(Int.init) == (byte < 128 ? character.hexDigitValue : nil), "\(byte)")
            #expect(byte.isAlphanumeric == (byte < 128 && (character.isLetter || character.isNumber)), "\(byte)")
            #expect(byte.lowercased == (byte < 128 ? character.lowercased().utf8.first : byte), "\(byte)")
        }
    }

    @Test("The first control byte of eight, wherever it is and whatever surrounds it")
    func firstControl() {
        for byte in UInt8.min ... .max {
            let isControl = byte < 32 || byte == 127
            for index in 0 ..< 8 {
                for filler in [0x20, 0x21, 0x7E, 0x80, 0x9F, 0xFF] as [UInt8] {
                    var word = [UInt8](repeating: filler, count: 8)
                    word[index] = byte
                    #expect(ByteWord(word.span, at: 0).firstControl == (isControl ? index : nil))
                    word[7] = 0
                    #expect(ByteWord(word.span, at: 0).firstControl == (isControl ? index : 7))
                }
            }
        }
    }

    @Test("Runs of a class end at the first byte outside it, wherever that is")
    func runs() {
        for byte in UInt8.min ... .max {
            let isWord = byte < 128 && (byte.isAlphanumeric || byte == UInt8(ascii: "-"))
            let isHost = isWord || byte == UInt8(ascii: ".")
            let isTarget = byte > 32 && byte < 127 && byte != UInt8(ascii: "?") && byte != UInt8(ascii: "#")
            // Long enough for a step of eight bytes, and for those that are left after it.
            for index in 0 ..< 12 {
                for filler in bytes("aZ09-") {
                    var input = [UInt8](repeating: filler, count: 12)
                    input[index] = byte
                    #expect(input.span.endOfWord(from: 0, to: 12) == (isWord ? 12 : index))
                    #expect(input.span.endOfPlainHost(from: 0, to: 12) == (isHost ? 12 : index))
                    #expect(input.span.endOfTargetText(from: 0, to: 12) == (isTarget ? 12 : index))
                    #expect(input.span.endOfTargetText(from: 1, to: 6) == (isTarget || !(1 ..< 6 ~= index) ? 6 : index))
                }
            }
        }
    }

    @Test("A byte is found wherever it is in a span of any length, and never outside it")
    func offsets() {
        for count in 0 ... 20 {
            for index in 0 ... count {
                var input = [UInt8](repeating: UInt8(ascii: "a"), count: count + 1)
                input[index] = 0
                // The byte at `count` lies behind the span.
                let span = input.span.extracting(0 ..< count)
                for start in 0 ... count {
                    let expected = index >= start ? index : count
                    #expect(span.firstOffset(of: 0, from: start) == expected, "\(index) of \(count) from \(start)")
                    #expect(span.firstControl(from: start) == expected, "\(index) of \(count) from \(start)")
                    #expect(span.firstOffset(of: UInt8(ascii: "b"), from: start) == count)
                }
                #expect(ByteWord(short: span).bits == input[..<min(count, 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) })
            }
        }
    }

    @Test("Bytes of an unfinished line are looked at once")
    func linesAreScannedOnce() throws {
        let input = bytes("GET /some/long/path HTTP/1.1\r\n")
        var lines = LineScanner()
        for count in 0 ..< input.count {
            let end = try lines.lineEnd(in: input.span.extracting(0 ..< count), bound: 100, overrun: .fieldsTooLong)
            #expect(end == nil)
            #expect(lines.scanned == min(count, 28))
        }
        #expect(try lines.lineEnd(in: input.span, bound: 100, overrun: .fieldsTooLong) == 28)
    }

    static let knownNames: [(String, KnownHeader)] = [
        ("Host", .host), ("Connection", .connection), ("Content-Length", .contentLength),
        ("Transfer-Encoding", .transferEncoding), ("Expect", .expect), ("Upgrade", .upgrade), ("TE", .te),
        ("Trailer", .trailer), ("Keep-Alive", .keepAlive), ("Proxy-Connection", .proxyConnection),
        ("HTTP2-Settings", .http2Settings), ("Forwarded", .forwarded), ("Via", .via),
        ("X-Forwarded-For", .xForwardedFor), ("X-Forwarded-Host", .xForwardedHost),
        ("X-Forwarded-Port", .xForwardedPort), ("X-Forwarded-Proto", .xForwardedProto),
        ("X-Forwarded-Scheme", .xForwardedScheme), ("X-Scheme", .xScheme), ("X-Real-IP", .xRealIP),
        ("X-Request-ID", .xRequestID), ("Max-Forwards", .maxForwards), ("Accept-Encoding", .acceptEncoding),
        ("Authorization", .authorization), ("Content-Encoding", .contentEncoding), ("Content-Type", .contentType),
        ("Cookie", .cookie), ("Date", .date), ("Location", .location), ("Origin", .origin), ("Referer", .referer),
        ("Server", .server), ("User-Agent", .userAgent),
    ]

    @Test("Known names are recognised in any case, and nothing else is", arguments: knownNames)
    func known(_ name: String, _ expected: KnownHeader) {
        for spelling in [name, name.lowercased(), name.uppercased()] {
            let spelled = bytes(spelling)
            #expect(KnownHeader(name: spelled.span) == expected)
        }
        let exact = bytes(name)
        for index in exact.indices {
            var other = exact
            for byte in UInt8.min ... .max {
                other[index] = byte
                let isSame = byte.lowercased == exact[index].lowercased
                #expect(KnownHeader(name: other.span) == (isSame ? expected : .other), "\(byte) at \(index)")
            }
        }
        #expect(KnownHeader(name: (exact + [0]).span) == .other)
        #expect(KnownHeader(name: (exact + bytes("s")).span) == .other)
        #expect(KnownHeader(name: exact.span.extracting(droppingLast: 1)) == .other)
    }

    @Test func everyKnownNameIsInTheTable() {
        var raw: UInt8 = 1
        while let header = KnownHeader(rawValue: raw) {
            #expect(BytesTests.knownNames.contains { $0.1 == header }, "\(header)")
            raw += 1
        }
        #expect(Int(raw) == BytesTests.knownNames.count + 1)
    }

    @Test("Methods", arguments: [
        ("GET", .get, true, true), ("HEAD", .head, true, true), ("OPTIONS", .options, true, true),
        ("TRACE", .trace, true, true), ("PUT", .put, false, true), ("DELETE", .delete, false, true),
        ("POST", .post, false, false), ("PATCH", .patch, false, false), ("CONNECT", .connect, false, false),
        ("LOCK", .other, false, false), ("get", .other, false, false), ("CONNECTX", .other, false, false),
        ("GETGETGETGET", .other, false, false), ("GET\0", .other, false, false), ("GET ", .other, false, false),
    ] as [(String, Method, Bool, Bool)])
    func methods(_ token: String, _ method: Method, _ isSafe: Bool, _ isIdempotent: Bool) {
        let name = bytes(token)
        #expect(Method(token: name.span) == method)
        #expect(method.isSafe == isSafe)
        #expect(method.isIdempotent == isIdempotent)
    }

    struct Comparison: NamedCase {
        var name: String { "'\(first)' and '\(second)'" }
        let first: String
        let second: String
        let areEqual: Bool
        let areEqualIgnoringCase: Bool

        init(_ first: String, _ second: String, _ areEqual: Bool, ignoringCase: Bool) {
            self.first = first
            self.second = second
            self.areEqual = areEqual
            areEqualIgnoringCase = ignoringCase
        }
    }

    @Test("Comparing bytes with bytes", arguments: [
        Comparison("AbC-1", "AbC-1", true, ignoringCase: true),
        Comparison("AbC-1", "aBc-1", false, ignoringCase: true),
        Comparison("abc-1", "abc-2", false, ignoringCase: false),
        Comparison("abc-1", "abc-", false, ignoringCase: false),
        Comparison("", "", true, ignoringCase: true),
        Comparison("", "a", false, ignoringCase: false),
        // Case is a matter of letters only: these differ by the same bit.
        Comparison("@[", "`{", false, ignoringCase: false),
        Comparison("\u{C0}", "\u{E0}", false, ignoringCase: false),
    ])
    func comparing(_ row: Comparison) {
        let first = bytes(row.first)
        let second = bytes(row.second)
        #expect(first.span.equals(second.span) == row.areEqual)
        #expect(second.span.equals(first.span) == row.areEqual)
        #expect(first.span.equalsIgnoringCase(second.span) == row.areEqualIgnoringCase)
        #expect(second.span.equalsIgnoringCase(first.span) == row.areEqualIgnoringCase)
    }

    @Test("Comparing bytes with literals", arguments: [
        ("AbC-1", true, true, true), ("abc-1", false, true, true), ("AbC-12", false, false, true),
        ("aBc-12", false, false, true), ("AbC-", false, false, false), ("AbC-2", false, false, false),
        ("", false, false, false),
    ])
    func literals(_ spelled: String, _ equals: Bool, _ equalsIgnoringCase: Bool, _ starts: Bool) {
        let input = bytes(spelled)
        #expect(input.span.equals("AbC-1") == equals)
        #expect(input.span.equalsIgnoringCase("AbC-1") == equalsIgnoringCase)
        #expect(input.span.startsIgnoringCase("AbC-1") == starts)
        #expect(input.span.startsIgnoringCase("") == true)
    }

    @Test(arguments: [
        ("0", 0), ("00012", 12), ("9223372036854775807", Int.max), ("9223372036854775808", nil),
        ("92233720368547758070", nil), ("", nil), ("-1", nil), ("+1", nil), (" 1", nil), ("1 ", nil), ("1a", nil),
    ] as [(String, Int?)])
    func decimals(_ digits: String, _ value: Int?) {
        #expect(bytes(digits).span.decimalValue == value)
    }

    @Test(arguments: [
        ("", ""), (" \t ", ""), ("a", "a"), (" \ta b\t ", "a b"), ("\u{A0}a", "\u{A0}a"),
    ])
    func trimming(_ padded: String, _ trimmed: String) {
        let input = bytes(padded)
        #expect(text(input.span.trimmedOWS, in: input) == trimmed)
    }

    @Test("Hosts", arguments: [
        ("a.test", "a.test", nil), ("a.test:80", "a.test", 80), ("a.test:", "a.test", nil), ("a:065535", "a", 65_535),
        ("192.0.2.1:1", "192.0.2.1", 1), ("a_b~c!d.test.", "a_b~c!d.test.", nil), ("%41b", "%41b", nil),
        ("[::]", "[::]", nil), ("[::1]:8080", "[::1]", 8080), ("[1::]", "[1::]", nil),
        ("[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]", nil), ("[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7::]", nil),
        ("[::FFFF:192.0.2.1]", "[::FFFF:192.0.2.1]", nil), ("[1:2:3:4:5:6:1.2.3.4]", "[1:2:3:4:5:6:1.2.3.4]", nil),
    ] as [(String, String, Int?)])
    func hosts(_ authority: String, _ host: String, _ port: Int?) {
        let input = bytes(authority)
        let parsed = Authority(Slice(start: 0, count: input.count), in: input.span)
        #expect(parsed.map { text($0.host, in: input) } == host)
        #expect(parsed?.port == port)
    }

    @Test("Hosts that are none", arguments: [
        "", ":", ":80", "a:b", "a:65536", "a:1:2", "a b", "a,b", "a/", "a?", "a#", "a@b", "%4", "%zz", "a%", "[", "[]",
        "[:]", "[:1]", "[1:]", "[1:::2]", "[:::]", "[1::2::3]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]",
        "[1:2:3:4:5:6:7:8::]", "[12345::]", "[g::]", "[::1%25eth0]", "[v1.a]", "[::1.2.3]", "[::1.2.3.4.5]",
        "[::256.1.1.1]", "[::01.2.3.4]", "[::1.2.3.4:5]", "[1:2:3:4:5:6:7:1.2.3.4]", "[::1]x", "[::1]]", "[::1]:x",
    ])
    func badHosts(_ authority: String) {
        let input = bytes(authority)
        #expect(Authority(Slice(start: 0, count: input.count), in: input.span) == nil)
    }

    @Test func everyFaultHasWords() {
        let words = ParseError.Reason.allCases.map(\.description)
        #expect(Set(words).count == words.count)
        #expect(!words.contains(""))
    }
}
