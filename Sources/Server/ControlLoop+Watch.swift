import Logging
import Reactor

/// Changes of the configuration's files, as a reason to reload.
extension ControlLoop {
    /// What is watched, and what has been noticed.
    struct Watching {
        var watch: FileWatch?
        var paths: [String] = []
        /// Changes that have not led to a reload yet: when the first of them was noticed, and the timer that ends the wait.
        var pending: (since: UInt64, timer: TimerID)?
        /// Said once each, not at each reload.
        var failures: Set<String> = []
    }

    /// An editor, a deployment or a mount changes several things at a time: they have to be quiet for so long (nanoseconds).
    private static let quiet: UInt64 = 200_000_000
    /// But changes that never end are not waited for.
    private static let longestWait: UInt64 = 2_000_000_000

    /// From now on these are watched, and no others.
    func watch(_ files: WatchedFiles) {
        watching.paths = files.paths
        guard !files.paths.isEmpty else {
            if let watch = watching.watch.take() { loop.remove(watch.fd) }
            return
        }
        do throws(Errno) {
            let watch = try startWatch(files.suffixes)
            let (hasChanged, failures) = watch.watch(files.paths, since: files.loadedSince)
            for failure in failures where watching.failures.insert(failure.folder).inserted {
                log.warning("changes in \(failure.folder) go unnoticed: \(failure.error)")
            }
            if hasChanged { filesChanged() }
        } catch {
            if watching.failures.insert("").inserted { log.warning("changes of files go unnoticed: \(error)") }
        }
    }

    /// What was refused may be put right in a file that the configuration in force does not name.
    func alsoWatch(_ refused: WatchedFiles) {
        guard !watching.paths.isEmpty else { return }
        var files = refused
        let known = Set(watching.paths)
        files.paths = watching.paths + refused.paths.filter { !known.contains($0) }
        watch(files)
    }

    private func startWatch(_ suffixes: [String]) throws(Errno) -> FileWatch {
        if let running = watching.watch { return running }
        let watch = try FileWatch(suffixes: suffixes)
        try loop.add(watch.fd, token: Self.watchToken, interest: .acceptor)
        watching.watch = watch
        return watch
    }

    func takeFileEvents() {
        if let watch = watching.watch, watch.drain() { filesChanged() }
    }

    private func filesChanged() {
        let since = watching.pending?.since ?? loop.now
        let due = min(loop.now + Self.quiet, since + Self.longestWait)
        if let timer = watching.pending?.timer { loop.cancel(timer) }
        watching.pending = (since, loop.arm(token: Self.watchToken, at: due))
    }

    /// The files have been quiet for a while.
    func reloadChangedFiles() {
        watching.pending = nil
        guard stopping == .no else { return }
        log.info("files have changed: reloading")
        reload(answering: nil)
    }
}
