import Foundation
import Testing
@testable import Configuration

/// The YAML layer: what no file may do to it.
@Suite struct YAMLTests {
    private static func documents(_ text: String) -> (nodes: [YAMLNode], messages: [String]) {
        var log = DiagnosticLog()
        let nodes = YAMLFile(name: "t.yaml", text: text).documents(log: &log)
        return (nodes, log.sorted.map(\.description))
    }

    struct Split: CustomTestStringConvertible, Sendable {
        let name: String
        let text: String
        /// Line and first key of each document.
        let expect: [String]
        var testDescription: String { name }
    }

    static let splits: [Split] = [
        Split(name: "one", text: "a: 1\n", expect: ["1 a"]),
        Split(name: "two", text: "a: 1\n---\nb: 1\n", expect: ["1 a", "3 b"]),
        Split(name: "leading marker", text: "---\na: 1\n", expect: ["2 a"]),
        Split(name: "comment before the marker", text: "# x\n---\na: 1\n", expect: ["3 a"]),
        Split(name: "empty ones", text: "---\n---\n# x\n---\na: 1\n---\n", expect: ["5 a"]),
        Split(name: "end marker", text: "a: 1\n...\nb: 1\n", expect: ["1 a", "3 b"]),
        Split(name: "end, then begin", text: "a: 1\n...\n---\nb: 1\n", expect: ["1 a", "4 b"]),
        Split(name: "directive", text: "%YAML 1.1\n---\na: 1\n", expect: ["3 a"]),
        Split(name: "directive of the second", text: "a: 1\n...\n%YAML 1.1\n---\nb: 1\n", expect: ["1 a", "5 b"]),
        Split(name: "marker with a comment", text: "a: 1\n--- # second\nb: 1\n", expect: ["1 a", "3 b"]),
        Split(name: "marker with content", text: "--- {a: 1}\n", expect: ["1 a"]),
        Split(name: "not a marker", text: "a: |\n  ---\n  x\n---x: 1\n", expect: ["1 a"]),
        Split(name: "carriage returns", text: "a: 1\r\n---\r\nb: 1\r\n", expect: ["1 a", "3 b"]),
        Split(name: "no last line feed", text: "a: 1\n---\nb: 1", expect: ["1 a", "3 b"]),
        Split(name: "nothing", text: "", expect: []),
    ]

    @Test(arguments: splits)
    func documents(_ test: Split) {
        let (nodes, messages) = Self.documents(test.text)
        #expect(messages.isEmpty)
        #expect(nodes.map { "\($0.line) \($0.mapping?.first?.key ?? "")" } == test.expect)
    }

    struct Hostile: CustomTestStringConvertible, Sendable {
        let name: String
        let text: String
        /// What the one message holds.
        let expect: String
        var testDescription: String { name }
    }

