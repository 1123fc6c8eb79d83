/// The one place for the rules of message framing (RFC 9112 6), used for requests and responses alike.
///
/// Stricter than the RFC where leniency has let requests be smuggled: a Content-Length may not be repeated, not even with
/// the same value, and Transfer-Encoding is exactly one `chunked`.
struct Framing {
    private var contentLength: Int?
    private var coding = Coding.none

    private enum Coding {
        case none, chunked, unknown
    }

    /// Takes in a Content-Length field's value.
    mutating func addContentLength(_ value: Span<UInt8>) -> ParseError.Reason? {
        guard coding == .none else { return .lengthWithCoding }
        guard contentLength == nil else { return .duplicateContentLength }
        guard let length = value.decimalValue else { return .invalidContentLength }
        contentLength = length
        return nil
    }

    /// Takes in a Transfer-Encoding field's value.
    mutating func addTransferEncoding(_ value: Span<UInt8>, minorVersion: UInt8) -> ParseError.Reason? {
        guard minorVersion > 0 else { return .codingInHTTP10 }
        guard contentLength == nil else { return .lengthWithCoding }
        guard coding == .none, value.isToken else { return .invalidTransferEncoding }
        coding = value.equalsIgnoringCase("chunked") ? .chunked : .unknown
        return nil
    }

    /// A lone transfer coding that is not `chunked`; judged at the end of the head, because a second one makes it malformed.
    var hasUnknownCoding: Bool { coding == .unknown }

    /// The body of a request: by its fields alone, whatever the method (RFC 9112 6.3).
    var ofRequest: BodyLength {
        if coding != .none { return .chunked }
        return contentLength.map(BodyLength.length) ?? .none
    }

    /// The body of a response (RFC 9112 6.3, in its order).
    func ofResponse(status: UInt16, answering method: Method) -> BodyLength {
        if method == .head || hasNoContent(status) { return .none }
        // A tunnel begins; what follows is not a body.
        if method == .connect, 200 ..< 300 ~= status { return .none }
        if coding != .none { return .chunked }
        return contentLength.map(BodyLength.length) ?? .untilClose
    }

    /// The response announces a body that its status rules out (RFC 9110 8.6, RFC 9112 6.1): its sender may write one all
    /// the same.
    func contradicts(status: UInt16) -> Bool {
        status != 304 && hasNoContent(status) && (coding != .none || contentLength ?? 0 > 0)
    }

    private func hasNoContent(_ status: UInt16) -> Bool {
        status < 200 || status == 204 || status == 304
    }
}
