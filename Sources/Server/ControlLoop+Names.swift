import Addressing
import Exchange
import Logging
import Reactor
import Routing

/// Names among the endpoints: when they are asked for, and how long they are waited for.
extension ControlLoop {
    struct Resolving {
        var timer = TimerID.none
        /// When names are resolved again (nanoseconds of the monotonic clock); nil while nothing is planned.
        var due: UInt64?
        /// Asked and not answered yet.
        var open: Set<Resolver.Name> = []
        /// Answered, but not in force: what changes at once is installed at once. Nil: there was no answer.
        var news: [Resolver.Name: [SocketAddress]?] = [:]
        /// Ends the wait for names that do not answer; none: nobody waits.
        var patience = TimerID.none
    }

    /// Plans the next time, or brings it forward. It is never put off, or frequent reloads would put it off for ever.
    func scheduleResolving() {
        guard !Resolver.names(in: snapshot.backends).isEmpty else { return }
        let due = loop.now + settings.resolveInterval.nanoseconds
        if let planned = resolving.due, planned <= due { return }
        loop.cancel(resolving.timer)
        resolving.timer = loop.arm(token: Self.resolveToken, at: due)
        resolving.due = due
    }

    /// Asks for those that are not being asked for already.
    /// - Parameter isNewWait: somebody begins to wait for them, who is to have the whole of the patience.
    func resolve(_ names: Set<Resolver.Name>, isNewWait: Bool = false) {
        let new = names.subtracting(resolving.open)
        resolving.open.formUnion(new)
        if isNewWait || resolving.patience == .none {
            loop.cancel(resolving.patience)
            resolving.patience = loop.arm(token: Self.patienceToken, at: loop.now + options.namePatience)
        }
        resolver.resolve(new)
    }

    /// Before the first worker starts: waits for the first answers, but not for ever.
    func resolveAndWait() {
        let names = Resolver.names(in: snapshot.backends)
        guard !names.isEmpty else { return }
        resolve(names)
        let deadline = SystemClock.monotonicNanoseconds() + options.namePatience
        while !resolving.open.isEmpty, !isToldToStop, SystemClock.monotonicNanoseconds() < deadline {
            loop.wait(atMostMilliseconds: 100)
            keepSignals()
            for message in mailbox.takeAll() {
                switch message {
                case .resolved(let name, let addresses): note(name, addresses)
                case .resolverEnded(let thread): resolver.join(thread)
                default: early.append(message)
                }
            }
        }
        endPatience()
        if !isToldToStop { warnOfOpen(names) }
        takeNews()
    }

    /// The timer has fired.
    func resolveAgain() {
        resolving.due = nil
        let names = Resolver.names(in: snapshot.backends)
        if !names.isEmpty, stopping == .no { resolve(names) }
        scheduleResolving()
    }

    /// A name that has no answer now keeps its last good one.
    func resolved(_ name: Resolver.Name, _ addresses: [SocketAddress]?) {
        note(name, addresses)
        guard stopping == .no else { return }
        if changes.awaited.remove(name) != nil {
            if changes.awaited.isEmpty { takeNews(installing: true) }
        } else if changes.awaited.isEmpty, resolving.open.isEmpty || resolving.patience == .none {
            // The last answer, or one that is late.
            takeNews()
        }
    }

    /// Those that have not answered by now are not waited for any longer; when they do, that counts, too.
    func stopWaitingForNames() {
        resolving.patience = .none
        guard stopping == .no else { return }
        warnOfOpen(Resolver.names(in: snapshot.backends))
        let isAwaited = !changes.awaited.isEmpty
        changes.awaited = []
        takeNews(installing: isAwaited)
    }

    private func note(_ name: Resolver.Name, _ addresses: [SocketAddress]?) {
        resolving.open.remove(name)
        resolving.news[name] = .some(addresses)
        if resolving.open.isEmpty { endPatience() }
    }

    func endPatience() {
        loop.cancel(resolving.patience)
        resolving.patience = .none
    }

    private func warnOfOpen(_ names: Set<Resolver.Name>) {
        for name in resolving.open.intersection(names).sorted(by: { $0.host < $1.host }) {
            log.warning("\(name.host) does not resolve in time: not waited for")
        }
    }

    /// - Parameter installing: also when there is no new address: a snapshot waits.
    private func takeNews(installing isAwaited: Bool = false) {
        let names = Resolver.names(in: snapshot.backends)
        let before = answers
        for (name, addresses) in resolving.news where names.contains(name) {
            if let addresses { answers[name] = addresses } else { log.warning("\(name.host) does not resolve") }
        }
        resolving.news = [:]
        // What the start waits for is installed by starting the workers.
        if !workers.isEmpty, isAwaited || answers != before { install() }
    }
}
