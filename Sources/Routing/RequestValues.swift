public import Addressing

/// What one request says to the keys of its route (`Route.keys`), by key index.
///
/// One instance per worker: the storage is reused from request to request and grows to the largest request head seen,
/// so that filling it allocates nothing after warm-up.
public struct RequestValues: ~Copyable {
    private struct Slot {
        var start = 0
        var count = 0
        /// The request that the slot was filled for; it is empty for every other one.
        var request: UInt64 = 0
    }

    private var bytes: [UInt8] = []
    /// Never shrinks; the first `count` are in use.
    private var slots: [Slot] = []
    private var count = 0
    private var request: UInt64 = 0
    private var current = -1
    /// The client's address. Only set for routes with conditions.
    public var client: IPAddress?
    /// The match memory of the worker that these values belong to.
    let scratch = PatternScratch()

    /// Searches for patterns, of all requests so far, that were given up: they hit a limit.
    public var patternFailures: UInt64 { scratch.failures }

    public init() {
        bytes.reserveCapacity(1024)
        slots.reserveCapacity(16)
    }

    /// Forgets the previous request; `count` keys are absent now.
    public mutating func reset(count: Int) {
        bytes.removeAll(keepingCapacity: true)
        while slots.count < count { slots.append(Slot()) }
        self.count = count
        request &+= 1
        current = -1
    }

    /// The key is present, with an empty value so far; a value it had before is dropped. An index out of range is ignored.
    public mutating func begin(_ key: Int) {
        guard key >= 0, key < count else {
            current = -1
            return
        }
        current = key
        slots[key] = Slot(start: bytes.count, count: 0, request: request)
    }

    /// Adds to the value of the key begun last. Several field lines are joined by the caller with `, ` (R23).
    public mutating func append(_ more: Span<UInt8>) {
        guard current >= 0, more.count > 0 else { return }
        // The buffer is only read during the call.
        unsafe more.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
        slots[current].count &+= more.count
    }

    /// Adds a joint between two field lines.
    public mutating func append(_ literal: StaticString) {
        guard current >= 0 else { return }
        // A literal's bytes live forever.
        literal.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        slots[current].count &+= literal.utf8CodeUnitCount
    }

    public func isPresent(_ key: Int) -> Bool {
        key >= 0 && key < count && slots[key].request == request
    }

    /// The value of a key, empty if it is absent.
    @_lifetime(borrow self)
    public func value(of key: Int) -> Span<UInt8> {
        guard isPresent(key) else { return bytes.span.extracting(first: 0) }
        let slot = slots[key]
        return bytes.span.extracting(slot.start..<(slot.start &+ slot.count))
    }
}
