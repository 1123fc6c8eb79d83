/// One finished request as the access log tells it; it borrows its texts and lives only while the line is written.
///
/// An empty text is written as `-`.
public struct AccessLine: ~Escapable {
    /// Bytes of each text that are looked at; the rest is cut, so that a client cannot choose the length of a line.
    public static let textLimit = 2048

    /// The client's address as text.
    public let remoteAddress: Span<UInt8>
    public let remoteUser: Span<UInt8>
    /// The request line as it came, without its line break.
    public let requestLine: Span<UInt8>
    /// The answer's status, 0 if none was sent.
    public let status: Int
    /// Bytes of the answer's body sent to the client.
    public let bodyBytesSent: UInt64
    public let referer: Span<UInt8>
    public let userAgent: Span<UInt8>

    @_lifetime(copy remoteAddress, copy remoteUser, copy requestLine, copy referer, copy userAgent)
    public init(
        remoteAddress: Span<UInt8>, remoteUser: Span<UInt8> = Span(), requestLine: Span<UInt8>,
        status: Int, bodyBytesSent: UInt64, referer: Span<UInt8>, userAgent: Span<UInt8>
    ) {
        self.remoteAddress = remoteAddress
        self.remoteUser = remoteUser
        self.requestLine = requestLine
        self.status = status
        self.bodyBytesSent = bodyBytesSent
        self.referer = referer
        self.userAgent = userAgent
    }

    /// Appends the line in nginx' format `combined`, line break included. Nothing is allocated but `buffer`'s growth.
    public func appendCombined(to buffer: inout [UInt8], at clock: AccessClock) {
        let room = AccessLine.room(for: remoteAddress) + AccessLine.room(for: remoteUser) + AccessLine.room(for: requestLine)
            + AccessLine.room(for: referer) + AccessLine.room(for: userAgent) + AccessLine.roomForRest
        buffer.append(addingCapacity: room) { output in
            output.append(escaped: remoteAddress)
            output.append(" - ")
            output.append(escaped: remoteUser)
            output.append(" [")
            for index in 0..<AccessClock.textLength { output.append(clock.text[index]) }
            output.append("] \"")
            output.append(escaped: requestLine)
            output.append("\" ")
            output.append(decimal: UInt64(clamping: min(status, 999)), minimumCount: 3)
            output.append(UInt8(ascii: " "))
            output.append(decimal: bodyBytesSent)
            output.append(" \"")
            output.append(escaped: referer)
            output.append("\" \"")
            output.append(escaped: userAgent)
            output.append("\"\n")
        }
    }

    /// The most bytes a text can take: every byte escaped as `\xHH`.
    private static func room(for text: Span<UInt8>) -> Int {
        max(1, min(text.count, textLimit) * 4)
    }

    /// Bytes for the time, status, size and everything in between.
    private static let roomForRest = AccessClock.textLength + 3 + 20 + 20
}

extension OutputSpan where Element == UInt8 {
    /// Appends a short ASCII literal; inlined, it becomes plain stores.
    @inline(__always)
    fileprivate mutating func append(_ literal: String) {
        for byte in literal.utf8 { append(byte) }
    }

    fileprivate mutating func append(decimal value: UInt64, minimumCount: Int = 1) {
        let digits = DecimalDigits(value, minimumCount: minimumCount)
        for index in 0..<digits.count { append(digits[index]) }
    }

    /// Appends what a client may have chosen, so that it can neither end the line, leave its quotes nor reach a terminal:
    /// quote, backslash and all bytes that do not print become `\xHH`, as nginx writes them.
    fileprivate mutating func append(escaped text: Span<UInt8>) {
        guard !text.isEmpty else {
            append(UInt8(ascii: "-"))
            return
        }
        for index in 0..<min(text.count, AccessLine.textLimit) {
            let byte = text[index]
            let isPrinted = byte >= 0x20 && byte <= 0x7E
            if isPrinted && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") {
                append(byte)
            } else {
                append("\\x")
                append(hexDigit: byte >> 4)
                append(hexDigit: byte & 0xF)
            }
        }
    }

    private mutating func append(hexDigit value: UInt8) {
        append(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10)
    }
}