    private static func laughs(_ key: String) -> String {
        var text = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let aliases = Array(repeating: "*l\(level - 1)", count: 10).joined(separator: ", ")
            text += "l\(level): &l\(level) [\(aliases)]\n"
        }
        return text + key
    }

    static let hostile: [Hostile] = [
        Hostile(name: "deep flow", text: String(repeating: "[", count: 100_000), expect: "deep"),
        Hostile(name: "deep flow, closed", text: "a: " + String(repeating: "[", count: 500) + String(repeating: "]", count: 500), expect: "nested more than 200"),
        Hostile(name: "deep mappings", text: String(repeating: "{a: ", count: 5_000), expect: "deep"),
        Hostile(name: "deep block", text: (0..<300).map { String(repeating: " ", count: $0) + "a:\n" }.joined(), expect: "nested more than 200"),
        Hostile(name: "deep list", text: "a:\n" + String(repeating: "- ", count: 3_000) + "x\n", expect: "deep"),
        Hostile(name: "aliases that multiply", text: laughs(""), expect: "too many nodes"),
        Hostile(name: "aliases as a key", text: laughs("? *l9\n: x\n"), expect: "too many nodes"),
        Hostile(name: "aliases as a flow key", text: laughs("m: {*l9 : x}\n"), expect: "too many nodes"),
        Hostile(name: "an alias of itself", text: "a: &a [*a]\n", expect: "undefined alias"),
        Hostile(name: "a list as a key", text: "[a]: b\n", expect: "a key must be a word"),
        Hostile(name: "a mapping as a key", text: "? {a: b}\n: c\n", expect: "a key must be a word"),
        Hostile(name: "a merge of a word", text: "<<: a\n", expect: "merges mappings only"),
        Hostile(name: "an unknown tag prefix", text: "a: !x!y z\n", expect: "undefined tag handle"),
        Hostile(name: "a bad directive", text: "%YAML 3.0\n---\na: b\n", expect: "incompatible YAML document"),
        Hostile(name: "a bad escape", text: "a: \"\\q\"\n", expect: "unknown escape character"),
        Hostile(name: "a surrogate", text: "a: \"\\uD800\"\n", expect: "invalid Unicode character"),
        Hostile(name: "a C1 control", text: "a: \u{80}\n", expect: "control characters are not allowed"),
    ]

    @Test(arguments: hostile)
    func refused(_ test: Hostile) {
        let (nodes, messages) = Self.documents(test.text)
        #expect(nodes.isEmpty)
        #expect(messages.count == 1, "\(messages.prefix(3))")
        #expect(messages.first?.contains(test.expect) == true, "\(messages.first ?? "")")
    }

    struct Bytes: CustomTestStringConvertible, Sendable {
        let name: String
        let bytes: [UInt8]
        let expect: String?
        var testDescription: String { name }
    }

    static let files: [Bytes] = [
        Bytes(name: "invalid UTF-8", bytes: Array("a: 1\nb: ".utf8) + [0xFF, 0xFE, 0x0A], expect: ":2: error: file: is not UTF-8 from here on; save it as UTF-8"),
        Bytes(name: "UTF-16", bytes: [0xFF, 0xFE, 0x61, 0x00], expect: ":1: error: file: is not UTF-8 from here on; save it as UTF-8"),
        Bytes(name: "NUL", bytes: Array("a: 1\n\nb: ".utf8) + [0, 0x0A], expect: ":3: error: file: holds a control character (byte 0x0), which YAML does not allow; remove it"),
        Bytes(name: "CR alone", bytes: Array("a: 1\n\rb: 2\r---\rc: 3".utf8), expect: ":2: error: file: holds a line break (byte 0xd) that is neither LF nor CRLF; save it with LF"),
        Bytes(name: "NEL", bytes: Array("a: 1\u{85}---\u{85}b: 2\n".utf8), expect: ":1: error: file: holds a line break (byte 0xc2) that is neither LF nor CRLF; save it with LF"),
        Bytes(name: "LS", bytes: Array("a: 1\n# \u{2028}b: 2\n".utf8), expect: ":2: error: file: holds a line break (byte 0xe2) that is neither LF nor CRLF; save it with LF"),
        Bytes(name: "CRLF", bytes: Array("a: 1\r\nb: 2\r\n".utf8), expect: nil),
        Bytes(name: "escape", bytes: Array("a: \u{1B}[0m".utf8), expect: ":1: error: file: holds a control character (byte 0x1b), which YAML does not allow; remove it"),
        Bytes(name: "byte order mark", bytes: [0xEF, 0xBB, 0xBF] + Array("a: 1\n".utf8), expect: nil),
        Bytes(name: "empty", bytes: [], expect: nil),
    ]

    @Test(arguments: files)
    func read(_ test: Bytes) throws {
        let path = try Scratch.file(named: "serin.yaml", bytes: test.bytes)
        defer { Scratch.remove(path) }
        var log = DiagnosticLog()
        let file = YAMLFile.read(path, log: &log)
        #expect((file == nil) == (test.expect != nil))
        #expect(log.entries.map(\.description) == (test.expect.map { [path + $0] } ?? []))
    }

    /// Any part of a valid file, and any one byte of it changed, is diagnosed or loaded, never fatal.
    @Test func damagedFilesNeverTrap() throws {
        let text = try Golden.text("manifests/several-canaries.yaml")
        let bytes = Array(text.utf8)
        for end in stride(from: 0, to: bytes.count, by: 37) {
            _ = Loaded(String(decoding: bytes[..<end], as: UTF8.self))
        }
        let signs = Array("{}[]:-&*!|>'\"%@`#,? \n\t".utf8)
        for position in stride(from: 0, to: bytes.count, by: 23) {
            var damaged = bytes
            damaged[position] = signs[(position / 23) % signs.count]
            let loaded = Loaded(String(decoding: damaged, as: UTF8.self))
            #expect(loaded.diagnostics.allSatisfy { $0.line >= 1 })
        }
    }

    @Test(arguments: [
        ("true", "a boolean"), ("No", "a boolean"), ("on", "a boolean"), ("1", "a number"), ("-1.5e3", "a number"),
        ("0x1F", "a number"), ("1_000", "a number"), (".inf", "a number"), ("a", nil), ("1a", nil), ("-", nil),
        ("10.0.0.1", nil), ("5m", nil), ("inf", nil), ("nan", nil), ("١", nil),
    ])
    func readings(_ text: String, _ expect: String?) {
        #expect(YAMLScalar(text: text, isPlain: true).readAsOtherThanText == expect)
        #expect(YAMLScalar(text: text, isPlain: false).readAsOtherThanText == nil)
    }

    @Test(arguments: [
        ("!!str true", nil), ("! 5", nil), ("5", "a number"), ("!!bool \"true\"", "a boolean"), ("!!int '5'", "a number"),
        ("!!float 1", "a number"), ("!!bool x", "a boolean"), ("!<tag:yaml.org,2002:bool> \"on\"", "a boolean"), ("!bool true", nil),
    ])
    func tagsSayWhatItIs(_ text: String, _ expect: String?) throws {
        let root = try #require(Self.documents("a: \(text)\n").nodes.first)
        #expect(root.mapping?.map { $0.value.scalar?.readAsOtherThanText } == [expect])
    }

    struct Clip: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let expect: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Clip(name: "short", text: "a value", expect: "a value"),
        Clip(name: "as long as may be", text: String(repeating: "é", count: 80), expect: String(repeating: "é", count: 80)),
        Clip(name: "longer", text: String(repeating: "ab", count: 41), expect: String(repeating: "ab", count: 40) + "…"),
        Clip(name: "one character of any length", text: "e" + String(repeating: "\u{301}", count: 1000),
             expect: "e" + String(repeating: "\u{301}", count: 79) + "…"),
    ])
    func messagesShowTheBeginningOfALongText(_ clip: Clip) {
        #expect(clip.text.clipped == clip.expect)
    }
}
