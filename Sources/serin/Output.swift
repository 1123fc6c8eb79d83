import Configuration
import Exchange
import Glibc

/// Lines for people and programs, flushed at once: who started the process may be waiting for one. Waits for those who read them; a
/// process that serves does not, and has a `Console`. Texts are written as they may be shown (`printable`).
enum Output {
    static func line(_ text: String) {
        write(text.printable(keepsLines: true), to: STDOUT_FILENO)
    }

    static func errorLine(_ text: String) {
        write(text.printable(keepsLines: true), to: STDERR_FILENO)
    }

    static func report(_ diagnostics: [Diagnostic], atLeast severity: Diagnostic.Severity = .note) {
        for diagnostic in diagnostics where diagnostic.severity.rank >= severity.rank { errorLine(diagnostic.description) }
    }

    /// For programs: as they are, and a line feed.
    static func bytes(_ bytes: [UInt8]) {
        write(String(decoding: bytes, as: UTF8.self), to: STDOUT_FILENO)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array((text + "\n").utf8)[...]
        while !rest.isEmpty {
            // The kernel reads `count` bytes of the buffer, during the call.
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EAGAIN {
                // Somebody who shares it has made it non-blocking.
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                // One entry, which the kernel fills during the call.
                _ = unsafe poll(&entry, 1, -1)
            } else if count < 0, errno != EINTR {
                return
            }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}

extension Diagnostic.Severity {
    var rank: Int {
        switch self {
        case .note: 0
        case .warning: 1
        case .error: 2
        }
    }
}
