import Glibc

/// A process that has taken over from the one before it; it never outlives the object. What it writes comes to where that one writes.
final class NextProcess {
    let pid: pid_t
    private let serin: SerinProcess

    fileprivate init(_ pid: pid_t, _ serin: SerinProcess) {
        self.pid = pid
        self.serin = serin
    }

    deinit { signal(SIGKILL) }

    func signal(_ signal: Int32) { _ = kill(pid, signal) }

    /// It is nobody's child any more, and whoever adopts orphans may leave it a zombie.
    var hasEnded: Bool {
        guard let state = ChildProcess.kernelFile("/proc/\(pid)/stat")?.split(separator: ")").last else { return true }
        return state.hasPrefix(" Z")
    }

    func upgrade() throws -> NextProcess { try serin.upgrade(pid) }

    func stop() throws {
        signal(SIGTERM)
        try eventually("the end of process \(pid); the log is\n\(serin.process.errors)") { hasEnded }
    }
}

extension SerinProcess {
    /// Has the process started anew; returns the new one when it serves.
    func upgrade() throws -> NextProcess { try upgrade(process.pid) }

    fileprivate func upgrade(_ pid: pid_t) throws -> NextProcess {
        let before = takeovers.count
        _ = kill(pid, SIGUSR2)
        return try nextProcess(after: before)
    }

    /// The process of a takeover that somebody has begun.
    /// - Parameter count: how many there have been before.
    func nextProcess(after count: Int = 0) throws -> NextProcess {
        let pid = try eventually("an upgrade; the log is\n\(process.errors)") { takeovers.count > count ? takeovers[count] : nil }
        return NextProcess(pid, self)
    }

    /// One that has taken over without a process before it that could tell.
    func orphan(_ pid: pid_t) -> NextProcess { NextProcess(pid, self) }

    /// Processes that have taken over, as the log tells.
    private var takeovers: [pid_t] {
        process.errors.split(separator: "\n").compactMap { line in
            guard let start = line.firstRange(of: "upgrade: process ")?.upperBound, line.hasSuffix(" serves") else { return nil }
            return pid_t(line[start...].prefix { $0.isNumber })
        }
    }
}
