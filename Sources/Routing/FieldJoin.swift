/// A value that is appended to those that a head's lines of one name say.
public struct FieldJoin: Sendable {
    /// `Name: `
    public let start: [UInt8]
    /// The value and a line end.
    public let end: [UInt8]
    /// Folded (R22).
    private let name: [UInt8]

    init(_ field: FieldEdits.Field) {
        start = Array("\(field.name): ".utf8)
        end = Array("\(field.value)\r\n".utf8)
        name = HeaderName.folded(field.name.utf8)
    }

    /// Whether a line of this name is one of those joined.
    public func joins(_ name: Span<UInt8>) -> Bool { HeaderName.matches(name, folded: self.name) }

    var count: Int { start.count + end.count }
}
