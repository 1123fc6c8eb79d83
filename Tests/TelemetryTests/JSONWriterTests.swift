import Telemetry
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let write: @Sendable (inout JSONWriter) -> Void
        let text: String
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ write: @escaping @Sendable (inout JSONWriter) -> Void) {
            self.name = name
            self.text = text
            self.write = write
        }
    }

    static let cases = [
        Case("an empty object", "{}") { $0.beginObject(); $0.endObject() },
        Case("an empty array", "[]") { $0.beginArray(); $0.endArray() },
        Case("a lone string", #""a""#) { $0.value("a") },
        Case("a lone null", "null") { $0.null() },
        Case("every kind of member", #"{"s":"x","i":-7,"u":18446744073709551615,"t":true,"f":false,"a":["p","q"],"e":[]}"#) {
            $0.beginObject()
            $0.member("s", "x")
            $0.member("i", -7)
            $0.member("u", UInt64.max)
            $0.member("t", true)
            $0.member("f", false)
            $0.member("a", ["p", "q"])
            $0.member("e", [])
            $0.endObject()
        },
        Case("absent values", #"{"s":null,"i":null}"#) {
            $0.beginObject()
            $0.member("s", String?.none)
            $0.member("i", Int?.none)
            $0.endObject()
        },
        Case("the ends of the integers", "[-9223372036854775808,0,9223372036854775807]") {
            $0.beginArray()
            $0.value(Int.min)
            $0.value(0)
            $0.value(Int.max)
            $0.endArray()
        },
        Case("nesting, commas after containers", #"[{"a":{},"b":[[],1]},[],"c",{}]"#) {
            $0.beginArray()
            $0.beginObject()
            $0.key("a"); $0.beginObject(); $0.endObject()
            $0.key("b"); $0.beginArray(); $0.beginArray(); $0.endArray(); $0.value(1); $0.endArray()
            $0.endObject()
            $0.beginArray(); $0.endArray()
            $0.value("c")
            $0.beginObject(); $0.endObject()
            $0.endArray()
        },
        Case("a key is escaped too", #"{"a\"b":1}"#) { $0.beginObject(); $0.member("a\"b", 1); $0.endObject() },
    ]

    @Test("structure", arguments: cases)
    func structure(_ example: Case) {
        var writer = JSONWriter()
        example.write(&writer)
        #expect(String(decoding: writer.finish(), as: UTF8.self) == example.text)
    }

    struct Escape: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let json: String
        var testDescription: String { name }
    }

    static let escapes = [
        Escape(name: "nothing", text: "", json: ""),
        Escape(name: "quote", text: "\"", json: #"\""#),
        Escape(name: "backslash", text: "\\", json: #"\\"#),
        Escape(name: "solidus stays", text: "a/b", json: "a/b"),
        Escape(name: "short escapes", text: "\u{8}\t\n\u{C}\r", json: #"\b\t\n\f\r"#),
        Escape(name: "CR LF, one grapheme", text: "\r\n", json: #"\r\n"#),
        Escape(name: "other controls", text: "\u{0}\u{1}\u{7}\u{B}\u{E}\u{F}\u{10}\u{1A}\u{1F}",
               json: #"\u0000\u0001\u0007\u000b\u000e\u000f\u0010\u001a\u001f"#),
        Escape(name: "what prints, and DEL, stay", text: " ~\u{7F}", json: " ~\u{7F}"),
        Escape(name: "UTF-8 stays", text: "é漢🦜\u{2028}", json: "é漢🦜\u{2028}"),
    ]

    @Test("escapes", arguments: escapes)
    func escape(_ example: Escape) {
        var writer = JSONWriter()
        writer.value(example.text)
        #expect(writer.finish() == Array("\"\(example.json)\"".utf8))
    }

    @Test("an invalid text stops the program")
    func misuse() async {
        await #expect(processExitsWith: .failure) {
            var writer = JSONWriter()
            writer.beginObject()
            writer.value("a value without a key")
        }
        await #expect(processExitsWith: .failure) {
            var writer = JSONWriter()
            writer.beginArray()
            writer.key("a key in an array")
        }
        await #expect(processExitsWith: .failure) {
            var writer = JSONWriter()
            writer.beginArray()
            writer.endObject()
        }
        await #expect(processExitsWith: .failure) {
            var writer = JSONWriter()
            writer.beginArray()
            _ = writer.finish()
        }
    }
}
