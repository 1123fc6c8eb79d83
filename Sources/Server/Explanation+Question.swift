public import Addressing
import Telemetry

extension Explanation {
    /// The request to ask about.
    public struct Question: Sendable {
        public var method = "GET"
        /// Host, with a port if the URL has one.
        public let authority: String
        /// How the URL has the request come; nil if it does not say.
        public let isTLS: Bool?
        /// Path and query.
        public let target: String
        /// As `name: value`.
        public var fields: [String] = []
        public var client: IPAddress?

        /// A question that can't be asked, and why.
        public struct Malformed: Error, Sendable, CustomStringConvertible {
            public let description: String

            init(_ description: String) { self.description = description }
        }

        /// `http://www.example.com/path?query`, or without the scheme. Taken apart by hand: the path must reach the decision
        /// as it was typed, not as a URL library would have it.
        public init(url: String) throws(Malformed) {
            guard url.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw Malformed("the URL holds a control character") }
            var rest = url[...]
            var isTLS: Bool?
            if let scheme = rest.firstRange(of: "://"), !rest[..<scheme.lowerBound].contains(where: { "/?#".contains($0) }) {
                switch rest[..<scheme.lowerBound].lowercased() {
                case "http": isTLS = false
                case "https": isTLS = true
                default: throw Malformed("the URL's scheme is http or https")
                }
                rest = rest[scheme.upperBound...]
            }
            if let fragment = rest.firstIndex(of: "#") { rest = rest[..<fragment] }
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            guard end > rest.startIndex else { throw Malformed("the URL names no host: http://www.example.com/path") }
            self.isTLS = isTLS
            authority = String(rest[..<end])
            let path = rest[end...]
            target = path.hasPrefix("/") ? String(path) : "/" + path
        }

        public mutating func setMethod(_ name: String) throws(Malformed) {
            let isToken = !name.isEmpty && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
            guard isToken else { throw Malformed("the method is a token, such as GET, not \(name.debugDescription)") }
            method = name
        }

        /// Appends a field, `name: value`.
        public mutating func add(field: String) throws(Malformed) {
            let isOneLine = field.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            guard field.contains(":"), isOneLine else {
                throw Malformed("a field is one line, 'name: value', not \(field.debugDescription)")
            }
            fields.append(field)
        }

        public mutating func setClient(_ address: String) throws(Malformed) {
            guard let client = IPAddress(address) else { throw Malformed("\(address.debugDescription) is not an IP address") }
            self.client = client
        }
    }
}

// MARK: JSON

extension Explanation.Question {
    /// The body of `POST /v1/explain`: an object with `url` and, if wanted, `method`, `headers` (an object, or an array of
    /// `[name, value]`) and `clientIP`. Nothing else is taken.
    init(json: [UInt8]) throws(Malformed) {
        let document: JSONValue
        do throws(JSONReader.Failure) {
            document = try JSONReader.read(json.span)
        } catch {
            throw Malformed("the body is not JSON: \(error)")
        }
        guard case .object(let members) = document else { throw Malformed("the body is an object, not \(document.kind)") }
        for member in members where !Self.names.contains(member.name) {
            throw Malformed("unknown name \(member.name.debugDescription); there are \(Self.names.joined(separator: ", "))")
        }
        func value(_ name: String) -> JSONValue? { members.first { $0.name == name }?.value }
        guard let url = value("url") else { throw Malformed("`url` is missing") }
        try self.init(url: try Self.text(url, "url"))
        if let method = value("method") { try setMethod(try Self.text(method, "method")) }
        if let client = value("clientIP") { try setClient(try Self.text(client, "clientIP")) }
        if let headers = value("headers") {
            for (name, value) in try Self.pairs(headers) { try add(name: name, value: value) }
        }
    }

    private static let names = ["method", "url", "headers", "clientIP"]

    private mutating func add(name: String, value: String) throws(Malformed) {
        guard !name.isEmpty, !name.contains(":") else {
            throw Malformed("\(name.debugDescription) is not the name of a field")
        }
        try add(field: "\(name): \(value)")
    }

    private static func text(_ value: JSONValue, _ name: String) throws(Malformed) -> String {
        guard case .string(let text) = value else { throw Malformed("`\(name)` is a string, not \(value.kind)") }
        return text
    }

    private static func pairs(_ headers: JSONValue) throws(Malformed) -> [(String, String)] {
        var pairs: [(String, String)] = []
        switch headers {
        case .object(let members):
            for member in members { pairs.append((member.name, try text(member.value, "headers"))) }
        case .array(let elements):
            for element in elements {
                guard case .array(let pair) = element, pair.count == 2 else {
                    throw Malformed("an element of `headers` is [name, value], not \(element.kind)")
                }
                pairs.append((try text(pair[0], "headers"), try text(pair[1], "headers")))
            }
        default:
            throw Malformed("`headers` is an object or an array, not \(headers.kind)")
        }
        return pairs
    }
}
