import Foundation
import TestSupport
import Testing

/// docs/http.md names the test of each duty, and the setting and the metric of each bound: what it names is there.
@Suite struct DutyTests {
    private static let lastDuty = 73
    private static let document = Result { try String(contentsOfFile: Repository.path + "/docs/http.md", encoding: .utf8) }

    /// The cells of the rows of one section's tables, without heads.
    private static func rows(of title: String) throws -> [[String]] {
        let sections = try document.get().components(separatedBy: "\n## ")
        let section = try #require(sections.first { $0.hasPrefix(title + "\n") }, "a section \(title)")
        return section.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| ---") && !$0.hasPrefix("| duty") && !$0.hasPrefix("| what") }
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
    }

    /// A file of tests.
    private struct Source {
        let text: String
        /// What is declared in it, or goes by a name in a list.
        let suites: Set<Substring>
        let members: Set<Substring>

        init(_ text: String) {
            self.text = text
            var suites: Set<Substring> = [], members: Set<Substring> = []
            for line in text.split(separator: "\n") {
                let words = line.split { !($0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" || $0 == ",") }
                for (word, next) in zip(words, words.dropFirst()) {
                    switch word {
                    case "struct", "class", "enum", "extension": suites.insert(next)
                    case "func", "let", "case": members.insert(next)
                    default: if word.hasSuffix(",") { members.insert(next) }
                    }
                }
            }
            (self.suites, self.members) = (suites, Set(members.map { $0.prefix { $0 != "," } }))
        }
    }

    /// Those of all tests.
    private static let sources: [Source] = {
        let root = URL(fileURLWithPath: Repository.path + "/Tests")
        let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        return files.filter { $0.pathExtension == "swift" && $0.lastPathComponent != "DutyTests.swift" }.compactMap { file in
            (try? String(contentsOf: file, encoding: .utf8)).map(Source.init)
        }
    }()

    @Test func everyDutyHasItsRow() throws {
        var found: [Int] = []
        for row in try Self.rows(of: "Duties") {
            let bounds = row[0].split(separator: "–").compactMap { Int($0) }
            found += bounds.count == 2 ? Array(bounds[0]...bounds[1]) : row[0].split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        }
        #expect(found == Array(1...Self.lastDuty), "each once, in order")
    }

    @Test func theTestsItNamesAreThere() throws {
        for row in try Self.rows(of: "Duties") {
            #expect(row.count == 3, "\(row)")
            let named = Self.check(row[2], of: row[0])
            #expect(named > 0, "duty \(row[0]) names no test")
        }
    }

    /// Returns how many tests the cell names.
    private static func check(_ cell: String, of duty: String) -> Int {
        var files: [Source] = []
        var count = 0
        for match in cell.matches(of: /`([^`]+)`|"([^"]+)"/) {
            if let row = match.output.2 {
                #expect(files.contains { $0.text.contains("\"\(row)\"") }, "duty \(duty): no row “\(row)” in the suite before it")
                continue
            }
            let words = (match.output.1 ?? "").split(separator: ".", omittingEmptySubsequences: false)
            if let suite = words.first, suite.hasSuffix("Tests") || suite.hasSuffix("Scripts") || suite == "FuzzTarget" {
                files = sources.filter { $0.suites.contains(suite) }
                #expect(!files.isEmpty, "duty \(duty): no suite \(suite)")
                count += 1
            } else if words.first != "" {
                continue
            }
            guard words.count == 2, let member = words.last, member != "swift" else { continue }
            #expect(files.contains { $0.members.contains(member) }, "duty \(duty): no \(member) in the suite before it")
        }
        return count
    }

    @Test(arguments: RuleCases.elsewhere.sorted { $0.key < $1.key })
    func theTestsOfRulesAreThere(_ rule: String, _ tests: String) { #expect(Self.check(tests, of: rule) > 0) }

    @Test func theBoundsAreThose() throws {
        let settings = try String(contentsOfFile: Repository.path + "/config/serin.yaml", encoding: .utf8)
        let metrics = try SerinProcess(.origin(RecordingOrigin.named("app"))).ask("/metrics").text
        let rows = try Self.rows(of: "Bounds")
        #expect(rows.count > 20)
        let defaults = Self.defaults(in: settings)
        var bounded: Set<String> = []
        for row in rows {
            #expect(row.count == 4, "\(row)")
            for match in row[0].matches(of: /`((?:limits|timeouts|gzip)\.\w+)`/) {
                let key = String(match.output.1)
                bounded.insert(key)
                #expect(defaults[key] == row[1].split(separator: ",").first.map(String.init), "the default of \(key)")
            }
            let named = row[3].matches(of: /(serin|process)_\w+/).map { String($0.output.0) }
            if named.isEmpty { #expect(row[3].wholeMatch(of: /– .+/) != nil, "\(row[0]): neither a metric nor a reason") }
            for name in named {
                let kind = row[3].hasPrefix("gauge: ") ? "gauge" : "counter"
                #expect(metrics.contains("# TYPE \(name) \(kind)\n"), "no \(kind) \(name)")
            }
        }
        let keys = defaults.keys.filter { $0.hasPrefix("limits.") || $0.hasPrefix("timeouts.") }
        #expect(keys.count >= 20)
        for key in keys.sorted() { #expect(bounded.contains(key), "no row for \(key)") }
    }

    /// The scalars of serin.yaml's sections, by `section.key`.
    private static func defaults(in settings: String) -> [String: String] {
        var defaults: [String: String] = [:]
        var section: Substring = ""
        for line in settings.split(separator: "\n") {
            if let match = line.wholeMatch(of: /(\w+):/) {
                section = match.output.1
            } else if let match = line.wholeMatch(of: #/  (\w+): +(\w+)(?: .*)?/#) {
                defaults["\(section).\(match.output.1)"] = String(match.output.2)
            }
        }
        return defaults
    }
}
