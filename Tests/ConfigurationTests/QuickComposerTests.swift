import Foundation
import TestSupport
import Testing
@testable import Configuration

/// What is composed without the parser is what the parser composes.
@Suite struct QuickComposerTests {
    struct Text: CustomTestStringConvertible, Sendable {
        let name: String
        let text: String
        var testDescription: String { name }
    }

    /// What manifests are made of: slow, if it were left to the parser.
    static let usual: [Text] = [
        Text(name: "mapping", text: "a: 1\nb:\n  c: x y\n  d: 'e'\nf: \"g\"\n"),
        Text(name: "values of no value", text: "a:\nb:\n  c:\nd:\n"),
        Text(name: "sequence beside its key", text: "a:\n- 1\n- b: 2\n  c: 3\n-\nd: 4\n"),
        Text(name: "sequence below its key", text: "a:\n  - 1\n  -\n    b: 2\n  - - 3\n    - 4\n"),
        Text(name: "sequence as the root", text: "- a\n- b: 1\n"),
        Text(name: "marker", text: "---\na: 1\n"),
        Text(name: "marker with a comment", text: "# x\n--- # y\n\n# z\na: 1 # b\n\n  # c\nd: 2"),
        Text(name: "text", text: "a: |\n  x\n\n    y\nb: |-\n  z\n\nc: |+\n  w\n\n"),
        Text(name: "text in a sequence", text: "- |\n x\n- a: |\n    y\n  b: 1\n"),
        Text(name: "flow", text: "a: [1, 'b', \"c\", {d: e, \"f\":[]}]\ng: {}\nh: [127.0.0.1:80]\n"),
        Text(name: "signs in plain scalars", text: "a: http://b:80/?c=d#e\nf: g[h]{i},j\nk: -1\nl: --m\nn: .o\np: /q\n"),
        Text(name: "signs in keys", text: ".: {}\nf:a/b: 1\nk:{\"port\":80}: 2\n\"c d\": 3\ne : 4\n"),
        Text(name: "escapes", text: "a: \"\\\"\\\\\\/\\n\\t\"\nb: 'c''d'\n"),
        Text(name: "other letters", text: "a: „ä“ – 日本 🙂\n# §\nb: \"ö\"\n"),
    ]

    @Test(arguments: usual)
    func isComposed(_ test: Text) throws {
        for part in YAMLFile(name: "t.yaml", text: test.text).parts {
            let composed = try #require(QuickComposer.compose(part))
            #expect(composed == Self.parsed(part))
        }
    }

    static let left: [Text] = [
        Text(name: "anchor", text: "a: &b 1\n"), Text(name: "alias", text: "a: *b\n"), Text(name: "tag", text: "a: !!str 1\n"),
        Text(name: "folded text", text: "a: >\n  b\n"), Text(name: "text with its indentation", text: "a: |2\n   b\n"),
        Text(name: "two lines of a plain scalar", text: "a: b\n  c\n"), Text(name: "two lines of a quoted one", text: "a: 'b\n  c'\n"),
        Text(name: "two lines of a flow", text: "a: [b,\n  c]\n"), Text(name: "merge key", text: "<<: {a: 1}\n"),
        Text(name: "key that stands twice", text: "a: 1\nb: 2\na: 3\n"), Text(name: "in a flow", text: "a: {b: 1, b: 2}\n"),
        Text(name: "in a long mapping", text: (0...9).map { "k\($0 % 9): 1\n" }.joined()), Text(name: "explicit key", text: "? a\n: b\n"),
        Text(name: "tab", text: "a:\tb\n"), Text(name: "carriage return", text: "a: b\r\n"), Text(name: "scalar as the root", text: "a\n"),
        Text(name: "long key", text: String(repeating: "a", count: 1100) + ": 1\n"), Text(name: "key in a value", text: "a: b: c\n"),
        Text(name: "escape of a character", text: "a: \"\\x41\"\n"), Text(name: "line separator", text: "a: b\u{2028}c\n"),
        Text(name: "next line", text: "a: b\u{85}c\n"), Text(name: "byte order mark", text: "a: b\u{FEFF}c\n"),
        Text(name: "control character", text: "a: b\u{80}c\n"), Text(name: "deep", text: "a: " + String(repeating: "[", count: 99) + "\n"),
        Text(name: "sequence after a mapping", text: "a: 1\n- b\n"), Text(name: "mapping after a sequence", text: "- b\na: 1\n"),
        Text(name: "key that is less indented", text: "  a: 1\n b: 2\n"), Text(name: "key that is more indented", text: "a: 1\n  b: 2\n"),
        Text(name: "many anchors", text: "a: '&&&&&&&&'\n"), Text(name: "at sign", text: "a: @b\n"), Text(name: "open quote", text: "a: \"b\n"),
        Text(name: "directive", text: "%YAML 1.1\n---\na: b\n"), Text(name: "content behind the marker", text: "--- {a: b}\n"),
    ]

    @Test(arguments: left)
    func isLeftToTheParser(_ test: Text) {
        for part in YAMLFile(name: "t.yaml", text: test.text).parts { #expect(QuickComposer.compose(part) == nil) }
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
            for part in YAMLFile(name: file.path, text: text).parts {
                guard let node = QuickComposer.compose(part) else { continue }
                composed += 1
                #expect(node == Self.parsed(part), "\(file.path):\(part.firstLine)")
            }
        }
        #expect(composed > 150, "the comparison would prove little")
    }

    /// Lines put together by chance, from fixed seeds: mostly nonsense, now and then YAML.
    @Test(arguments: 0..<8)
    func nonsenseIsComposedAlike(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var composed = 0
        for _ in 0..<1500 {
            let text = Self.nonsense(&random)
            for part in YAMLFile(name: "t.yaml", text: text).parts {
                guard let node = QuickComposer.compose(part) else { continue }
                composed += 1
                #expect(node == Self.parsed(part), "\(text)")
            }
        }
        #expect(composed > 40, "the comparison would prove little")
    }

    private static let beginnings = ["", "", "", "- ", "-", "- - ", "? ", "# ", "&a ", "--- "]
    private static let keys = ["a:", "b:", "c :", "\"d\":", "'e' :", "f:g:", "h", "-i:", ".:", ":", "", "<<:", "{j: k}:"]
    private static let values = [
        "", "", " x", " x y ", " x #y", " x#y", " 'x'", " \"x\\n\"", " \"x\\y\"", " |", " |-", " |+", " >", " [x, y]", " {x: y}", " {\"x\":y}", " [x,",
        " ~", " x: y", " *a", " !t x", " -", " - x", " -1", " #", "x", " ]", " [[], {}]", " [a: b]", " {a}", " [a ,b ]", " [a,]", " {a: }", " {a:b: c}",
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

    private static func parsed(_ part: YAMLFile.Part) -> YAMLNode? {
        var log = DiagnosticLog()
        let nodes = YAMLComposer(file: "t.yaml").parse(part, log: &log)
        return log.entries.isEmpty && nodes.count == 1 ? nodes[0] : nil
    }
}
