import CLinux
import Glibc

/// Tells that files or folders may have changed, in whichever way (inotify). Watch `fd` as `.acceptor`.
///
/// It only says that something happened, never what: who is told looks at the files anew. So it keeps nothing of the events, and
/// events that the kernel had to drop are no loss.
public final class FileWatch {
    /// A folder that can't be watched: what changes in it goes unnoticed.
    public struct Failure: Error, Sendable {
        public let folder: String
        public let error: Errno
    }

    /// Bytes of events fetched at a time; one event with the longest name has 272.
    private static let batch = 16 << 10
    /// Batches fetched in a turn. The rest wakes the loop again.
    private static let batchesATurn = 64

    public let fd: Int32
    private let suffixes: [String]
    /// What matters in the folder of a watch.
    private var folders: [Int32: FileTrail.Folder] = [:]
    private var buffer = [UInt8](repeating: 0, count: FileWatch.batch)

    /// - Parameter suffixes: how files end that matter in a watched folder. Those that begin with a dot do not.
    public init(suffixes: [String]) throws(Errno) {
        self.suffixes = suffixes
        fd = try checkedSystemCall { linux_inotify() }
    }

    deinit {
        closeDescriptor(fd)
    }

    /// Watches these files and folders from now on, and nothing else; they need not exist. What is new among them may have
    /// changed before this call.
    /// - Parameter start: when they were last looked at.
    /// - Returns: whether one that was not watched before has changed since `start`, and what can't be watched.
    public func watch(_ paths: [String], since start: FileTime) -> (hasChanged: Bool, failures: [Failure]) {
        var trail = FileTrail()
        for path in paths { trail.add(path) }
        let end = FileTime.latest().nanoseconds
        var watched: [Int32: FileTrail.Folder] = [:]
        var hasChanged = false
        var failures: [Failure] = []
        for (path, folder) in trail.folders {
            // The path is only read during the call.
            let result = systemCall { unsafe linux_inotify_add(fd, path) }
            guard result >= 0 else {
                let error = Errno(result: result)
                // A folder that has just gone is missed in the one above it; one on the way need not be readable.
                let isHarmless = error == .ENOENT || error == .ENOTDIR || error == .EACCES && !folder.isWanted
                if !isHarmless { failures.append(Failure(folder: path, error: error)) }
                continue
            }
            let watch = Int32(truncatingIfNeeded: result)
            // A time in the future (a clock that was set back) says nothing.
            if folders[watch] == nil, (start.nanoseconds...max(start.nanoseconds, end)).contains(folder.changed) { hasChanged = true }
            watched[watch, default: FileTrail.Folder()].merge(folder)
        }
        for watch in folders.keys where watched[watch] == nil {
            // It may have ended by itself.
            _ = systemCall { linux_inotify_remove(fd, watch) }
        }
        folders = watched
        return (hasChanged, failures.sorted { $0.folder < $1.folder })
    }

    /// Takes the events that have come; whether one of them matters.
    public func drain() -> Bool {
        var matters = false
        for _ in 0..<Self.batchesATurn {
            // The kernel writes at most `count` bytes to the array.
            let count = systemCall { unsafe buffer.withUnsafeMutableBufferPointer { unsafe linux_inotify_read(fd, $0.baseAddress, $0.count) } }
            guard count > 0 else { break }
            var offset = 0
            while offset < Int(count) {
                // The kernel fills the array with whole events; `offset` is where one begins.
                let event = unsafe buffer.withUnsafeBufferPointer { unsafe linux_inotify_event_at($0.baseAddress, offset) }
                if self.matters(event) { matters = true }
                offset = Int(event.next)
            }
        }
        return matters
    }

    private func matters(_ event: linux_inotify_event) -> Bool {
        if event.is_overflow == 1 { return true }
        guard let folder = folders[event.watch] else { return false }
        if event.is_ended == 1 {
            folders[event.watch] = nil
            return true
        }
        let name = String(decoding: buffer[Int(event.name)..<Int(event.next)].prefix { $0 != 0 }, as: UTF8.self)
        if folder.names.contains(name) { return true }
        return folder.isWanted && !name.hasPrefix(".") && suffixes.contains { name.hasSuffix($0) }
    }
}

extension FileTrail.Folder {
    /// Two paths may lead to one folder.
    fileprivate mutating func merge(_ other: FileTrail.Folder) {
        names.formUnion(other.names)
        isWanted = isWanted || other.isWanted
        changed = max(changed, other.changed)
    }
}
