/// Which version of a route a request gets.
public enum Version: Hashable, Sendable {
    case stable
    /// Index into the route's canaries.
    case canary(Int)
}

/// The decision on a request, and what it rests on.
public struct Choice: Equatable, Sendable {
    public let version: Version
    public let reason: Reason
    /// Where the roll fell, `0..<total`. Zero unless the weight decided.
    public let bucket: UInt64
    /// The canary's own weight, which is the width of its range; of stable that of all canaries together, which the bucket was not
    /// below. A bucket below it is stable too if its canary was ruled out. Zero unless the weight decided.
    public let weight: Int
    /// The scale of bucket and weight, that of all canaries of the route together. Zero unless the weight decided.
    public let total: Int

    public init(version: Version, reason: Reason, bucket: UInt64 = 0, weight: Int = 0, total: Int = 0) {
        self.version = version
        self.reason = reason
        self.bucket = bucket
        self.weight = weight
        self.total = total
    }
}
