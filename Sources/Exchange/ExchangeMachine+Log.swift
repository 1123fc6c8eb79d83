public import HTTP1

/// What logs say of a request.
extension ExchangeMachine {
    /// The request line as it came, without its line end; empty when none was understood. Valid until `beginNext` or `retire`.
    public func withRequestLine<R>(_ body: (Span<UInt8>) -> R) -> R {
        // Strictly parsed, so one blank and "HTTP/1.x" follow the target.
        let line = Slice(start: head.methodName.start, count: head.target.end + 9 - head.methodName.start)
        return Self.lend(line, of: request.input, body)
    }

    /// The first value of a field of the request; empty when there is none. Valid as `withRequestLine` is.
    public func withRequestField<R>(_ name: KnownHeader, _ body: (Span<UInt8>) -> R) -> R {
        let field = head.fields.first { $0.known == name }
        return Self.lend(field?.value ?? .empty, of: request.input, body)
    }

    private static func lend<R>(_ slice: Slice, of input: borrowing ByteBuffer, _ body: (Span<UInt8>) -> R) -> R {
        let bytes = input.bytesFromFront
        // Without a retained head the slices are those of nothing.
        return body(input.retained > 0 ? bytes[slice] : bytes.extracting(first: 0))
    }
}
