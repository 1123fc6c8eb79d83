/// `HTTP/` digit `.` digit (RFC 9112 2.3), and nothing around it.
enum HTTPVersion {
    /// Major version 1; 0 for 1.0, 1 for everything above, which must be read as 1.1.
    case one(minor: UInt8)
    case unsupported
    case malformed

    static let length = 8

    init(_ bytes: Span<UInt8>) {
        guard bytes.count == HTTPVersion.length else { self = .malformed; return }
        let word = ByteWord(bytes)
        if word == "HTTP/1.1" { self = .one(minor: 1); return }
        guard word.first(5) == "HTTP/",
              bytes[5].isDigit, bytes[6] == UInt8(ascii: "."), bytes[7].isDigit
        else { self = .malformed; return }
        guard bytes[5] == UInt8(ascii: "1") else { self = .unsupported; return }
        self = .one(minor: bytes[7] == UInt8(ascii: "0") ? 0 : 1)
    }
}
