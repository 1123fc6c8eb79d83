/// Reads one JSON text (RFC 8259) to the letter: what is not JSON, a name twice in an object, half a surrogate pair and
/// arrays in arrays without end are failures that say where. The size of the text is the caller's to bound.
public struct JSONReader: ~Copyable, ~Escapable {
    /// Objects and arrays within each other.
    public static let maximumDepth = 16

    public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// In bytes from the start of the text.
        public let offset: Int
        public let reason: String

        public var description: String { "at byte \(offset): \(reason)" }
    }

    private let bytes: Span<UInt8>
    private var position = 0

    public static func read(_ bytes: Span<UInt8>) throws(Failure) -> JSONValue {
        var reader = JSONReader(bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.next == nil else { throw reader.failure("one value is expected, and nothing after it") }
        return value
    }

    @_lifetime(copy bytes)
    private init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func failure(_ reason: String) -> Failure { Failure(offset: position, reason: reason) }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position &+= 1 }
    }

    /// Takes `byte` if it is the next one.
    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position &+= 1
        return true
    }

    // MARK: Values

    private mutating func value(depth: Int) throws(Failure) -> JSONValue {
        guard depth < Self.maximumDepth else { throw failure("more than \(Self.maximumDepth) values within each other") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .array(try elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), (0x30...0x39)?: return .number(try number())
        case nil: throw failure("the text ends where a value is expected")
        default: throw failure("a value is expected")
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue {
        let start = position
        for byte in "\(word)".utf8 where !take(byte) {
            position = start
            throw failure("a value is expected")
        }
        return value
    }

    private mutating func members(depth: Int) throws(Failure) -> [JSONValue.Member] {
        position &+= 1
        var members: [JSONValue.Member] = []
        var names: Set<String> = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return members }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a name in quotes is expected") }
            let start = position
            let name = try string()
            guard names.insert(name).inserted else {
                position = start
                throw failure("the name stands twice in the object")
            }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure("a colon is expected") }
            members.append(JSONValue.Member(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return members }
            guard take(UInt8(ascii: ",")) else { throw failure("a comma or the object's end is expected") }
        }
    }

    private mutating func elements(depth: Int) throws(Failure) -> [JSONValue] {
        position &+= 1
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw failure("a comma or the array's end is expected") }
        }
    }

    /// RFC 8259 section 6: no plus, no leading zero, digits on both sides of a point.
    private mutating func number() throws(Failure) -> String {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        var text: [UInt8] = []
        for index in start..<position { text.append(bytes[index]) }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func digits() throws(Failure) {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) { position &+= 1 }
        guard position > start else { throw failure("a digit is expected") }
    }

    // MARK: Strings

    private mutating func string() throws(Failure) -> String {
        let start = position
        position &+= 1
        var text: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                position &+= 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    position = start
                    throw failure("the string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"):
                position &+= 1
                try escape(into: &text)
            case 0..<0x20:
                throw failure("a control character in a string is written as an escape")
            default:
                text.append(byte)
                position &+= 1
            }
        }
        throw failure("the text ends within a string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(Failure) {
        guard let byte = next else { throw failure("the text ends within a string") }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            position &+= 1
            return text.append(contentsOf: String(try scalar()).utf8)
        default: throw failure("there is no such escape")
        }
        position &+= 1
    }

    /// The character of `\uXXXX`, or of two of them that are a surrogate pair.
    private mutating func scalar() throws(Failure) -> Unicode.Scalar {
        let start = position
        let high = try unit()
        if let scalar = Unicode.Scalar(high) { return scalar }
        if (0xD800...0xDBFF).contains(high), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let low = try unit()
            if (0xDC00...0xDFFF).contains(low), let scalar = Unicode.Scalar(0x10000 + (high & 0x3FF) << 10 + (low & 0x3FF)) {
                return scalar
            }
        }
        position = start
        throw failure("half a surrogate pair")
    }

    private mutating func unit() throws(Failure) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Self.hexValue(byte) else { throw failure("four hexadecimal digits are expected") }
            unit = unit << 4 | UInt32(digit)
            position &+= 1
        }
        return unit
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
