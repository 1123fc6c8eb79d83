import Foundation
import TestSupport
import Testing
import Yams
@testable import Configuration

/// What is composed of libyaml's events is what Yams composes of them, and where it finds a fault there is one.
@Suite struct YAMLComposerTests {
    struct Text: CustomTestStringConvertible, Sendable {
        let name: String
        let text: String
        var testDescription: String { name }
    }

    static let good: [Text] = [
        Text(name: "mapping", text: "a: 1\nb:\n  c: x y\n  d: 'e'\nf: \"g\"\n"),
        Text(name: "values of no value", text: "a:\nb:\n  c:\nd:\n"),
        Text(name: "sequence beside its key", text: "a:\n- 1\n- b: 2\n  c: 3\n-\nd: 4\n"),
        Text(name: "sequence below its key", text: "a:\n  - 1\n  -\n    b: 2\n  - - 3\n    - 4\n"),
        Text(name: "sequence as the root", text: "- a\n- b: 1\n"), Text(name: "scalar as the root", text: "a\n"),
        Text(name: "marker with a comment", text: "# x\n--- # y\n\n# z\na: 1 # b\n\n  # c\nd: 2"),
        Text(name: "content behind the marker", text: "--- {a: b}\n"), Text(name: "directive", text: "%YAML 1.1\n---\na: b\n"),
        Text(name: "text", text: "a: |\n  x\n\n    y\nb: |-\n  z\n\nc: |+\n  w\n\nd: >\n  e\n  f\n"),
        Text(name: "flow", text: "a: [1, 'b', \"c\", {d: e, \"f\":[]}]\ng: {}\nh: [127.0.0.1:80,\n  x]\n"),
        Text(name: "signs in plain scalars", text: "a: http://b:80/?c=d#e\nf: g[h]{i},j\nk: -1\nl: --m\nn: .o\np: /q\n"),
        Text(name: "signs in keys", text: ".: {}\nf:a/b: 1\nk:{\"port\":80}: 2\n\"c d\": 3\ne : 4\n? g\n: h\n"),
        Text(name: "escapes", text: "a: \"\\\"\\\\\\/\\n\\t\\x41\"\nb: 'c''d'\n"),
        Text(name: "several lines", text: "a: b\n  c\nd: 'e\n  f'\n"), Text(name: "tab and carriage return", text: "a:\tb\r\nc: d\r\n"),
        Text(name: "other letters", text: "a: „ä“ – 日本 🙂\n# §\nb: \"ö\"\nc: d\u{FEFF}e\n"),
        Text(name: "tags", text: "a: !!str 1\nb: ! 2\nc: !t {d: e}\n"),
        Text(name: "anchors", text: "a: &x 1\nb: *x\nc: &y [*x, {d: *x}]\ne: *y\nf: &x 2\ng: *x\n"),
        Text(name: "long mapping", text: (0..<40).map { "k\($0): \($0)\n" }.joined()),
    ]

    @Test(arguments: good)
    func composesAsYamsDoes(_ test: Text) throws {
        let node = try #require(Self.composed(test.text))
        #expect(node == Self.byYams(test.text))
    }

    static let bad: [Text] = [
        Text(name: "undefined alias", text: "a: *b\n"), Text(name: "key that stands twice", text: "a: 1\nb: 2\na: 3\n"),
        Text(name: "key twice in a flow", text: "a: {b: 1, b: 2}\n"), Text(name: "merge key twice", text: "<<: {a: 1}\n<<: {b: 1}\n"),
        Text(name: "key twice in a long mapping", text: (0...39).map { "k\($0 % 39): 1\n" }.joined()),
        Text(name: "key in a value", text: "a: b: c\n"), Text(name: "at sign", text: "a: @b\n"), Text(name: "open quote", text: "a: \"b\n"),
        Text(name: "sequence after a mapping", text: "a: 1\n- b\n"), Text(name: "mapping after a sequence", text: "- b\na: 1\n"),
        Text(name: "key that is less indented", text: "  a: 1\n b: 2\n"), Text(name: "key that is more indented", text: "a: 1\n  b: 2\n"),
        Text(name: "open flow", text: "a: [b\n"), Text(name: "control character", text: "a: b\u{80}c\n"),
        Text(name: "alias of its own anchor", text: "a: &b [*b]\n"), Text(name: "long key", text: String(repeating: "a", count: 1100) + ": 1\n"),
    ]

    @Test(arguments: bad)
    func refusesWhatYamsRefuses(_ test: Text) {
        #expect(Self.composed(test.text) == nil)
        #expect(Self.byYams(test.text) == nil)
    }

    /// An alias as a key stands where it is written; Yams tells the line of its anchor.
    @Test func aliasesAsKeys() throws {
        let node = try #require(Self.composed("a: &x k\n*x : 1\n"))
        let entries = try #require(node.mapping)
        #expect(entries.map(\.key) == ["a", "k"])
        #expect(entries.map(\.line) == [1, 2])
    }

    /// Yams takes anything for a key.
    @Test(arguments: ["[a]: b\n", "{a: b}: c\n", "? - a\n: b\n"])
    func keysAreWords(_ text: String) {
        #expect(Self.composed(text) == nil)
    }

