/// Connections that were closed because of their PROXY header.
public struct ProxyHeaderCounts: Sendable {
    public enum Failure: Int, CaseIterable, Sendable {
        /// The peer is none whose header is believed.
        case untrusted
        case malformed
        /// The connection ended before its header did.
        case disconnected
        case timeout

        var label: String {
            switch self {
            case .untrusted: "untrusted"
            case .malformed: "malformed"
            case .disconnected: "disconnected"
            case .timeout: "timeout"
            }
        }
    }

    private var counts = InlineArray<4, UInt64>(repeating: 0)

    public init() {}

    public mutating func record(_ failure: Failure) { counts[failure.rawValue] &+= 1 }

    public subscript(failure: Failure) -> UInt64 { counts[failure.rawValue] }

    public mutating func merge(_ other: ProxyHeaderCounts) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
    }
}
