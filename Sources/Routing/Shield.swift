/// Lets the stable version answer what a canary fails at.
public struct Shield: Equatable, Sendable {
    /// The statuses of a gateway that found nobody behind it.
    public static let usual: [UInt16] = [502, 503, 504]

    /// The statuses of a canary's own that count as failures, ascending.
    public let statuses: [UInt16]

    /// - Parameter more: statuses beside the usual ones.
    public init(more: [UInt16] = []) { statuses = Set(Self.usual + more).sorted() }

    public func covers(_ status: UInt16) -> Bool { statuses.contains(status) }
}
