import Addressing
import Exchange
import Reactor
import Synchronization
import TLS
import Testing
@testable import Server

/// How long the admin address waits, and for what.
@Suite struct AdminPatienceTests {
    /// Connections that are idle for as long end meanwhile, one after the other.
    @Test func aReloadIsWaitedForHoweverLongItTakes() throws {
        let reload = HeldWork()
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
