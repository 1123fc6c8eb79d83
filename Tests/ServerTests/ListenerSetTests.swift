import Addressing
import Exchange
import Routing
@testable import Server
import Testing

@Suite struct ListenerSetTests {
    private typealias Configured = ProcessSettings.Listener

    /// Of an address that nothing else uses: on 127.0.0.1 a port that has just become free may be taken at once by a connection
    /// that another test makes.
    private static let anyPort = Configured(address: .ipv4(0x7F53_4C01, port: 0))

    /// The same place as `bound`, configured as something else.
    private static func changed(_ bound: ListenerSet.Bound) -> (old: Configured, new: Configured) {
        let place = EndpointAddress(bound.address)
        return (Configured(address: place), Configured(address: place, tls: true))
    }

    @Test func eachWorkerGetsASocket() throws {
        let bound = try ListenerSet.bind([Self.anyPort, Self.anyPort], workers: 3)
        defer { for listener in bound { listener.discard() } }
        #expect(bound.map(\.descriptors.count) == [3, 3])
        #expect(bound[0].address != bound[1].address)
    }

    @Test func anOldOneInTheWayIsReleased() throws {
        let before = try ListenerSet.bind([Self.anyPort], workers: 2)
        let (old, new) = Self.changed(before[0])
        var released: [[Configured]] = []
        let bound = try ListenerSet.bind([new, Self.anyPort], workers: 2, replacing: [old, Self.anyPort]) { blockers in
            released.append(blockers)
            for listener in before { listener.discard() }
        }
        defer { for listener in bound { listener.discard() } }
        #expect(released == [[old]])
        // What needs nobody's place comes first.
        #expect(bound.map(\.configured) == [Self.anyPort, new])
        #expect(bound[1].address == before[0].address)
    }

    @Test func oneThatDoesNotGoIsNamedAndNothingStaysBound() throws {
        let before = try ListenerSet.bind([Self.anyPort], workers: 1)
        defer { for listener in before { listener.discard() } }
        let (old, new) = Self.changed(before[0])
        let free = Configured(address: .unix(path: "/tmp/serin-listener-set-\(UInt64.random(in: 0..<1 << 40)).sock"))
        let error = #expect(throws: Supervisor.StartError.self) {
            _ = try ListenerSet.bind([free, new], workers: 1, replacing: [old], release: { _ in })
        }
        #expect(error?.description.contains("instead of \(old.address)") == true, "\(String(describing: error))")
        let again = try ListenerSet.bind([free], workers: 1)
        for listener in again { listener.discard() }
    }

    @Test func nobodyIsReleasedForASomebodyElsesAddress() throws {
        let others = try ListenerSet.bind([Self.anyPort], workers: 1)
        defer { for listener in others { listener.discard() } }
        let (_, new) = Self.changed(others[0])
        #expect(throws: Supervisor.StartError.self) {
            _ = try ListenerSet.bind([new], workers: 1, replacing: [Self.anyPort]) { _ in Issue.record("released") }
        }
    }
}
