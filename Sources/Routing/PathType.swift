/// How a route's path is compared. `ImplementationSpecific` is a prefix by the time it gets here (R10).
public enum PathType: UInt8, Hashable, Sendable {
    /// The whole path, byte for byte.
    case exact
    /// Whole segments from the start: `/a` covers `/a` and `/a/b`, not `/ab`.
    case prefix
}
