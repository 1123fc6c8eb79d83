/// One field line of a head; the offsets count from the start of the parsed input.
public struct HeaderField: Equatable, Sendable {
    public let name: Slice
    /// Without the whitespace around it.
    public let value: Slice
    public let known: KnownHeader
    /// The head's Connection field names this one: it must not be forwarded (RFC 9110 7.6.1). That is the sender's claim;
    /// Host and the framing fields are the proxy's own business whatever it says.
    public internal(set) var isNominated: Bool
    /// The name contains something else than letters, digits and hyphens: what ingress-nginx drops unless
    /// `underscoresInHeaders` is on.
    public let isUnusual: Bool

    /// Holds the place of a field that is still to be read.
    static let blank = HeaderField(name: .empty, value: .empty, known: .other, isNominated: false, isUnusual: false)
}
