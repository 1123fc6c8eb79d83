/// Another reading of RFC 9112, as slow and plain as it can be, to hold the product's parsers and its output against.
///
/// Takes only what no recipient can read in two ways: CRLF, token names, one Host, one length or one `chunked`.
enum StrictMessage {
    struct Head {
        var startLine: [UInt8] = []
        /// Names in lower case.
        var fields: [(name: [UInt8], value: [UInt8])] = []
        /// Bytes up to and with the blank line.
        var length = 0

        func values(_ name: String) -> [[UInt8]] { fields.filter { $0.name == Array(name.utf8) }.map(\.value) }
    }

    enum Body: Equatable {
        case none, length(Int), chunked, untilClose
    }

    enum Reading<Value> {
        case incomplete
        case whole(Value)
        case wrong(String)
    }

    // MARK: Heads

    static func head(_ bytes: ArraySlice<UInt8>) -> Reading<Head> {
        var head = Head()
        var position = bytes.startIndex
        var isFirst = true
        while true {
            guard let feed = bytes[position...].firstIndex(of: 10) else { return .incomplete }
            guard feed > position, bytes[feed - 1] == 13 else { return .wrong("LF without CR") }
            let line = Array(bytes[position..<feed - 1])
            position = feed + 1
            if line.contains(where: { $0 < 32 && $0 != 9 || $0 == 127 }) { return .wrong("control character in \(text(line))") }
            if isFirst {
                head.startLine = line
                isFirst = false
            } else if line.isEmpty {
                head.length = position - bytes.startIndex
                return .whole(head)
            } else {
                guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0, line[..<colon].allSatisfy(isToken) else {
                    return .wrong("not a field: \(text(line))")
                }
                head.fields.append((line[..<colon].map(lowercased), trimmed(line[(colon + 1)...])))
            }
        }
    }

    /// What is wrong with a request head, or how long its body is.
    static func requestBody(_ head: Head) -> Reading<Body> {
        let words = head.startLine.split(separator: 32, omittingEmptySubsequences: false)
        guard words.count == 3, !words[0].isEmpty, words[0].allSatisfy(isToken), !words[1].isEmpty,
              words[1].allSatisfy({ (33...126).contains($0) && $0 != UInt8(ascii: "#") }),
              let minor = minorVersion(words[2]) else { return .wrong("request line: \(text(head.startLine))") }
        let hosts = head.values("host")
        guard hosts.count == 1 || minor == 0 && hosts.isEmpty else { return .wrong("\(hosts.count) Host fields") }
        return framing(head, minor: minor, otherwise: .none)
    }

    /// What is wrong with a response head, or its status and how long its body is.
    static func responseBody(_ head: Head, toHEAD: Bool) -> Reading<(status: Int, body: Body)> {
        let line = head.startLine
        guard line.count >= 12, let minor = minorVersion(line[..<8]), line[8] == 32, line[9..<12].allSatisfy({ (48...57).contains($0) }),
              line.count == 12 || line[12] == 32, line[9] != 48 else { return .wrong("status line: \(text(line))") }
        let status = line[9..<12].reduce(0) { $0 * 10 + Int($1 - 48) }
        switch framing(head, minor: minor, otherwise: .untilClose) {
        case .incomplete: return .incomplete
        case .wrong(let what): return .wrong(what)
        case .whole(let body):
            let hasNone = toHEAD || status < 200 || status == 204 || status == 304
            return .whole((status, hasNone ? .none : body))
        }
    }

    private static func framing(_ head: Head, minor: UInt8, otherwise: Body) -> Reading<Body> {
        let lengths = head.values("content-length")
        let codings = head.values("transfer-encoding")
        guard lengths.count + codings.count <= 1 else { return .wrong("\(lengths.count) lengths and \(codings.count) codings") }
        if let coding = codings.first {
            guard minor > 0 else { return .wrong("coding in HTTP/1.0") }
            return coding.map(lowercased) == Array("chunked".utf8) ? .whole(.chunked) : .wrong("coding \(text(coding))")
        }
        guard let length = lengths.first else { return .whole(otherwise) }
        guard !length.isEmpty, length.allSatisfy({ (48...57).contains($0) }), let count = Int(text(length)) else {
            return .wrong("length \(text(length))")
        }
        return .whole(.length(count))
    }

    private static func minorVersion(_ version: ArraySlice<UInt8>) -> UInt8? {
        guard version.count == 8, version.starts(with: "HTTP/1.".utf8), let digit = version.last, (48...57).contains(digit)
        else { return nil }
        return digit - 48
    }

    // MARK: Bodies

    /// The content, and how many bytes it took.
    static func body(_ bytes: ArraySlice<UInt8>, _ kind: Body) -> Reading<(content: [UInt8], length: Int)> {
        switch kind {
        case .none: return .whole(([], 0))
        case .untilClose: return .whole((Array(bytes), bytes.count))
        case .length(let count): return bytes.count < count ? .incomplete : .whole((Array(bytes.prefix(count)), count))
        case .chunked: return chunks(bytes)
        }
    }

    private static func chunks(_ bytes: ArraySlice<UInt8>) -> Reading<(content: [UInt8], length: Int)> {
        var rest = bytes
        var content: [UInt8] = []
        while true {
            guard let feed = rest.firstIndex(of: 10) else { return .incomplete }
            guard feed > rest.startIndex, rest[feed - 1] == 13 else { return .wrong("LF without CR in a chunk's line") }
            let line = rest[rest.startIndex..<feed - 1]
            let digits = line.prefix { text([$0]).first?.isHexDigit == true }
            guard !digits.isEmpty, let size = Int(text(Array(digits)), radix: 16) else { return .wrong("chunk size") }
            guard line.count == digits.count || [9, 32, UInt8(ascii: ";")].contains(line[digits.endIndex]) else {
                return .wrong("chunk size followed by something else")
            }
            guard !line.contains(where: { $0 < 32 && $0 != 9 || $0 == 127 }) else { return .wrong("control in a chunk's line") }
            rest = rest[(feed + 1)...]
            guard size > 0 else { break }
            guard rest.count > size, rest.count - size >= 2 else { return .incomplete }
            content += rest.prefix(size)
            rest = rest.dropFirst(size)
            guard rest.starts(with: [13, 10]) else { return .wrong("chunk without its end") }
            rest = rest.dropFirst(2)
        }
        if rest.first == 10 { return .wrong("LF without CR") }
        if rest.starts(with: [13, 10]) { return .whole((content, rest.startIndex + 2 - bytes.startIndex)) }
        // Trailers look like the fields of a head, whose start line is made up here.
        switch head(ArraySlice([88, 13, 10] + rest)) {
        case .incomplete: return .incomplete
        case .wrong(let what): return .wrong(what)
        case .whole(let head): return .whole((content, rest.startIndex - bytes.startIndex + head.length - 3))
        }
    }

    // MARK: Bytes

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte + 32 : byte }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let isBlank: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
        guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return [] }
        return Array(bytes[first...last])
    }
}
