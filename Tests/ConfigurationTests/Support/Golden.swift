import Foundation
import Testing

/// Files of the repository that tests read, and expectations kept in files.
///
/// `SERIN_UPDATE_GOLDEN=1 swift test --filter ConfigurationTests` writes the expectations anew; look at the difference
/// before committing it.
enum Golden {
    static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    static let repository = tests.deletingLastPathComponent().deletingLastPathComponent()
    static let fixtures = tests.appendingPathComponent("Fixtures")

    /// The fixtures of a folder by name, without their extension.
    static func names(in folder: String) -> [String] {
        names(of: fixtures.appendingPathComponent(folder))
    }

    /// The YAML files of a folder by name, without their extension; a folder without any fails the test.
    static func names(of folder: URL) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        precondition(!files.isEmpty, "no fixtures in \(folder.path)")
        return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: fixtures.appendingPathComponent(path), encoding: .utf8)
    }

    static func repositoryText(_ path: String) throws -> String {
        try String(contentsOf: repository.appendingPathComponent(path), encoding: .utf8)
    }

    /// Compares `text` with the fixture `path`.
    static func expect(_ text: String, at path: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try expect(text, in: fixtures.appendingPathComponent(path), sourceLocation)
    }

    /// Compares `text` with a file of the repository.
    static func expect(
        _ text: String, inRepository path: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try expect(text, in: repository.appendingPathComponent(path), sourceLocation)
    }

    private static func expect(_ text: String, in file: URL, _ sourceLocation: SourceLocation) throws {
        if ProcessInfo.processInfo.environment["SERIN_UPDATE_GOLDEN"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        let expected = try String(contentsOf: file, encoding: .utf8)
        #expect(text == expected, "\(file.lastPathComponent)", sourceLocation: sourceLocation)
    }
}
