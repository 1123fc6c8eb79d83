import Addressing
import Exchange
import Reactor

/// The health thread's loop: asks each endpoint that is to be checked how it is, and tells the supervisor of every change.
final class HealthLoop {
    /// Checks under way at a time, of those that `DescriptorBudget` reserves; others wait for their turn.
    static let maximumProbes = 16

    /// What the slab holds: endpoints, and checks of them under way.
    private enum Occupant {
        case endpoint(Endpoint)
        case probe(HealthProbe)
    }

    private final class Endpoint {
        /// As of the last list; the same endpoint may be secured by a newer context.
        var target: HealthTarget
        var token = Token(slot: 0, generation: 0)
        /// Begins the next check.
        var timer = TimerID.none
        var probe: HealthProbe?
        var record = HealthRecord()
        /// When the last check began, or was to.
        var due: UInt64 = 0

        init(_ target: HealthTarget) { self.target = target }
    }

    private let inbox: Mailbox<HealthMessage>
    private let supervisor: Mailbox<SupervisorMessage>
    private var loop: EventLoop
    private var slab = Slab<Occupant>()
    private var endpoints: [HealthTarget.ID: Endpoint] = [:]
    private var probes = 0
    /// Those whose check is due, oldest first, while too many are under way.
    private var waiting: [Token] = []
    private var isRunning = true

    private static let mailToken = Token(slot: .max, generation: 1)

    /// Runs on a thread of its own until it is told to stop.
    static func run(_ inbox: Mailbox<HealthMessage>, _ supervisor: Mailbox<SupervisorMessage>) {
        do throws(Errno) {
            try HealthLoop(inbox, supervisor).run()
        } catch {
            supervisor.post(.healthFailed(error))
        }
    }

    private init(_ inbox: Mailbox<HealthMessage>, _ supervisor: Mailbox<SupervisorMessage>) throws(Errno) {
        self.inbox = inbox
        self.supervisor = supervisor
        loop = try EventLoop()
        try loop.add(inbox.wakeUp.fd, token: Self.mailToken, interest: .acceptor)
    }

    private func run() {
        while isRunning {
            loop.wait(atMostMilliseconds: nil)
            while let event = loop.nextEvent() {
                if event.token == Self.mailToken {
                    for message in inbox.takeAll() { handle(message) }
                } else if case .probe(let probe)? = slab[event.token], let outcome = probe.advance() {
                    end(probe, outcome)
                }
            }
            while let token = loop.nextExpired() {
                switch slab[token] {
                case .endpoint(let endpoint)?: check(endpoint)
                case .probe(let probe)?:
                    probe.timer = .none
                    end(probe, .ill("it takes longer than the check's timeout"))
                case nil: break
                }
            }
            startWaiting()
        }
    }

    private func handle(_ message: HealthMessage) {
        switch message {
        case .watch(let targets): watch(targets)
        case .stop: isRunning = false
        }
    }

    /// Those that are known go on as they were; those that are not wanted any more are forgotten.
    private func watch(_ targets: [HealthTarget]) {
        let wanted = Set(targets.map(\.id))
        for (id, endpoint) in endpoints where !wanted.contains(id) {
            if let probe = endpoint.probe { close(probe) }
            loop.cancel(endpoint.timer)
            slab.remove(endpoint.token)
            endpoints[id] = nil
        }
        for target in targets {
            if let known = endpoints[target.id] {
                known.target = target
                continue
            }
            let endpoint = Endpoint(target)
            endpoint.token = slab.insert(.endpoint(endpoint))
            endpoint.due = loop.now
            endpoints[target.id] = endpoint
            check(endpoint)
        }
    }

    // MARK: Checks

    private func check(_ endpoint: Endpoint) {
        endpoint.timer = .none
        guard probes < Self.maximumProbes else { return waiting.append(endpoint.token) }
        let target = endpoint.target
        endpoint.due = loop.now
        do throws(Errno) {
            let probe = switch try Socket.connect(to: target.id.endpoint.address) {
            case .connected(let socket): HealthProbe(socket, isConnected: true, target, of: endpoint.token)
            case .inProgress(let socket): HealthProbe(socket, isConnected: false, target, of: endpoint.token)
            }
            probe.token = slab.insert(.probe(probe))
            do throws(Errno) {
                // Tells at once if the socket is connected already.
                try loop.add(probe.socket.fd, token: probe.token, interest: .stream)
            } catch {
                slab.remove(probe.token)
                return schedule(endpoint)
            }
            probe.timer = loop.arm(token: probe.token, at: loop.now + target.id.check.timeout.nanoseconds)
            endpoint.probe = probe
            probes += 1
        } catch {
            // What this process lacks says nothing of the endpoint.
            let isOurs = error.isExhaustion || error == .EADDRNOTAVAIL
            note(isOurs ? .unknown : .ill("\(error)"), of: endpoint)
        }
    }

    private func startWaiting() {
        var started = 0
        while started < waiting.count, probes < Self.maximumProbes {
            if case .endpoint(let endpoint)? = slab[waiting[started]] { check(endpoint) }
            started += 1
        }
        waiting.removeFirst(started)
    }

    private func end(_ probe: HealthProbe, _ outcome: HealthProbe.Outcome) {
        close(probe)
        guard case .endpoint(let endpoint)? = slab[probe.target] else { return }
        note(outcome, of: endpoint)
    }

    private func close(_ probe: HealthProbe) {
        loop.cancel(probe.timer)
        slab.remove(probe.token)
        probes -= 1
        if case .endpoint(let endpoint)? = slab[probe.target] { endpoint.probe = nil }
    }

    private func note(_ outcome: HealthProbe.Outcome, of endpoint: Endpoint) {
        if outcome != .unknown, endpoint.record.note(outcome == .well, endpoint.target.id.check) {
            supervisor.post(.checked(endpoint.target, outcome))
        }
        schedule(endpoint)
    }

    /// The next check begins an interval after this one did; so endpoints that were once checked together do not stay together
    /// for ever when their answers take different times, and a slow one is not asked without a pause.
    private func schedule(_ endpoint: Endpoint) {
        let interval = endpoint.target.id.check.interval.nanoseconds
        endpoint.timer = loop.arm(token: endpoint.token, at: max(endpoint.due + interval, loop.now + interval / 4))
    }
}
