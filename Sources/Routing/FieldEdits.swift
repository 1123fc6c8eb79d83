/// What a canary changes of the fields of a head, in this order: fields are removed, set, added, appended to.
public struct FieldEdits: Equatable, Sendable {
    public struct Field: Equatable, Sendable {
        public let name: String
        public let value: String

        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Names of fields that do not pass.
    public var removed: [String] = []
    /// Fields that take the place of all of their name.
    public var set: [Field] = []
    /// Further lines.
    public var added: [Field] = []
    /// Values behind those that are there, joined by a comma into one line; a line of their own if none is there.
    public var appended: [Field] = []

    public init() {}

    var isEmpty: Bool { self == FieldEdits() }

    /// Names of which no line passes as it came.
    var ownedNames: [String] { removed + set.map(\.name) + appended.map(\.name) }

    /// Lines that are the same for every head.
    var lines: [UInt8] { Array((set + added).map { "\($0.name): \($0.value)\r\n" }.joined().utf8) }
}

extension FieldEdits {
    /// In words: `removes request header x-debug`, `sets request header x-release = 2`.
    func texts(_ place: String) -> [String] {
        removed.map { "removes \(place) \($0)" } + set.map { "sets \(place) \($0.name) = \($0.value)" }
            + added.map { "adds \(place) \($0.name) = \($0.value)" } + appended.map { "appends to \(place) \($0.name) = \($0.value)" }
    }
}
