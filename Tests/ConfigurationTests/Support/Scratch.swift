import Foundation
import Glibc
import Testing

/// Files that a test makes for itself, in a folder of their own.
enum Scratch {
    static func folder() throws -> String {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("serin-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url.path
    }

    static func file(named name: String, bytes: [UInt8]) throws -> String {
        let path = try folder() + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    static func write(_ text: String, to path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// A FIFO that nobody reads or writes.
    static func fifo(_ path: String) throws {
        // The path is only read during the call.
        try #require(unsafe mkfifo(path, 0o600) == 0)
    }

    /// Removes the folder that a file of `file(named:bytes:)` is in.
    static func remove(_ path: String) {
        try? FileManager.default.removeItem(at: URL(fileURLWithPath: path).deletingLastPathComponent())
    }
}
