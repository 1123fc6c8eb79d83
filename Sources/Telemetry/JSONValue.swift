/// A JSON text (RFC 8259) that was read.
public enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    /// As written: whoever needs a number says how large and how exact.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// In the order written; no name twice.
    case object([Member])

    public struct Member: Equatable, Sendable {
        public let name: String
        public let value: JSONValue

        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// What it is, for messages: `a string`.
    public var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
