import Addressing
import Exchange
import Glibc
import Reactor
import Synchronization
import TLS
import Testing
@testable import Server

/// How long the admin address waits, and for what.
@Suite struct AdminPatienceTests {
    /// A reload that takes as long as the test wants.
    private final class SlowReload: Sendable {
        private let state = Mutex((hasBegun: false, mayEnd: false))

        func run() {
            state.withLock { $0.hasBegun = true }
            for _ in 0..<20_000 where !state.withLock({ $0.mayEnd }) { usleep(1000) }
        }

        func end() { state.withLock { $0.mayEnd = true } }

        func waitForBeginning() {
            for _ in 0..<20_000 where !state.withLock({ $0.hasBegun }) { usleep(1000) }
        }
    }

    /// Connections that are idle for as long end meanwhile, one after the other.
    @Test func aReloadIsWaitedForHoweverLongItTakes() throws {
        let reload = SlowReload()
        let proxy = try TestProxy(TestProxy.snapshot([])) {
            let (snapshot, settings) = ($0.snapshot, $0.settings)
            $0.adminIdleLimit = 20_000_000
            $0.reload = {
                reload.run()
                return .loaded(snapshot, TLSContexts(), settings, inactive: [], notes: [], files: WatchedFiles())
            }
        }
        let admin = proxy.supervisor.admin
        let answer = Mutex("")
        let caller = try Thread.start(name: "caller") {
            let request = "POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            let text = (try? TestProxy.exchange(admin, request)) ?? "no connection"
            answer.withLock { $0 = text }
        }
        reload.waitForBeginning()
        for _ in 0..<5 { #expect(try TestProxy.exchange(admin, "GET /livez").isEmpty, "half a request is not waited for") }
        #expect(answer.withLock { $0 }.isEmpty, "it is still being loaded")
        reload.end()
        caller.join()
        #expect(answer.withLock { $0 }.hasPrefix("HTTP/1.1 200 "))
    }
}
