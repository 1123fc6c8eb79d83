import Addressing
import Exchange
import Logging
import Reactor
import Routing
import TLS

/// Which endpoints are checked, and what follows from what the checks say.
extension ControlLoop {
    struct Health {
        /// What the health thread was told.
        var targets: Set<HealthTarget.ID> = []
        /// Of which the first outcome has not come.
        var unknown: Set<HealthTarget.ID> = []
        var ailing: Set<HealthTarget.ID> = []
        /// Collects changes that come together: a new snapshot is the answer to all of them.
        var timer = TimerID.none
    }

    /// Nanoseconds from a change to the snapshot that has it.
    private static let healthPause: UInt64 = 20_000_000
    /// Nanoseconds that a start waits for first outcomes at most: what hangs until its timeout is as bad as it will be.
    private static let healthPatience: UInt64 = 2_000_000_000

    /// From now on the endpoints of `backends` are checked, as the snapshot in force wants it.
    /// - Parameter backends: with addresses for names.
    func checkHealth(of backends: [Backend]) {
        let targets = stopping == .no ? HealthTarget.all(snapshot.health, backends, tls.upstreams) : []
        let wanted = Set(targets.map(\.id))
        guard !wanted.isEmpty || !health.targets.isEmpty else { return }
        health.unknown = health.unknown.intersection(wanted).union(wanted.subtracting(health.targets))
        health.ailing.formIntersection(wanted)
        health.targets = wanted
        do throws(Errno) {
            try healthMonitor.watch(targets)
        } catch {
            log.error("no endpoint is checked: \(error)")
        }
    }

    /// A snapshot over addresses, without the endpoints that are not well.
    func withoutAiling(_ resolved: Snapshot) -> Snapshot {
        guard !resolved.health.checks.isEmpty else { return resolved }
        return resolved.replacing(backends: resolved.backends) { index, address in
            guard let check = resolved.health.checks[index], let address = address.socketAddress else { return true }
            return !health.ailing.contains(HealthTarget.id(of: address, resolved.backends[index], check, tls.upstreams))
        }
    }

    /// Before the first worker starts: so that nothing is sent to an endpoint that is down already.
    func checkAndWait() {
        checkHealth(of: resolvedSnapshot().backends)
        let deadline = SystemClock.monotonicNanoseconds() + Self.healthPatience
        while !health.unknown.isEmpty, !isToldToStop, SystemClock.monotonicNanoseconds() < deadline {
            loop.wait(atMostMilliseconds: 100)
            keepSignals()
            for message in mailbox.takeAll() {
                switch message {
                case .checked(let target, let outcome): _ = note(outcome, of: target)
                default: early.append(message)
                }
            }
        }
    }

    /// A first outcome, or one that is another than before.
    func checked(_ target: HealthTarget, _ outcome: HealthProbe.Outcome) {
        guard note(outcome, of: target), stopping == .no, health.timer == .none else { return }
        health.timer = loop.arm(token: Self.healthToken, at: loop.now + Self.healthPause)
    }

    /// Whether something is to be done about it.
    private func note(_ outcome: HealthProbe.Outcome, of target: HealthTarget) -> Bool {
        // An answer to what is not asked any more.
        guard health.targets.contains(target.id) else { return false }
        health.unknown.remove(target.id)
        switch outcome {
        case .well:
            guard health.ailing.remove(target.id) != nil else { return false }
            log.info("\(target.service): \(target.id.endpoint.address) is well again")
        case .unknown:
            return false
        case .ill(let why):
            guard health.ailing.insert(target.id).inserted else { return false }
            log.warning("\(target.service): \(target.id.endpoint.address) fails its health check: \(why)")
        }
        return true
    }

    /// Until the next snapshot, which tries again, everybody counts as well: nobody would say who comes back.
    func healthFailed(_ error: Errno) {
        healthMonitor.stop()
        health.targets = []
        health.unknown = []
        log.error("no endpoint is checked: \(error)")
        guard !health.ailing.isEmpty else { return }
        health.ailing = []
        installHealth()
    }

    /// The timer has fired. A snapshot that waits for names will have the news, too.
    func installHealth() {
        health.timer = .none
        guard stopping == .no, changes.awaited.isEmpty else { return }
        install()
    }
}
