import Foundation
import Glibc
import Testing
@testable import Reactor

/// Which events matter. The kernel queues an event before the call that caused it returns, so that nothing has to be waited for.
@Suite final class FileWatchTests {
    private let root: String
    private let watch: FileWatch
    private let start = FileTime.now()

    init() throws {
        root = "/tmp/serin-watch-\(UInt64.random(in: 0..<1 << 40))"
        watch = try FileWatch(suffixes: [".yaml"])
        try FileManager.default.createDirectory(atPath: root + "/manifests", withIntermediateDirectories: true)
        try write("config.yaml")
        try write("manifests/a.yaml")
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    private func write(_ name: String) throws {
        try Data("x".utf8).write(to: URL(fileURLWithPath: root + "/" + name))
    }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: root + "/" + name, withDestinationPath: target)
    }

    // Paths are only read during the calls to C.
    private func move(_ name: String, to other: String) { _ = unsafe rename(root + "/" + name, root + "/" + other) }

    private func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: root + "/" + name) }

    /// Everything is old by now, so that only events count.
    private func watchAll(_ names: String...) -> Bool {
        watch.watch(names.map { root + "/" + $0 }, since: FileTime(nanoseconds: .max)).hasChanged
    }

    @Test func whatMatters() throws {
        #expect(!watchAll("config.yaml", "manifests/", "manifests/a.yaml"))
        #expect(!watch.drain())
        let changes: [(String, () throws -> Void, Bool)] = [
            ("written in place", { try self.write("config.yaml") }, true),
            ("beside it", { try self.write("other.yaml") }, false),
            ("renamed over", { self.move("other.yaml", to: "config.yaml") }, true),
            ("away", { self.move("config.yaml", to: "config.old") }, true),
            ("back", { self.move("config.old", to: "config.yaml") }, true),
            ("rights", { _ = unsafe chmod(self.root + "/config.yaml", 0o600) }, true),
            ("in the folder", { try self.write("manifests/a.yaml") }, true),
            ("new in the folder", { try self.write("manifests/b.yaml") }, true),
            ("an editor's file", { try self.write("manifests/.a.yaml.swp") }, false),
            ("its name with a suffix", { try self.write("manifests/.a.yaml") }, false),
            ("no manifest", { try self.write("manifests/readme.md") }, false),
            ("gone from the folder", { try self.remove("manifests/b.yaml") }, true),
            ("read", { _ = FileManager.default.contents(atPath: self.root + "/manifests/a.yaml") }, false),
            ("the folder itself", { self.move("manifests", to: "gone") }, true),
        ]
        for (name, change, matters) in changes {
            try change()
            #expect(watch.drain() == matters, "\(name)")
            #expect(!watch.drain(), "nothing is left")
        }
    }

    @Test func foldersThatAreMissingAreAwaited() throws {
        #expect(!watchAll("a/b/c.yaml"))
        try FileManager.default.createDirectory(atPath: root + "/a", withIntermediateDirectories: true)
        #expect(watch.drain())
        #expect(!watchAll("a/b/c.yaml"))
        try FileManager.default.createDirectory(atPath: root + "/a/b", withIntermediateDirectories: true)
        #expect(watch.drain())
        // What came into a new folder before it was watched is noticed by its time.
        try write("a/b/c.yaml")
        #expect(watch.watch([root + "/a/b/c.yaml"], since: start).hasChanged)
        #expect(!watch.watch([root + "/a/b/c.yaml"], since: start).hasChanged, "no longer new")
        try remove("a")
        #expect(watch.drain())
    }

    @Test func linksAreFollowed() throws {
        try write("manifests/..v1.yaml")
        try link("manifests/..data", to: "..v1.yaml")
        try link("manifests/l.yaml", to: "..data")
        try link("indirect", to: root + "/manifests")
        try link("loop", to: "loop")
        #expect(!watchAll("indirect/l.yaml", "loop", "indirect/../config.yaml"))
        _ = watch.drain()
        try write("manifests/..v1.yaml")
        #expect(watch.drain(), "the file at the end")
        try link("manifests/..new", to: "..v2.yaml")
        #expect(!watch.drain())
        move("manifests/..new", to: "manifests/..data")
        #expect(watch.drain(), "a link on the way")
        try remove("indirect")
        #expect(watch.drain(), "a folder that is a link")
        try write("config.yaml")
        #expect(watch.drain(), "behind a link and two dots")
    }

    @Test func whatIsNotNamedAnyMoreIsNotWatched() throws {
        #expect(!watchAll("config.yaml", "manifests"))
        #expect(!watchAll("config.yaml"))
        try write("manifests/a.yaml")
        #expect(!watch.drain())
        try write("config.yaml")
        #expect(watch.drain())
    }

    /// The kernel drops what it has no room for, and says so.
    @Test func lostEventsMatter() throws {
        #expect(!watchAll("manifests"))
        let limit = (try? String(contentsOfFile: "/proc/sys/fs/inotify/max_queued_events", encoding: .utf8)) ?? ""
        let events = Int(limit.filter(\.isNumber)) ?? 16384
        try #require(events <= 1 << 20, "a queue that no test fills")
        for _ in 0...events / 2 {
            let file = unsafe open(root + "/manifests/x", O_CREAT | O_WRONLY, 0o600)
            close(file)
            _ = unsafe unlink(root + "/manifests/x")
        }
        var matters = false
        for _ in 0..<100 where !matters { matters = watch.drain() }
        #expect(matters)
    }
}
