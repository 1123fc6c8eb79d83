/// A response's head, taken apart. Every `Slice` counts from the start of the parsed input, which must be kept as it was.
public final class ResponseHead {
    /// 100...999: whatever has three digits and is not below 100 is passed on as it came, as clients expect.
    public internal(set) var status: UInt16 = 0
    /// The reason phrase; often empty.
    public internal(set) var reason = Slice.empty
    /// 0 for HTTP/1.0, 1 for HTTP/1.1 and the minor versions above.
    public internal(set) var minorVersion: UInt8 = 1
    public internal(set) var fields: [HeaderField] = []
    public internal(set) var framing = BodyLength.none
    /// The upstream keeps the connection open after this response and its body.
    public internal(set) var isPersistent = false
    /// The protocol changed to, if Connection names the one Upgrade field; else empty. Means something with 101 only.
    public internal(set) var upgrade = Slice.empty
    /// Bytes of the head, the blank line included.
    public internal(set) var length = 0

    /// The array of the last head, between `reset` and `reuseFields`.
    private var spareFields: [HeaderField] = []

    public init() {}

    /// 100...199: another response follows, but after 101.
    public var isInterim: Bool { 100 ..< 200 ~= status }

    /// Makes `fields` the last head's array, whose elements wait to be written over.
    func reuseFields() {
        if fields.isEmpty { swap(&fields, &spareFields) }
    }

    /// Back to nothing, keeping the storage; one by one, so that the arrays never leave their place.
    func reset() {
        if !fields.isEmpty { swap(&fields, &spareFields) }
        status = 0
        reason = .empty
        minorVersion = 1
        framing = .none
        isPersistent = false
        upgrade = .empty
        length = 0
    }
}
