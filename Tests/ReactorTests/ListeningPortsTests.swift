import Addressing
@testable import Reactor
import Testing

@Suite struct ListeningPortsTests {
    private static let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

    private static func line(_ port: String, _ state: String = "0A", _ inode: String) -> String {
        "   0: 0100007F:\(port) 00000000:0000 \(state) 00000000:00000000 00:00000000 00000000     0        0 \(inode) 1 0000000033 100 0\n"
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let table: String
        var isWhole = true
        let identities: Set<Int64>?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "nobody", table: head, identities: []),
        Case(name: "some", table: head + line("1F90", "0A", "11") + line("0050", "0A", "12") + line("1F90", "0A", "13"), identities: [11, 13]),
        Case(name: "connections are none", table: head + line("1F90", "0A", "11") + line("1F90", "01", "12"), identities: [11]),
        Case(name: "cut behind them", table: head + line("1F90", "0A", "11") + line("1F90", "01", "12"), isWhole: false, identities: [11]),
        Case(name: "cut among them", table: head + line("1F90", "0A", "11") + line("1F90", "0A", "12"), isWhole: false, identities: nil),
        Case(name: "cut in a line", table: head + line("1F90", "0A", "11") + "   0: 0100007F:1F90 0000", isWhole: false, identities: nil),
        Case(name: "no table", table: head + "what is this\n", identities: nil),
        Case(name: "no port", table: head + line("x", "0A", "11"), identities: nil),
        Case(name: "no inode", table: head + line("1F90", "0A", "x"), identities: nil),
    ])
    func tables(_ test: Case) { #expect(ListeningPorts.identities(on: 8080, in: test.table, isWhole: test.isWhole) == test.identities) }

    @Test(arguments: [SocketAddress.ipv4(address: 0x7F53_4C01, port: 0), .ipv6(high: 0, low: 1, port: 0, scope: 0)])
    func theKernelShowsWhoListens(_ address: SocketAddress) throws {
        let one = try Listener.bind(address, sharing: .first)
        let other = try Listener.bind(one.localAddress, sharing: .next)
        let identities = try #require(ListeningPorts.identities(onPortOf: one.localAddress))
        #expect(identities.isSuperset(of: [Listener.identity(of: one.fd), Listener.identity(of: other.fd)]))
    }
}
