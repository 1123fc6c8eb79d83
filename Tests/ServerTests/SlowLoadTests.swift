import Exchange
import Glibc
import Logging
import Reactor
import Synchronization
import TLS
import Testing
@testable import Server

/// An upgrade during a load that takes as long as the test wants.
@Suite struct SlowLoadTests {
    /// A proxy that loads because somebody has asked for it.
    private struct Loading {
        let work = HeldWork()
        let log = LogLines()
        let proxy: TestProxy
        private let answer = Answer()
        private let caller: Thread

        /// - Parameter script: what the next process of an upgrade does.
        init(script: String, change: (inout Launch) -> Void = { _ in }) throws {
            let snapshot = TestProxy.snapshot([])
            proxy = try TestProxy(snapshot) { [work, log] in
                let settings = $0.settings
                $0.logger = Logger(label: "test") { _ in log }
                $0.reload = {
                    work.run()
                    return .loaded(snapshot, TLSContexts(), settings, inactive: [], notes: [], files: WatchedFiles())
                }
                var launch = Launch(arguments: ["sh", "-c", script], passed: PassedDescriptors(), manager: nil)
                change(&launch)
                $0.launch = launch
            }
            let admin = proxy.supervisor.admin
            caller = try Thread.start(name: "caller") { [answer] in
                let request = "POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                let text = (try? TestProxy.exchange(admin, request)) ?? "no connection"
                answer.text.withLock { $0 = text }
            }
            work.waitForBeginning()
        }

        /// Once there is one; to be asked once.
        var status: String {
            caller.join()
            return answer.text.withLock { String($0.prefix { $0 != "\r\n" }) }
        }

        func end() { work.end() }
    }

    private final class Answer: Sendable {
        let text = Mutex("")
    }

    private static let given = "this process goes on serving"

    /// It begins with the end of the load.
    @Test func waitsForALoad() throws {
        let loading = try Loading(script: "exit 7")
        loading.proxy.supervisor.upgrade()
        try loading.log.wait(for: "upgrade: waits for the load under way")
        loading.end()
        #expect(loading.status == "HTTP/1.1 200 OK")
        try loading.log.wait(for: Self.given)
    }

    /// A load that never ends may be the very reason for it.
    @Test func doesNotWaitForEver() throws {
        let loading = try Loading(script: "exit 7") { $0.loadPatience = 50_000_000 }
        loading.proxy.supervisor.upgrade()
        try loading.log.wait(for: "upgrade: the load under way takes too long: not waited for")
        try loading.log.wait(for: Self.given)
        // It failed: what the load brings counts.
        loading.end()
        #expect(loading.status == "HTTP/1.1 200 OK")
        try loading.log.wait(for: "reloaded: 1 route")
    }

    /// What a load brings meanwhile would change the listeners under the next process: whoever serves in the end loads again.
    @Test func putsOffWhatALoadBrings() throws {
        let mark = "/tmp/serin-upgrade-\(UInt64.random(in: 0..<1 << 40))"
        // The path is only read during these calls.
        try #require(unsafe mkfifo(mark, 0o600) == 0)
        let end = unsafe open(mark, O_RDWR | O_CLOEXEC)
        defer {
            close(end)
            _ = unsafe unlink(mark)
        }
        let loading = try Loading(script: "read line < \(mark); exit 7") { $0.loadPatience = 50_000_000 }
        loading.proxy.supervisor.upgrade()
        try loading.log.wait(for: "starts with")
        loading.end()
        #expect(loading.status == "HTTP/1.1 503 Service Unavailable")
        try loading.log.wait(for: "reload put off: an upgrade is under way")
        // One byte, which is only read during the call.
        #expect(unsafe write(end, "\n", 1) == 1)
        try loading.log.wait(for: Self.given)
        try loading.log.wait(for: "reloaded: 1 route")
    }
}