    @Test func mergeKeys() throws {
        let node = try #require(Self.composed("a: &x {k: 1, l: 2}\nb: &y {l: 3, m: 4}\nc: {<<: [*x, *y], l: 5}\n"))
        let merged = try #require(node["c"]?.mapping)
        #expect(merged.map(\.key) == ["l", "k", "m"])
        #expect(merged.map(\.value.text) == ["5", "1", "4"])
    }

    /// Every file of the repository, whole.
    @Test func fixturesAreComposedAlike() throws {
        let files = ["config", "Tests/Corpus", "Tests/ConfigurationTests/Fixtures"].flatMap { folder -> [URL] in
            let root = Golden.repository.appendingPathComponent(folder)
            let all = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
            return (all?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "yaml" }
        }
        var composed = 0
        for file in files {
            guard let text = try? String(contentsOf: file, encoding: .utf8) else { continue }
            composed += Self.compare(text)
        }
        #expect(composed > 150, "the comparison would prove little")
    }

    /// Lines put together by chance, from fixed seeds: mostly nonsense, now and then YAML.
    @Test(arguments: 0..<8)
    func nonsenseIsComposedAlike(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var composed = 0
        for _ in 0..<1500 { composed += Self.compare(Self.nonsense(&random)) }
        #expect(composed > 40, "the comparison would prove little")
    }

    private static let beginnings = ["", "", "", "- ", "-", "- - ", "? ", "# ", "--- "]
    private static let keys = ["a:", "b:", "c :", "\"d\":", "'e' :", "f:g:", "h", "-i:", ".:", ":", "", "{j: k}:"]
    private static let values = [
        "", "", " x", " x y ", " x #y", " x#y", " 'x'", " \"x\\n\"", " \"x\\y\"", " |", " |-", " |+", " >", " [x, y]", " {x: y}", " {\"x\":y}", " [x,",
        " ~", " x: y", " *a", " &a x", " &a [y]", " &a", " !t x", " -", " - x", " -1", " #", "x", " ]", " [[], {}]", " [a: b]", " {a}", " [a ,b ]", " [a,]", " {a: }", " {a:b: c}",
        " [-a]", " [a#b]", " [a #b]", " 'a' 'b'", " \"a\"#", " [a?b]", " x?y", " {? a: b}",
    ]

    private static func nonsense(_ random: inout SeededGenerator) -> String {
        var text = "", indent = 0
        for _ in 0..<(1 + random.below(7)) {
            indent = max(0, indent + random.pick([0, 0, 0, 2, 2, -2, 1, -1, -4]))
            text += String(repeating: " ", count: indent) + random.pick(beginnings)
            text += random.pick(keys) + random.pick(values) + (random.oneIn(12) ? "\n\n" : "\n")
        }
        return text
    }

    // MARK: The two

    /// How many documents of the text both compose; an issue where they differ. Yams leaves merge keys as they are.
    private static func compare(_ text: String) -> Int {
        var count = 0
        for part in YAMLFile(name: "t.yaml", text: text).parts {
            let other = byYams(part.text, firstLine: part.firstLine)
            guard !part.text.contains("<<"), let node = composed(part) else { continue }
            count += 1
            #expect(node == other, "\(part.text)")
        }
        return count
    }

    private static func composed(_ text: String) -> YAMLNode? {
        let parts = YAMLFile(name: "t.yaml", text: text).parts
        return parts.count == 1 ? composed(parts[0]) : nil
    }

    private static func composed(_ part: YAMLFile.Part) -> YAMLNode? {
        var log = DiagnosticLog()
        let nodes = YAMLComposer(file: "t.yaml").compose(part, log: &log)
        return log.entries.isEmpty && nodes.count == 1 ? nodes[0] : nil
    }

    private static func byYams(_ text: String, firstLine: Int = 1) -> YAMLNode? {
        guard let root = try? Yams.compose(yaml: text, .basic, .default, .utf8) else { return nil }
        return node(root, firstLine)
    }

    private static func node(_ node: Node, _ firstLine: Int) -> YAMLNode? {
        let line = firstLine + (node.mark?.line ?? 1) - 1
        switch node {
        case .scalar(let scalar):
            let isTagged = scalar.tag.description.hasPrefix("tag:") || scalar.tag.description.hasPrefix("!")
            let reading = isTagged ? YAMLScalar.reading(ofTag: scalar.tag.description) : nil
            let content = YAMLScalar(text: scalar.string, isPlain: scalar.style == .plain && !isTagged, tagReading: reading)
            return YAMLNode(content: .scalar(content), line: line)
        case .sequence(let sequence):
            return YAMLNode(content: .sequence(sequence.compactMap { Self.node($0, firstLine) }), line: line)
        case .mapping(let mapping):
            let entries = mapping.compactMap { key, value -> YAMLEntry? in
                guard let name = Self.node(key, firstLine), let value = Self.node(value, firstLine) else { return nil }
                return YAMLEntry(key: name.scalar?.text ?? "", line: name.line, value: value)
            }
            return YAMLNode(content: .mapping(entries), line: line)
        case .alias:
            return nil
        }
    }
}
