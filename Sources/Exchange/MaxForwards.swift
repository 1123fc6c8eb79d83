import HTTP1

/// How many more times an OPTIONS request may be forwarded (RFC 9110 section 7.6.2). TRACE, the other method with such a count, is
/// refused anyway, and with all others the field means nothing and goes on as it came.
enum MaxForwards {
    /// Nil without the field and with a value that is no number: then there is nothing to count.
    static func remaining(for head: borrowing RequestHead, in bytes: Span<UInt8>) -> Int? {
        guard head.method == .options, let field = head.fields.first(where: { $0.known == .maxForwards }) else { return nil }
        return bytes[field.value].decimalValue
    }
}
