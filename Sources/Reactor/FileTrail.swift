import CLinux
import Glibc

/// The folders in which names are looked up on the way to some files, links followed, as the kernel does it.
///
/// Who watches these folders for these names learns of every way in which the files may change: written in place, another one
/// renamed over it, a link on the way turned elsewhere, a folder above moved away or back.
struct FileTrail {
    /// What matters in one folder.
    struct Folder {
        var names: Set<String> = []
        /// Any file may appear in it: it was asked for itself.
        var isWanted = false
        /// When something in it that matters changed last, other folders aside.
        var changed: Int64 = .min
    }

    /// More links than this lead nowhere (the kernel's own limit), as do more folders above each other.
    private static let linkLimit = 40
    private static let depthLimit = 256
    /// Bytes of the longest path (PATH_MAX).
    private static let pathLimit = 4096

    /// By real path.
    private(set) var folders: [String: Folder] = [:]
    /// Real paths of folders that were looked up before.
    private var known: [String: String] = [:]

    /// Adds a file, or a folder with any file in it. Relative paths are relative to the process's folder.
    mutating func add(_ path: String) {
        guard let absolute = Self.absolute(path), let real = follow(absolute, links: 0, depth: 0) else { return }
        let status = Self.status(of: real)
        guard status.result >= 0, status.is_folder == 1 else { return }
        folders[real, default: Folder()].isWanted = true
        note(status.changed, in: real)
    }

    /// The real path of an absolute one; nil if it leads nowhere yet.
    private mutating func follow(_ path: String, links: Int, depth: Int) -> String? {
        guard depth < Self.depthLimit, links < Self.linkLimit else { return nil }
        guard let (parent, name) = Self.split(path) else { return "/" }
        guard let folder = known[parent] ?? follow(parent, links: links, depth: depth + 1) else { return nil }
        known[parent] = folder
        if name == "." { return folder }
        if name == ".." { return Self.split(folder)?.parent ?? "/" }
        folders[folder, default: Folder()].names.insert(name)
        let entry = Self.joined(folder, name)
        let status = Self.status(of: entry)
        guard status.result >= 0 else { return nil }
        if status.is_folder == 0 { note(status.changed, in: folder) }
        guard status.is_link == 1 else { return entry }
        guard let target = Self.target(of: entry) else { return nil }
        return follow(target.hasPrefix("/") ? target : Self.joined(folder, target), links: links + 1, depth: depth + 1)
    }

    private mutating func note(_ changed: Int64, in folder: String) {
        let before = folders[folder]?.changed ?? .min
        folders[folder]?.changed = max(changed, before)
    }

    // MARK: Paths

    private static func absolute(_ path: String) -> String? {
        if path.hasPrefix("/") { return path }
        // A link of the kernel's to the process's folder.
        return target(of: "/proc/self/cwd").map { joined($0, path) }
    }

    private static func joined(_ folder: String, _ name: String) -> String { folder == "/" ? "/" + name : folder + "/" + name }

    /// The last name of an absolute path and what is before it; nil for `/`.
    private static func split(_ path: String) -> (parent: String, name: String)? {
        var rest = Substring(path)
        while rest.hasSuffix("/") { rest.removeLast() }
        guard let slash = rest.lastIndex(of: "/") else { return nil }
        let name = String(rest[rest.index(after: slash)...])
        rest = rest[..<slash]
        while rest.hasSuffix("/") { rest.removeLast() }
        return (rest.isEmpty ? "/" : String(rest), name)
    }

    private static func status(of path: String) -> linux_file_status {
        // The path is only read during the call.
        unsafe linux_status_of(path)
    }

    private static func target(of link: String) -> String? {
        var text = [UInt8](repeating: 0, count: pathLimit)
        // The kernel writes at most `pathLimit` bytes to the array.
        let count = unsafe text.withUnsafeMutableBufferPointer { unsafe linux_read_link(link, $0.baseAddress, $0.count) }
        guard count > 0, count < pathLimit else { return nil }
        return String(decoding: text.prefix(Int(count)), as: UTF8.self)
    }
}
