import Foundation
import TestSupport
import Testing

/// The fuzz targets without libFuzzer: every file of the corpus, and changes of it from fixed seeds. `make fuzz` searches further.
@Suite struct FuzzingTests {
    /// Beside the corpus itself; a conversation takes ten times as long as a head, and a configuration a hundred times.
    private static func executions(of target: FuzzTarget) -> Int {
        switch target {
        case .request, .response, .chunks, .proxy, .lookup, .decision, .fields, .json: 3000
        case .exchange: 500
        case .tls: 300
        case .annotations, .manifest, .settings: 100
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func theCorpusKeepsTheRules(_ target: FuzzTarget) throws {
        for (name, input) in try Corpus.files(of: target) {
            #expect(input.count <= FuzzTarget.maximumLength, "\(target)/\(name) would not be read")
            let problem = target.problem(with: input)
            #expect(problem == nil, "\(target)/\(name)")
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func changesOfTheCorpusKeepTheRules(_ target: FuzzTarget) throws {
        let corpus = try Corpus.files(of: target).map(\.input)
        var chance = SeededGenerator(seed: 1)
        for _ in 0..<Self.executions(of: target) {
            let input = Mutation.of(chance.pick(corpus), beside: chance.pick(corpus), &chance)
            if let problem = target.problem(with: input) {
                Issue.record("\(target): \(problem)\n\(input.map { String($0, radix: 16) }.joined(separator: " "))")
                return
            }
        }
    }

    /// A rule that nothing can break would prove nothing.
    @Test(arguments: [
        "GET / HTTP/1.1|Host: a|Content-Length: 1|Content-Length: 1||x", "GET / HTTP/1.1|Host: a|Content-Length: +1||x",
        "GET / HTTP/1.1|Host: a|Content-Length: 0|Transfer-Encoding: chunked||", "GET / HTTP/1.0|Transfer-Encoding: chunked||",
        "GET / HTTP/1.1|Host: a|Transfer-Encoding: gzip, chunked||", "GET / HTTP/1.1||", "GET / HTTP/1.1|Host: a|Host: a||",
        "GET /  HTTP/1.1|Host: a||", "GET /#a HTTP/1.1|Host: a||", "GET /|||", "GET / HTTP/1.1|Host : a||",
        "GET / HTTP/1.1|Host: a|X: 1| 2||", "GET / HTTP/1.1\nHost: a||", "GET / HTTP/1.1|Host: a|X: a\rb||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||5\nhello|0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||2|hello|0||", "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||+1|a|0||",
    ])
    func theStrictReadingRefuses(_ text: String) {
        let input = Array(text.replacing("|", with: "\r\n").utf8)
        #expect(isWrong(input), "\(text)")
    }

    @Test(arguments: [
        "GET / HTTP/1.1|Host: a||", "POST / HTTP/1.1|Host: a|Content-Length: 1||x", "GET / HTTP/1.0||",
        "POST / HTTP/1.1|Host: a|Transfer-Encoding: Chunked||5;a=b|hello|0|T: u||",
    ])
    func theStrictReadingAccepts(_ text: String) {
        #expect(!isWrong(Array(text.replacing("|", with: "\r\n").utf8)), "\(text)")
    }

    private func isWrong(_ request: [UInt8]) -> Bool {
        guard case .whole(let head) = StrictMessage.head(request[...]), case .whole(let kind) = StrictMessage.requestBody(head),
              case .whole(let (_, length)) = StrictMessage.body(request[head.length...], kind) else { return true }
        return head.length + length != request.count
    }
}

/// The inputs that fuzzing begins with: small, written by hand or found, in a folder for each target.
private enum Corpus {
    static func files(of target: FuzzTarget) throws -> [(name: String, input: [UInt8])] {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folder = tests.appendingPathComponent("Corpus/\(target.rawValue)")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        try #require(!names.isEmpty, "no corpus for \(target)")
        return try names.map { ($0, Array(try Data(contentsOf: folder.appendingPathComponent($0)))) }
    }
}

/// Small changes, of the kind that turn one message into another that is nearly the same.
private enum Mutation {
    /// Bytes that mean something somewhere, and some that are never right.
    private static let alphabet = Array("\r\n\r\n \t:;,=\"\\?#/%*@[]0179afFx-_.".utf8) + [0, 0x7F, 0x80, 0xFF]

    static func of(_ original: [UInt8], beside other: [UInt8], _ chance: inout SeededGenerator) -> [UInt8] {
        var result = original
        for _ in 0...chance.below(4) {
            let index = chance.below(result.count + 1)
            let byte = chance.pick(alphabet)
            switch chance.below(6) {
            case 0 where index < result.count: result[index] = byte
            case 1: result.insert(byte, at: index)
            case 2 where index < result.count: result.remove(at: index)
            case 3: result.insert(contentsOf: result[index...].prefix(chance.below(12)), at: index)
            case 4: result.removeSubrange(index..<min(index + chance.below(12), result.count))
            default: result.insert(contentsOf: piece(of: other, &chance), at: index)
            }
        }
        return Array(result.prefix(FuzzTarget.maximumLength))
    }

    private static func piece(of other: [UInt8], _ chance: inout SeededGenerator) -> ArraySlice<UInt8> {
        other.dropFirst(chance.below(other.count + 1)).prefix(chance.below(40))
    }
}
