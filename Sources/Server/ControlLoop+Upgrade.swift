import Exchange
import Glibc
import Logging
import Reactor

/// Going on in a new process of the program: it is started with copies of all listening sockets, and once it serves, this one stops
/// gracefully. The sockets stay open throughout, so that no connection is refused and none in a queue is lost. If the new process does
/// not come to serve, this one has never stopped.
extension ControlLoop {
    struct Upgrading {
        enum Phase {
            case no
            /// For the end of the load under way: what it changes is to be passed on. Not for ever: a load that does not end, since
            /// its files lie where nobody answers any more, may be the very reason for the upgrade.
            case waitingForReload
            /// Copies of sockets come in, from so many threads.
            case collecting(missing: Int)
            /// Not ready yet.
            case starting(ChildProcess, ReadinessPipe)
            /// It has failed and has not ended yet; why, and when it is killed if it does not go by itself (nanoseconds of the
            /// monotonic clock).
            case failing(ChildProcess, why: String, killAt: UInt64)
            /// The new process serves; until this one has given up the admin address, too.
            case handingOver(ChildProcess)
            case done
        }

        var phase = Phase.no
        var lent: [LentSocket] = []
        var lendFailure: Errno?
        var timer = TimerID.none
        /// Signals for the process that serves afterwards, whichever that is.
        var heldSignals: [Int32] = []

        /// Between the first copy and the end of it.
        var isUnderWay: Bool {
            switch phase {
            case .no, .waitingForReload, .done: false
            case .collecting, .starting, .failing, .handingOver: true
            }
        }

        /// Whether there is another process that serves.
        var isDone: Bool {
            switch phase {
            case .handingOver, .done: true
            case .no, .waitingForReload, .collecting, .starting, .failing: false
            }
        }

        /// Once is enough, however often it comes.
        mutating func hold(_ signal: Int32) {
            if !heldSignals.contains(signal) { heldSignals.append(signal) }
        }
    }

    // MARK: Passing on

    func upgrade() {
        switch upgrading.phase {
        case .no where stopping != .no, .handingOver, .done:
            log.warning("upgrade refused: stopping")
        case .no:
            guard let launch = options.launch, !launch.arguments.isEmpty else {
                return log.warning("upgrade refused: this process does not know how it was started")
            }
            guard !launch.isInit else {
                return log.warning("upgrade refused: this is process 1, and all others end with it")
            }
            upgrading.phase = .waitingForReload
            guard loading.current != nil else { return upgradeUnlessReloading() }
            log.info("upgrade: waits for the load under way")
            upgrading.timer = loop.arm(token: Self.upgradeToken, at: loop.now + launch.loadPatience)
        case .waitingForReload, .collecting, .starting, .failing:
            log.warning("upgrade refused: one is under way")
        }
    }

    /// Goes on when no reload stands in the way.
    func upgradeUnlessReloading() {
        guard case .waitingForReload = upgrading.phase, loading.current == nil else { return }
        loop.cancel(upgrading.timer)
        collectSockets()
    }

    private func collectSockets() {
        if !changes.awaited.isEmpty {
            // Workers get new listeners with the snapshot that waits for names: they are to be passed on, too.
            endPatience()
            stopWaitingForNames()
        }
        upgrading.phase = .collecting(missing: running.count + 1)
        for worker in running { workers[worker].post(.lend) }
        admin.lend()
    }

    func lent(_ result: Result<[LentSocket], Errno>) {
        switch result {
        case .success(let sockets): upgrading.lent += sockets
        case .failure(let error): upgrading.lendFailure = error
        }
        // A stop may have come between.
        guard case .collecting(let missing) = upgrading.phase else { return closeLent() }
        upgrading.phase = .collecting(missing: missing - 1)
        guard missing <= 1 else { return }
        startNext()
        closeLent()
    }

    private func closeLent() {
        for socket in upgrading.lent { Socket(adopting: socket.fd).close() }
        upgrading.lent = []
    }

    private func startNext() {
        guard let launch = options.launch else { return }
        do throws(Errno) {
            if let error = upgrading.lendFailure.take() { throw error }
            // In the order of the configuration, which is what tells those of port 0 apart.
            let order = settings.listeners
            upgrading.lent += try places.lendUnused()
            let sockets = upgrading.lent.sorted { first, second in
                (first.configured.flatMap(order.firstIndex) ?? order.count) < (second.configured.flatMap(order.firstIndex) ?? order.count)
            }
            let (pipe, other) = try ReadinessPipe.make()
            defer { closeEnd(other) }
            let handed = HandedMemory.ofThisProcess { log.warning("upgrade: \($0)") } + programMemory()
            defer { for memory in handed { closeEnd(memory.fd) } }
            let child = try ChildProcess.start(
                launch.arguments, passing: sockets.map(\.fd) + handed.map(\.fd) + [other],
                variables: PassedDescriptors.variables(
                    names: sockets.map(\.role.rawValue) + handed.map(\.kind.rawValue) + [InheritedSockets.readinessName], pipe))
            upgrading.phase = .starting(child, pipe)
            log.info("upgrade: process \(child.pid) starts with \(sockets.count) sockets")
            upgrading.timer = loop.arm(token: Self.upgradeToken, at: loop.now + launch.upgradePatience)
            do throws(Errno) {
                try loop.add(pipe.fd, token: Self.upgradeToken, interest: .acceptor)
            } catch {
                fail(child, pipe, "cannot be waited for: \(error)")
            }
        } catch {
            upgrading.phase = .no
            log.error("upgrade failed: cannot start \(launch.arguments.first ?? ""): \(error); this process goes on serving")
            obeyHeldSignals()
        }
    }

