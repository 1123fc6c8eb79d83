import Telemetry
import Testing

@Suite("JSON reader")
struct JSONReaderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let value: JSONValue
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ value: JSONValue) {
            self.name = name
            self.text = text
            self.value = value
        }
    }

    @Test(arguments: [
        Case("null", "null", .null),
        Case("true", "true", .bool(true)),
        Case("false with space around", " \t\r\nfalse\n", .bool(false)),
        Case("a number as written", "-0.50e+07", .number("-0.50e+07")),
        Case("a number of many digits", "123456789012345678901234567890", .number("123456789012345678901234567890")),
        Case("zero", "0", .number("0")),
        Case("an empty string", #""""#, .string("")),
        Case("every escape", #""\"\\\/\b\f\n\r\t\u0041""#, .string("\"\\/\u{8}\u{C}\n\r\tA")),
        Case("letters beyond ASCII", #""ä 中 😀""#, .string("ä 中 😀")),
        Case("escapes beyond ASCII", #""\u00e4\u4E2D\uD83D\uDE00""#, .string("ä中😀")),
        Case("an escaped NUL", #""\u0000""#, .string("\0")),
        Case("an empty array", "[ ]", .array([])),
        Case("an empty object", "{ }", .object([])),
        Case("an array", "[1,\"a\" , null]", .array([.number("1"), .string("a"), .null])),
        Case(
            "an object in the order written", #"{"b":1,"a":{"b":[]}}"#,
            .object([.init(name: "b", value: .number("1")), .init(name: "a", value: .object([.init(name: "b", value: .array([]))]))])),
    ])
    func reads(_ test: Case) throws {
        #expect(try Self.read(test.text) == test.value)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        let text: [UInt8]
        let offset: Int
        var testDescription: String { name }

        init(_ name: String, _ text: String, at offset: Int) {
            self.name = name
            self.text = Array(text.utf8)
            self.offset = offset
        }

        init(_ name: String, bytes: [UInt8], at offset: Int) {
            self.name = name
            text = bytes
            self.offset = offset
        }
    }

    @Test(arguments: [
        Fault("nothing", "", at: 0),
        Fault("only space", "  ", at: 2),
        Fault("two values", "1 2", at: 2),
        Fault("a word", "yes", at: 0),
        Fault("half a word", "[tru]", at: 1),
        Fault("a comment", "/* */ 1", at: 0),
        Fault("a plus", "+1", at: 0),
        Fault("a leading zero", "01", at: 1),
        Fault("no digit before the point", ".5", at: 0),
        Fault("no digit after the point", "1.", at: 2),
        Fault("no exponent", "1e", at: 2),
        Fault("a lone minus", "-", at: 1),
        Fault("a comma at the end of an array", "[1,]", at: 3),
        Fault("a comma at the end of an object", #"{"a":1,}"#, at: 7),
        Fault("an array without end", "[1", at: 2),
        Fault("an object without end", #"{"a":1"#, at: 6),
        Fault("a name without quotes", "{a:1}", at: 1),
        Fault("no colon", #"{"a" 1}"#, at: 5),
        Fault("no value", #"{"a":}"#, at: 5),
        Fault("a name twice", #"{"a":1,"a":2}"#, at: 7),
        Fault("a name twice, once escaped", #"{"a":1,"\u0061":2}"#, at: 7),
        Fault("a string without end", #""abc"#, at: 4),
        Fault("single quotes", "'a'", at: 0),
        Fault("a line break in a string", "\"a\nb\"", at: 2),
        Fault("an unknown escape", #""\x""#, at: 2),
        Fault("three digits", #""\u123""#, at: 6),
        Fault("the first half of a pair", #""\ud800x""#, at: 3),
        Fault("the second half of a pair", #""\udc00""#, at: 3),
        Fault("two first halves", #""\ud800\ud800""#, at: 3),
        Fault("not UTF-8", bytes: [0x22, 0xC3, 0x28, 0x22], at: 0),
        Fault("a byte order mark", "\u{FEFF}1", at: 0),
        Fault("too deep", String(repeating: "[", count: 100), at: 16),
    ])
    func refuses(_ test: Fault) {
        let failure = #expect(throws: JSONReader.Failure.self) { try JSONReader.read(test.text.span) }
        #expect(failure?.offset == test.offset, "\(failure?.description ?? "")")
    }

    @Test func asDeepAsAllowed() throws {
        let deepest = String(repeating: "[", count: 16) + String(repeating: "]", count: 16)
        _ = try Self.read(deepest)
        #expect(throws: JSONReader.Failure.self) { try Self.read("[" + deepest + "]") }
    }

    /// What the writer writes, the reader reads.
    @Test func theWritersTexts() throws {
        var writer = JSONWriter()
        let odd = String((0..<0x250).compactMap { Unicode.Scalar($0).map(Character.init) }) + "😀"
        writer.beginObject()
        writer.member(odd, odd)
        writer.member("n", UInt64.max)
        writer.endObject()
        let bytes = writer.finish()
        #expect(try JSONReader.read(bytes.span) == .object([
            .init(name: odd, value: .string(odd)), .init(name: "n", value: .number("18446744073709551615")),
        ]))
    }

    /// No cut of a text traps, and none but the whole is read.
    @Test func everyCut() throws {
        let text = Array(#"{"a":[1.5e3,"\u00e4\ud83d\ude00",{"b":null}],"c":true}"#.utf8)
        _ = try JSONReader.read(text.span)
        for count in text.indices {
            #expect(throws: JSONReader.Failure.self) { try JSONReader.read(text.span.extracting(first: count)) }
        }
    }

    private static func read(_ text: String) throws -> JSONValue {
        let bytes = Array(text.utf8)
        return try JSONReader.read(bytes.span)
    }
}
