/// Why a message was refused, what to answer, and where in the input it went wrong.
public struct ParseError: Error, Equatable, Sendable {
    public let reason: Reason
    /// What to answer the client: 400, 414, 417, 431, 501 or 505 for a request, 502 for a response.
    public let status: UInt16
    /// Offset of the offending byte or line, from the start of the input given to the failing call.
    public let offset: Int

    init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.status = reason.status
        self.offset = offset
    }

    private init(_ reason: Reason, status: UInt16, at offset: Int) {
        self.reason = reason
        self.status = status
        self.offset = offset
    }

    /// The same fault in what an upstream sent: not the client's, so the answer is 502.
    public var ofUpstream: ParseError { ParseError(reason, status: 502, at: offset) }

    public enum Reason: UInt8, Sendable, CaseIterable {
        // Lines.
        case bareCarriageReturn, bareLineFeed, controlCharacter, blankLines
        // Start lines.
        case requestLineTooLong, malformedRequestLine, invalidMethod, invalidTarget, invalidVersion, unsupportedVersion
        case invalidStatusLine
        // Fields.
        case fieldsTooLong, tooManyFields, tooManyConnectionOptions
        case foldedLine, missingColon, emptyName, invalidName, whitespaceInName
        // Host.
        case missingHost, duplicateHost, invalidHost
        // Framing.
        case invalidContentLength, duplicateContentLength, lengthWithCoding
        case invalidTransferEncoding, unknownTransferCoding, codingInHTTP10
        case unknownExpectation
        // Chunks.
        case invalidChunkSize, chunkSizeTooLarge, invalidChunkExtension, chunkExtensionsTooLong, invalidChunkEnd
        case invalidTrailer, trailersTooLong

        /// The answer to a request with this fault, as the contract lists them.
        var status: UInt16 {
            switch self {
            case .requestLineTooLong: 414
            case .unknownExpectation: 417
            case .fieldsTooLong, .tooManyFields, .tooManyConnectionOptions, .trailersTooLong: 431
            case .unknownTransferCoding: 501
            case .unsupportedVersion: 505
            default: 400
            }
        }
    }
}

extension ParseError.Reason: CustomStringConvertible {
    /// A few words for a log line.
    public var description: String {
        switch self {
        case .bareCarriageReturn: "CR without LF"
        case .bareLineFeed: "LF without CR"
        case .controlCharacter: "control character in the head"
        case .blankLines: "blank lines before the start line"
        case .requestLineTooLong: "start line over the limit"
        case .malformedRequestLine: "malformed request line"
        case .invalidMethod: "method is not a token"
        case .invalidTarget: "invalid request target"
        case .invalidVersion: "malformed HTTP version"
        case .unsupportedVersion: "HTTP major version is not 1"
        case .invalidStatusLine: "malformed status line"
        case .fieldsTooLong: "header fields over the size limit"
        case .tooManyFields: "too many header fields"
        case .tooManyConnectionOptions: "too many connection options"
        case .foldedLine: "field line begins with whitespace"
        case .missingColon: "field line without a colon"
        case .emptyName: "empty field name"
        case .invalidName: "field name is not a token"
        case .whitespaceInName: "whitespace in or after a field name"
        case .missingHost: "no Host"
        case .duplicateHost: "more than one Host"
        case .invalidHost: "invalid Host"
        case .invalidContentLength: "invalid Content-Length"
        case .duplicateContentLength: "more than one Content-Length"
        case .lengthWithCoding: "both Content-Length and Transfer-Encoding"
        case .invalidTransferEncoding: "invalid Transfer-Encoding"
        case .unknownTransferCoding: "unknown transfer coding"
        case .codingInHTTP10: "Transfer-Encoding in HTTP/1.0"
        case .unknownExpectation: "unknown expectation"
        case .invalidChunkSize: "invalid chunk size"
        case .chunkSizeTooLarge: "chunk size too large"
        case .invalidChunkExtension: "invalid chunk extension"
        case .chunkExtensionsTooLong: "chunk extensions over the limit"
        case .invalidChunkEnd: "chunk data not followed by CRLF"
        case .invalidTrailer: "malformed trailer field"
        case .trailersTooLong: "trailer fields over the limit"
        }
    }
}
