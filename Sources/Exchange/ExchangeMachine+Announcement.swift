import Addressing
import HTTP1

/// Upstreams that are told by the PROXY protocol who their client is, before the request.
extension ExchangeMachine {
    /// Writes the header in front of the request's head, so that each attempt on another connection begins with it; or, for an
    /// upstream that speaks TLS, lays it ready. The connection is then this request's alone.
    func announce(_ version: ProxyHeader.Version, _ address: IPAddress?, beforeTLS: Bool) {
        announcesClient = true
        announcement = beforeTLS ? writtenAnnouncement(version, address) : []
        guard !beforeTLS else { return }
        // The first of a message: it always has room.
        let hasRoom = request.reserveOutput(ProxyHeader.maximumWrittenLength, pool)
        assert(hasRoom, "nothing is before an announcement")
        Self.write(announcement(of: address), version, to: &request.output)
    }

    /// The header by itself.
    func writtenAnnouncement(_ version: ProxyHeader.Version, _ address: IPAddress?) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: ProxyHeader.maximumWrittenLength)
        var space = bytes.mutableSpan
        let count = ProxyHeader.write(announcement(of: address), as: version, into: &space)
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    /// The client as it is known: the peer, or whom a trusted peer names, whose port nobody knows.
    private func announcement(of address: IPAddress?) -> ConnectionEnds? {
        guard let address else { return nil }
        let isPeer = address == client.peer
        if isPeer, let ends { return ends }
        let anywhere: IPAddress = if case .v4 = address { .v4(0) } else { .v6(high: 0, low: 0) }
        return ConnectionEnds(
            source: address, sourcePort: 0, destination: ends?.destination ?? anywhere,
            destinationPort: ends?.destinationPort ?? client.localPort)
    }

    private static func write(_ ends: ConnectionEnds?, _ version: ProxyHeader.Version, to output: inout ByteBuffer) {
        var space = output.freeSpace
        let count = ProxyHeader.write(ends, as: version, into: &space)
        output.commit(count)
    }
}
