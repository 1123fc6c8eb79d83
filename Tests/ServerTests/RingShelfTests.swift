import Addressing
import Routing
@testable import Server
import Testing

/// Rings are made anew when what they depend on has changed, and only then (R32).
@Suite struct RingShelfTests {
    struct Step: Sendable, CustomTestStringConvertible {
        let name: String
        var backend = "default/app:80"
        var balancing = Balancing.session(isPersistent: true, service: "app")
        var ports: [UInt16] = [1, 2]
        var weights = [1, 1]
        /// What the first one's backend is balanced by in the snapshot before; nil: it is not there.
        var before: Balancing? = .session(isPersistent: true, service: "app")
        let isMade: Bool
        var testDescription: String { name }
    }

    @Test(arguments: [
        Step(name: "nothing has changed", isMade: false),
        Step(name: "an endpoint more", ports: [1, 2, 3], weights: [1, 1, 1], isMade: true),
        Step(name: "in another order", ports: [2, 1], isMade: true),
        Step(name: "other weights", weights: [1, 2], isMade: true),
        Step(name: "another balancing", balancing: .session(isPersistent: false, service: "app"), isMade: true),
        Step(name: "another backend", backend: "default/other:80", isMade: true),
        Step(name: "one that was gone meanwhile", before: nil, isMade: true),
        Step(name: "one that was balanced otherwise meanwhile", before: .session(isPersistent: false, service: "app"), isMade: true),
    ])
    func r32RingsAreKept(_ step: Step) {
        var shelf = RingShelf()
        var made = 0
        func take(_ step: Step) {
            let backend = Backend(name: step.backend, endpoints: [], balancing: step.balancing)
            let addresses = step.ports.map { SocketAddress.ipv4(address: 0x7F00_0001, port: $0) }
            let ring = shelf.ring(of: backend, over: addresses, weights: step.weights) { balancing, addresses, weights in
                made += 1
                return EndpointRing(balancing, of: addresses, weights: weights)
            }
            #expect(ring != nil)
        }
        let first = Step(name: "the first", isMade: true)
        take(first)
        let before = step.before.map { RingShelf.Key(Backend(name: first.backend, endpoints: [], balancing: $0)) }
        shelf.forget { $0 == before }
        take(step)
        #expect(made == (step.isMade ? 2 : 1))
        take(step)
        #expect(made == (step.isMade ? 2 : 1), "kept again")
    }

    @Test func whereRequestsAreNotPlacedThereIsNone() {
        var shelf = RingShelf()
        for balancing in [Balancing.roundRobin, .ewma] {
            #expect(shelf.ring(of: Backend(name: "default/app:80", endpoints: [], balancing: balancing), over: [], weights: []) == nil)
        }
    }
}
