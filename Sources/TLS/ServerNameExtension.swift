/// The server_name extension of a ClientHello (RFC 6066 section 3).
enum ServerNameExtension {
    /// Where the host's name is; nil if the extension is malformed. There is one list with one name in it, of type 0.
    static func hostName(in bytes: Span<UInt8>) -> Range<Int>? {
        guard bytes.count >= 5, Int(bytes[0]) << 8 | Int(bytes[1]) == bytes.count - 2, bytes[2] == 0 else { return nil }
        let length = Int(bytes[3]) << 8 | Int(bytes[4])
        guard length > 0, 5 + length <= bytes.count else { return nil }
        return 5..<5 + length
    }
}

/// The list of protocols in an ALPN extension (RFC 7301 section 3.1): each with a byte for its length in front.
enum ProtocolList {
    /// The list with nothing but HTTP/1.1.
    static let http11: [UInt8] = [8] + Array("http/1.1".utf8)

    /// Where `name` is in a list.
    static func find(_ name: StaticString, in list: Span<UInt8>) -> Range<Int>? {
        var start = 0
        while start < list.count {
            let entry = start + 1..<start + 1 + Int(list[start])
            guard entry.upperBound <= list.count else { return nil }
            if isEqual(list.extracting(entry), name) { return entry }
            start = entry.upperBound
        }
        return nil
    }

    private static func isEqual(_ bytes: Span<UInt8>, _ name: StaticString) -> Bool {
        guard bytes.count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { name in
            // As many bytes as there are.
            for index in name.indices where unsafe name[index] != bytes[index] { return false }
            return true
        }
    }
}
