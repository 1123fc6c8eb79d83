import Exchange
import Logging
import Reactor

/// The end: gracefully, at once, and of the threads.
extension ControlLoop {
    func stop(graceful: Bool) {
        abandonChanges()
        abandonUpgrade()
        // Whoever takes over checks for itself.
        healthMonitor.stop()
        if stopping == .no, !upgrading.isDone { tell(.stopping) }
        if graceful, stopping == .no {
            stopping = .gracefully
            log.info("stopping: finishing what runs")
            admin.beginDrain()
            let deadline = loop.now + settings.shutdownTimeout.nanoseconds
            for worker in workers { worker.post(.drain(deadline: deadline)) }
        } else if stopping != .atOnce {
            stopping = .atOnce
            log.info("stopping at once")
            for worker in workers { worker.post(.stop) }
            killNext()
        }
    }

    /// Ends all threads and waits for them.
    func stopThreads() {
        resolver.stop()
        healthMonitor.stop()
        admin.stop()
        for worker in running { workers[worker].post(.stop) }
        for thread in threads { thread.join() }
        for log in retiredLogs + [accessLog] { log.stop() }
        waitForTheSlow()
    }

    /// Nanoseconds that the end waits for threads that it cannot hurry.
    private static let grace: UInt64 = 1_000_000_000

    /// A call of the system's resolver may take minutes, and so may a load: of very many manifests, or of files on a mount that does not
    /// answer. Neither can be called off. Their threads touch nothing but their mailboxes, which they keep alive themselves: so they may
    /// be left behind, to end with what they do or with the process.
    private func waitForTheSlow() {
        let deadline = SystemClock.monotonicNanoseconds() + Self.grace
        while true {
            for message in early + mailbox.takeAll() {
                switch message {
                case .resolverEnded(let thread): resolver.join(thread)
                case .loaded: loading.current.take()?.thread.join()
                case .stop: stopping = .atOnce
                // The last words of other threads.
                case .warning(let what): log.warning("\(what)")
                default: break
                }
            }
            early = []
            tellOfLostWarnings()
            let isLoadAwaited = loading.current != nil && stopping != .atOnce
            guard resolver.isBusy || isLoadAwaited, SystemClock.monotonicNanoseconds() < deadline else { break }
            loop.wait(atMostMilliseconds: 100)
            // Too late for others; unread they would keep the loop awake.
            while let signal = signals?.next() { if Self.stopSignals.contains(signal) { stopping = .atOnce } }
        }
        if resolver.isBusy { log.warning("a name is still being resolved: not waited for") }
        if loading.current != nil { log.warning("the configuration is still being loaded: not waited for") }
        hasLeftThreads = resolver.isBusy || loading.current != nil
    }
}
