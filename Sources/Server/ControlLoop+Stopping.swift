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
        loading.current.take()?.thread.join()
        for log in retiredLogs + [accessLog] { log.stop() }
        waitForResolver()
    }
}
