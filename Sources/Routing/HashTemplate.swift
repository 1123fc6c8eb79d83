/// What of a request a hash is made of: text and nginx variables, as `upstream-hash-by` writes them.
public struct HashTemplate: Hashable, Sendable {
    public enum Part: Hashable, Sendable {
        case text([UInt8])
        /// `$request_uri`: the target as sent, with its query.
        case requestURI
        /// `$uri`: the decoded path, slashes merged; what `rewrite-target` made of it, if it made something of it.
        case path
        /// `$args`: the query as sent.
        case query
        /// `$host`: without the port, lower case.
        case host
        case scheme
        case method
        /// `$remote_addr`.
        case clientAddress
        /// `$binary_remote_addr`: 4 or 16 bytes.
        case clientAddressBytes
        /// `$arg_NAME`, `$http_NAME`, `$cookie_NAME`. One that the request lacks adds nothing.
        case value(ValueKey)
    }

    /// Why a text is no template.
    public enum Malformed: Error, Equatable {
        /// A variable that there is not, with its `$`.
        case unknownVariable(String)
        /// A `$` that begins no name.
        case strayDollar
    }

    /// As written.
    public let text: String
    public let parts: [Part]

    public init(_ text: String) throws(Malformed) {
        self.text = text
        var parts: [Part] = []
        var literal: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "$") else {
                literal.append(byte)
                continue
            }
            if !literal.isEmpty { parts.append(.text(literal)) }
            literal = []
            parts.append(try Self.variable(at: &rest))
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// Whether every request has the same hash.
    public var isConstant: Bool {
        parts.allSatisfy { if case .text = $0 { true } else { false } }
    }

    /// `name` or `{name}` at the front of `rest`, which moves behind it.
    private static func variable(at rest: inout ArraySlice<UInt8>) throws(Malformed) -> Part {
        let isBraced = rest.first == UInt8(ascii: "{")
        if isBraced { rest = rest.dropFirst() }
        let name = rest.prefix(while: isNameByte)
        rest = rest.dropFirst(name.count)
        if isBraced, rest.popFirst() != UInt8(ascii: "}") { throw .strayDollar }
        guard !name.isEmpty else { throw .strayDollar }
        let text = String(decoding: name, as: UTF8.self)
        guard let part = part(named: text) else { throw .unknownVariable("$" + text) }
        return part
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): true
        default: false
        }
    }

    private static func part(named name: String) -> Part? {
        switch name {
        case "request_uri": return .requestURI
        case "uri", "document_uri": return .path
        case "args", "query_string": return .query
        case "host": return .host
        case "scheme": return .scheme
        case "request_method": return .method
        case "remote_addr": return .clientAddress
        case "binary_remote_addr": return .clientAddressBytes
        default: break
        }
        for (prefix, key) in [("arg_", ValueKey.query), ("http_", ValueKey.header), ("cookie_", ValueKey.cookie)] {
            if name.hasPrefix(prefix), name.utf8.count > prefix.utf8.count { return .value(key(String(name.dropFirst(prefix.utf8.count)))) }
        }
        return nil
    }
}

extension HashTemplate: CustomStringConvertible {
    public var description: String { text }
}
