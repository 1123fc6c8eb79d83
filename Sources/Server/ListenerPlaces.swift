import Addressing
import Exchange
import Reactor
import Routing

/// Where the process listens: what is configured, what the workers have of it, and what a reload changes. Its changes go to the
/// workers together with the snapshot that they belong to.
///
/// An address that stays keeps its sockets, whatever else about it changes: nobody is refused there, and nobody in a queue is lost.
struct ListenerPlaces {
    typealias Configured = ProcessSettings.Listener

    private struct Place {
        /// Tells places apart whose configuration is the same (port 0).
        let number: Int
        let address: SocketAddress
        /// Of its sockets.
        let identities: Set<Int64>
        var configured: Configured
        /// As the workers have it; nil: not yet.
        var served: Configured?
        /// For the workers; nil: they have them.
        var bound: ListenerSet.Bound?
    }

    private var places: [Place] = []
    /// The workers have them, and are to close them.
    private var leaving: [Place] = []
    /// The workers have been told to, and may not have done so yet.
    private var closing: [Place] = []
    private var lastNumber = 0
    /// A service manager's, in use or not: it goes on listening on them, so that no others can be bound there. Nil from the beginning of a
    /// stop on.
    private var activated: ActivatedSockets?

    init(activated: ActivatedSockets? = nil) { self.activated = activated }

    /// What the process begins with.
    mutating func begin(_ bound: [ListenerSet.Bound]) {
        for bound in bound { places.append(place(bound)) }
    }

    private mutating func place(_ bound: ListenerSet.Bound) -> Place {
        lastNumber += 1
        return Place(
            number: lastNumber, address: bound.address, identities: bound.identities, configured: bound.configured, served: nil, bound: bound)
    }

    // MARK: Reloads

    /// Binds what is new. Throws when something can't be, and nothing has changed.
    mutating func follow(_ wanted: [Configured], workers: Int) throws(Supervisor.StartError) {
        var rest = places + leaving
        var next: [Place?] = wanted.map { wanted in Self.take(from: &rest) { $0.configured == wanted } }
        for (index, wanted) in wanted.enumerated() where next[index] == nil {
            next[index] = Self.take(from: &rest) {
                $0.configured.address == wanted.address || $0.address == wanted.address.socketAddress
            }
            next[index]?.configured = wanted
        }
        let added = wanted.indices.filter { next[$0] == nil }
        let bound = try bind(added.map { wanted[$0] }, workers: workers, leaving: rest, staying: next.compactMap(\.self))
        for (index, bound) in zip(added, bound) { next[index] = place(bound) }
        places = next.compactMap(\.self)
        leaving = rest.filter { $0.served != nil }
        for place in rest { place.bound?.discard() }
    }

    private static func take(from places: inout [Place], where fits: (Place) -> Bool) -> Place? {
        places.firstIndex(where: fits).map { places.remove(at: $0) }
    }

    private func bind(
        _ added: [Configured], workers: Int, leaving: [Place], staying: [Place]
    ) throws(Supervisor.StartError) -> [ListenerSet.Bound] {
        var bound: [ListenerSet.Bound] = []
        var neighbours = ListenerSet.Neighbours(leaving: (leaving + closing).map(\.address), staying: staying.map(\.address))
        neighbours.identities = (leaving + closing + staying).reduce(into: []) { $0.formUnion($1.identities) }
        do throws(Supervisor.StartError) {
            for configured in added {
                if let again = try activated?.listen(configured, workers: workers) {
                    bound.append(again)
                } else {
                    bound += try ListenerSet.bind([configured], workers: workers, beside: neighbours)
                }
                neighbours.staying.append(contentsOf: bound.suffix(1).map(\.address))
            }
        } catch {
            for bound in bound { bound.discard() }
            throw error
        }
        return bound
    }

    // MARK: Workers

    /// What each worker has yet to be told, which from now on counts as told.
    mutating func takeChanges(for workers: Int) -> [ListenerChanges] {
        var common = ListenerChanges()
        common.closed = Set(leaving.map(\.number))
        if !leaving.isEmpty { closing = leaving }
        leaving = []
        var handed = [[HandedSocket]](repeating: [], count: workers)
        for index in places.indices {
            let place = places[index]
            if let bound = places[index].bound.take() {
                bound.listen()
                for (turn, descriptor) in bound.descriptors.enumerated() {
                    handed[turn % workers].append(HandedSocket(
                        fd: descriptor, place: place.number, configured: place.configured, isShared: bound.isShared, role: bound.role,
                        ownsFile: turn == 0 && !bound.role.isActivated))
                }
            } else if place.served != place.configured {
                common.configured[place.number] = place.configured
            }
            places[index].served = place.configured
        }
        return handed.map { handed in
            var changes = common
            changes.handed = handed
            return changes
        }
    }

    /// At a stop: what the workers do not have is closed. Nobody is to wait there for a process that ends.
    mutating func abandon() {
        for place in places { place.bound?.discard() }
        places.removeAll { $0.bound != nil }
        activated.take()?.close()
    }

    /// A service manager's sockets that no worker has, for the next process.
    func lendUnused() throws(Errno) -> [LentSocket] {
        try activated?.lend(except: (places + leaving).map(\.address)) ?? []
    }
}
