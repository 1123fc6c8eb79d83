/// A request's head, taken apart. Every `Slice` counts from the start of the parsed input, which must be kept as it was.
///
/// A parser owns one and fills it again for every request, so that its array is allocated once. A class, because whoever asks
/// for it should get the one there is and not a copy.
public final class RequestHead {
    public internal(set) var method = Method.get
    /// The method as sent, for forwarding one that is `other`.
    public internal(set) var methodName = Slice.empty
    /// The request target as sent.
    public internal(set) var target = Slice.empty
    public internal(set) var form = TargetForm.origin
    /// The target's path, percent-encoding and all, without the query. Empty in an absolute form without one, which means
    /// `/`, or `*` for OPTIONS (RFC 9112 3.2.4); `*` in asterisk form; empty in authority form.
    public internal(set) var path = Slice.empty
    /// What follows the first `?` of the target.
    public internal(set) var query = Slice.empty
    /// There is a `?`, even if nothing follows it.
    public internal(set) var hasQuery = false
    /// Host and port as sent: the target's if it has them (RFC 9112 3.2.2), else those of Host. Valid; empty only in
    /// HTTP/1.0.
    public internal(set) var authority = Slice.empty
    /// `authority` without the port; an IPv6 address keeps its brackets.
    public internal(set) var hostName = Slice.empty
    /// 0 for HTTP/1.0, 1 for HTTP/1.1 and the minor versions above, which are to be read as 1.1 (RFC 9110 2.5).
    public internal(set) var minorVersion: UInt8 = 1
    public internal(set) var fields: [HeaderField] = []
    /// `none`, `length` or `chunked`: a request's body never ends with the connection.
    public internal(set) var framing = BodyLength.none
    /// The client keeps the connection open after the response: its version's default, changed by Connection.
    public internal(set) var isPersistent = false
    /// An HTTP/1.1 client waits for 100 before it sends the body.
    public internal(set) var expectsContinue = false
    /// The protocols an HTTP/1.1 client offers to change to, if Connection names its one Upgrade field; else empty.
    public internal(set) var upgrade = Slice.empty
    /// Bytes of the head, the blank line and a skipped leading blank line included.
    public internal(set) var length = 0

    /// It is about the server as a whole, and goes on as `OPTIONS *` (RFC 9112 section 3.2.4, RFC 9110 section 9.3.7).
    public var isServerWide: Bool { form == .asterisk || form == .absolute && method == .options && path.isEmpty && !hasQuery }

    /// The host of an authority that a field names, without its port; nil if it is none.
    public static func hostName(of authority: Slice, in input: Span<UInt8>) -> Slice? { Authority(authority, in: input)?.host }

    /// The array of the last head, between `reset` and `reuseFields`.
    private var spareFields: [HeaderField] = []

    public init() {}

    /// Makes `fields` the last head's array, whose elements wait to be written over.
    func reuseFields() {
        if fields.isEmpty { swap(&fields, &spareFields) }
    }

    /// Back to nothing, keeping the storage; one by one, so that the arrays never leave their place.
    func reset() {
        if !fields.isEmpty { swap(&fields, &spareFields) }
        method = .get
        methodName = .empty
        target = .empty
        form = .origin
        path = .empty
        query = .empty
        hasQuery = false
        authority = .empty
        hostName = .empty
        minorVersion = 1
        framing = .none
        isPersistent = false
        expectsContinue = false
        upgrade = .empty
        length = 0
    }
}
