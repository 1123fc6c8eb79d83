import Foundation
import Glibc
import Synchronization

/// A program that a test runs. Its output goes to files of the test's folder; it never outlives the object.
final class ChildProcess: Sendable {
    enum Exit: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    let pid: pid_t
    private let name: String
    private let folder: TemporaryFolder
    private let result = Mutex<Exit?>(nil)

    /// - Parameters:
    ///   - name: of this run; its output is found under it.
    ///   - sockets: passed on as a service manager does it.
    ///   - variables: `NAME=value`, beside those of the tests themselves.
    init(
        _ program: String, _ arguments: [String], named name: String, in folder: TemporaryFolder, at place: String? = nil,
        passing sockets: [TestSocket] = [], variables: [String] = []
    ) throws {
        self.name = name
        self.folder = folder
        var words = ["-C", place ?? folder.path] + variables
        if !sockets.isEmpty {
            // The process id is known to the process only, and stays the same.
            words += ["LISTEN_FDS=\(sockets.count)", "sh", "-c", #"LISTEN_PID=$$ exec "$0" "$@""#]
        }
        pid = try Self.spawn(
            words + [program] + arguments, output: folder.path(name + ".out"), errors: folder.path(name + ".err"), sockets)
    }

    deinit {
        guard exit == nil else { return }
        signal(SIGKILL)
        // It cannot refuse.
        _ = waitpid(pid, nil, 0)
    }

    /// The C functions get pointers that stay valid while they run.
    private static func spawn(_ arguments: [String], output: String, errors: String, _ sockets: [TestSocket]) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        _ = unsafe posix_spawn_file_actions_init(&actions)
        defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
        _ = unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        _ = unsafe posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o644)
        _ = unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o644)
        // Copies that none of the numbers below is taken by.
        let copies = sockets.map { $0.duplicate(from: 512) }
        defer { for copy in copies { _ = close(copy) } }
        for (index, copy) in copies.enumerated() { _ = unsafe posix_spawn_file_actions_adddup2(&actions, copy, Int32(3 + index)) }
        // A test's own socket that lived on in the program would not end when the test closes it.
        for descriptor in Int32(3 + copies.count)..<1024 { _ = unsafe posix_spawn_file_actions_addclose(&actions, descriptor) }
        // env changes the folder and becomes the program.
        let env = "/usr/bin/env"
        var words: [UnsafeMutablePointer<CChar>?] = unsafe ([env] + arguments).map { unsafe strdup($0) }
        unsafe words.append(nil)
        defer { for unsafe word in unsafe words { unsafe free(word) } }
        var pid: pid_t = 0
        let code = unsafe posix_spawn(&pid, env, &actions, nil, words, environ)
        guard code == 0 else { throw Problem("cannot run \(arguments): error \(code)") }
        return pid
    }

    var output: String { folder.read(name + ".out") }
    var errors: String { folder.read(name + ".err") }

    /// Nil while it runs.
    var exit: Exit? {
        result.withLock { result in
            if let result { return result }
            var status: Int32 = 0
            guard unsafe waitpid(pid, &status, WNOHANG) == pid else { return nil }
            let signal = status & 0x7F
            result = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
            return result
        }
    }

    func signal(_ signal: Int32) {
        if exit == nil { _ = kill(pid, signal) }
    }

    /// Stops it until it gets SIGCONT; when this returns, no thread of it runs any more.
    func freeze() throws {
        signal(SIGSTOP)
        try eventually("\(name) to stop") {
            let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
            // Behind the name, which is in brackets.
            return threads.allSatisfy { Self.kernelFile("/proc/\(pid)/task/\($0)/stat")?.split(separator: ")").last?.hasPrefix(" T") == true }
        }
    }

    func wait(within seconds: Double = 30) throws -> Exit {
        try eventually("the end of \(name); so far it wrote\n\(output)\(errors)", within: seconds) { exit }
    }

    /// Kilobytes of memory in use.
    func residentKilobytes() throws -> Int {
        let line = Self.kernelFile("/proc/\(pid)/status")?.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        guard let words = line?.split(whereSeparator: { !$0.isNumber }), let number = words.first.flatMap({ Int($0) }) else {
            throw Problem("no VmRSS")
        }
        return number
    }

    /// What procfs says; nil when there is no such process.
    static func kernelFile(_ path: String) -> String? {
        // The path is only read during the call.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { _ = close(descriptor) }
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 8192) { buffer, count in
            count = unsafe max(read(descriptor, buffer.baseAddress, buffer.count), 0)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
