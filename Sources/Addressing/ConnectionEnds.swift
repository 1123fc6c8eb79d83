/// Both ends of a client's connection, as they were where it first arrived.
///
/// A class, because few connections need to know and thousands wait: it is one word where it is nil.
public final class ConnectionEnds: Sendable {
    public let source: IPAddress
    public let sourcePort: UInt16
    public let destination: IPAddress
    public let destinationPort: UInt16

    public init(source: IPAddress, sourcePort: UInt16, destination: IPAddress, destinationPort: UInt16) {
        self.source = source
        self.sourcePort = sourcePort
        self.destination = destination
        self.destinationPort = destinationPort
    }
}

extension ConnectionEnds: Equatable {
    public static func == (one: ConnectionEnds, other: ConnectionEnds) -> Bool {
        one.source == other.source && one.sourcePort == other.sourcePort && one.destination == other.destination
            && one.destinationPort == other.destinationPort
    }
}
