import Reactor

/// What the process may do with the descriptors that it is allowed (RLIMIT_NOFILE, raised as far as it goes).
enum DescriptorBudget {
    static let limit = FileDescriptorLimit.raise()

    /// Not for clients and upstreams: the standard streams, logs, the admin address with its connections, name resolution, reading
    /// files, checks of endpoints, and the threads without clients.
    private static let reserved = 64 + HealthLoop.maximumProbes
    /// A worker's loop and its mailbox.
    private static let perWorker = 2
    /// Fewer for clients and upstreams together would be no proxy.
    private static let fewestForConnections = 16

    /// For clients and upstreams together; `AdmissionLimits` divides them. An upgrade needs a copy of every listening socket, and another
    /// one of each while the next process is started: there is room for these, unless the process could not serve beside it.
    static func forConnections(listeners: Int, workers: Int) -> Int {
        max(limit - own(listeners: listeners, workers: workers) - 2 * workers * listeners, fewestForConnections)
    }

    /// Refuses to start what could not serve.
    static func check(listeners: Int, workers: Int) throws(Supervisor.StartError) {
        let needed = own(listeners: listeners, workers: workers) + fewestForConnections
        guard limit < needed else { return }
        throw Supervisor.StartError(
            "cannot start: \(workers) workers on \(listeners) addresses need at least \(needed) file descriptors; \(limitAsText)")
    }

    static var limitAsText: String { "the limit is \(limit) (ulimit -n, or LimitNOFILE of systemd)" }

    /// Every worker has a socket for each address.
    private static func own(listeners: Int, workers: Int) -> Int {
        reserved + workers * (perWorker + listeners)
    }
}
