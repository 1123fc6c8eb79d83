import HTTP1

/// How the body of a response leaves, and what its head says of it.
enum ResponseCoding {
    /// As it came.
    case asIs
    /// As it came, though another client would get it compressed; caches are to know.
    case varies
    /// Compressed; of an answer to HEAD, what it says of the body that GET would get.
    case gzip
    /// It has none: a 304 about one that was compressed when the client got it.
    case revalidated

    /// Bytes that `writeFields` may add to the head as it came.
    var room: Int { self == .asIs ? 0 : 96 }

    // MARK: Choosing

    /// Whether a response may be compressed, were there a client that wants it so, or is a 304 about such a one, as far as it says what
    /// that is. Not if a body is none or part of something (204, 205, 206, 226), is encoded already, is too short, is of no listed type, or shall not be changed by anybody.
    static func isEligible(_ head: borrowing ResponseHead, in bytes: Span<UInt8>, by rule: GzipPolicy.Rule) -> Bool {
        switch head.status {
        case 204, 205, 206, 226: return false
        default: break
        }
        var isOfType = head.status == 304
        for index in head.fields.indices {
            let field = head.fields[index]
            switch field.known {
            case .contentEncoding: return false
            case .contentType: isOfType = rule.types.contains(bytes[field.value])
            case .contentLength:
                // A response to HEAD has no framing, but says this all the same.
                if let length = bytes[field.value].decimalValue, length < rule.minimumLength { return false }
            case .other where bytes[field.name].equalsIgnoringCase("cache-control"):
                if bytes[field.value].lists("no-transform") { return false }
            case .other where bytes[field.name].equalsIgnoringCase("content-range"): return false
            default: continue
            }
        }
        return isOfType
    }

    /// Whether the client may ask about a body that it has got compressed: its tag was made weak.
    static func asksAboutWeak(_ head: borrowing RequestHead, in bytes: Span<UInt8>) -> Bool {
        for index in head.fields.indices where bytes[head.fields[index].name].equalsIgnoringCase("if-none-match") {
            let value = bytes[head.fields[index].value]
            var start = 0
            while let found = value.firstIndex(of: UInt8(ascii: "/"), from: start) {
                if found > 0, value[found - 1] == UInt8(ascii: "W") { return true }
                start = found + 1
            }
        }
        return false
    }

    // MARK: Writing

    /// A field that does not pass, because it is about the bytes as they came or is written anew.
    func replaces(_ field: HeaderField, _ bytes: Span<UInt8>) -> Bool {
        guard field.known == .other else { return false }
        let name = bytes[field.name]
        switch self {
        case .asIs, .varies: return false
        case .revalidated: return name.equalsIgnoringCase("etag")
        case .gzip:
            // RFC 9110 section 14.3, RFC 9530, RFC 3230, RFC 1864.
            return name.equalsIgnoringCase("etag") || name.equalsIgnoringCase("accept-ranges")
                || name.equalsIgnoringCase("repr-digest") || name.equalsIgnoringCase("content-digest")
                || name.equalsIgnoringCase("digest") || name.equalsIgnoringCase("content-md5")
        }
    }

    /// What the head says instead: the coding, a weak tag in place of a strong one (RFC 9110 section 8.8.1), and what it varies by.
    /// - Parameter marks: what the decision says instead of the upstream; its fields are not written again.
    func writeFields(_ head: borrowing ResponseHead, in bytes: Span<UInt8>, _ marks: ResponseMarks?, to output: inout ByteBuffer) {
        var saysVary = false, saysTag = false
        for index in head.fields.indices where head.fields[index].known == .other && !head.fields[index].isNominated {
            let (name, value) = (bytes[head.fields[index].name], bytes[head.fields[index].value])
            if name.equalsIgnoringCase("vary"), marks?.replaces(name) != true {
                saysVary = saysVary || value.lists("accept-encoding") || value.lists("*")
            } else if self != .varies, !saysTag, name.equalsIgnoringCase("etag"), marks?.replaces(name) != true {
                // A second one means nothing, and there is room for what one grows by.
                saysTag = true
                output.append("ETag: ")
                if value.count > 0, value[0] == UInt8(ascii: "\"") { output.append("W/") }
                output.append(value)
                output.append("\r\n")
            }
        }
        if self == .gzip { output.append("Content-Encoding: gzip\r\n") }
        if !saysVary { output.append("Vary: Accept-Encoding\r\n") }
    }
}

extension Span<UInt8> {
    /// Whether a list (RFC 9110 section 5.6.1) has an element that is this, in any case.
    fileprivate func lists(_ element: StaticString) -> Bool {
        var start = 0
        while start < count {
            let end = firstIndex(of: UInt8(ascii: ","), from: start) ?? count
            let part = extracting(start..<end)
            if part[part.trimmedOWS].equalsIgnoringCase(element) { return true }
            start = end &+ 1
        }
        return false
    }
}