    /// At most one. Without it the next process begins as at a start, which is no reason not to begin.
    private func programMemory() -> [(kind: HandedMemory, fd: Int32)] {
        guard let bytes = options.handsOver?() else { return [] }
        do throws(Errno) {
            guard bytes.count <= HandedMemory.program.limit else { throw .EFBIG }
            return [(.program, try SealedMemory.make(name: "serin-program", bytes))]
        } catch {
            log.warning("upgrade: stored Ingresses cannot be handed over: \(error)")
            return []
        }
    }

    private func closeEnd(_ descriptor: Int32) { Socket(adopting: descriptor).close() }

    // MARK: What comes of it

    func takeReadiness() {
        guard case .starting(let child, let pipe) = upgrading.phase else { return }
        switch pipe.read() {
        case .nothingYet: break
        case .ready: handOver(to: child, pipe)
        case .ended: fail(child, pipe, "ended before it served")
        }
    }

    func upgradeTimedOut() {
        switch upgrading.phase {
        case .waitingForReload:
            log.warning("upgrade: the load under way takes too long: not waited for")
            collectSockets()
        case .starting(let child, let pipe): fail(child, pipe, "did not serve in time")
        case .failing(let child, let why, let killAt): awaitEnd(of: child, why, killAt)
        case .no, .collecting, .handingOver, .done: break
        }
    }

    private func handOver(to child: ChildProcess, _ pipe: ReadinessPipe) {
        loop.remove(pipe.fd)
        loop.cancel(upgrading.timer)
        upgrading.phase = .handingOver(child)
        socketFiles.leave()
        admin.handOver()
    }

    /// From now on whoever asks, also at the admin address, asks the new process.
    func handedOver() {
        guard case .handingOver(let child) = upgrading.phase else { return }
        // It may have ended since it said so, and nobody else would serve.
        let state = child.state()
        guard state == .running else {
            socketFiles.take()
            admin.takeBack()
            return failed(child, "ended as soon as it served", state)
        }
        upgrading.phase = .done
        log.info("upgrade: process \(child.pid) serves")
        tell(.mainProcess(child.pid))
        for signal in upgrading.heldSignals { child.signal(signal) }
        if stopping == .no { stop(graceful: true) }
    }

    private func fail(_ child: ChildProcess, _ pipe: ReadinessPipe, _ why: String) {
        loop.remove(pipe.fd)
        loop.cancel(upgrading.timer)
        // Gracefully: it may have accepted somebody.
        child.signal(SIGTERM)
        awaitEnd(of: child, why, loop.now + settings.shutdownTimeout.nanoseconds + (options.launch?.killGrace ?? 0))
    }

    /// Whether there is a process that has been told to end.
    var isNextEnding: Bool {
        if case .failing = upgrading.phase { true } else { false }
    }

    /// This process stops at once, and so does one that has been told to end.
    func killNext() {
        guard case .failing(let child, let why, _) = upgrading.phase else { return }
        child.signal(SIGKILL)
        upgrading.phase = .failing(child, why: why, killAt: loop.now)
    }

    /// How long the end of this process waits for one that has been killed, and may be stuck in the kernel.
    private static let deathGrace: UInt64 = 1_000_000_000
    private static let endPollInterval: UInt64 = 20_000_000

    private func awaitEnd(of child: ChildProcess, _ why: String, _ killAt: UInt64) {
        let state = child.state()
        guard state == .running else { return failed(child, why, state) }
        if loop.now >= killAt { child.signal(SIGKILL) }
        guard !running.isEmpty || loop.now < killAt + Self.deathGrace else {
            upgrading.phase = .no
            return log.error("upgrade failed: process \(child.pid) \(why): it does not end and is left behind")
        }
        upgrading.phase = .failing(child, why: why, killAt: killAt)
        upgrading.timer = loop.arm(token: Self.upgradeToken, at: loop.now + Self.endPollInterval)
    }

    /// It has ended.
    private func failed(_ child: ChildProcess, _ why: String, _ state: ChildProcess.State) {
        upgrading.phase = .no
        if stopping == .no {
            log.error("upgrade failed: process \(child.pid) \(why): it \(state); this process goes on serving")
        } else {
            log.info("upgrade abandoned: process \(child.pid) \(why): it \(state)")
        }
        obeyHeldSignals()
    }

    private func obeyHeldSignals() {
        let held = upgrading.heldSignals
        upgrading.heldSignals = []
        for signal in held where stopping == .no { obey(signal) }
    }

    /// At the beginning of a stop: nobody is to go on in place of this process, unless it stops for that very reason.
    func abandonUpgrade() {
        upgrading.heldSignals = []
        switch upgrading.phase {
        case .no, .failing, .done: break
        case .handingOver(let child): child.signal(SIGTERM)
        case .waitingForReload, .collecting:
            loop.cancel(upgrading.timer)
            upgrading.phase = .no
        case .starting(let child, let pipe): fail(child, pipe, "was told to stop, as this one was")
        }
    }

    // MARK: The service manager

    /// It is not waited for, and whether it listens changes nothing here.
    func tell(_ news: ServiceManager.News) {
        do throws(Errno) {
            try options.launch?.manager?.tell(news)
        } catch {
            log.warning("the service manager was not told \(news): \(error)")
        }
    }
}
