/// Values that are appended to those that a head's lines of one name say.
public struct FieldJoin: Sendable {
    /// `Name: `
    public let start: [UInt8]
    /// The values and a line end.
    public private(set) var end: [UInt8]
    /// Folded (R22).
    private let name: [UInt8]

    private init(_ field: FieldEdits.Field) {
        start = Array("\(field.name): ".utf8)
        end = Array("\(field.value)\r\n".utf8)
        name = HeaderName.folded(field.name.utf8)
    }

    /// One for each name, so that what a peer says is copied once at most: a head is never joined to more than its own length.
    static func joins(of fields: [FieldEdits.Field]) -> [FieldJoin] {
        fields.reduce(into: []) { joins, field in
            let join = FieldJoin(field)
            if let index = joins.firstIndex(where: { $0.name == join.name }) {
                joins[index].end.replaceSubrange(joins[index].end.count - 2 ..< joins[index].end.count, with: Array(", ".utf8) + join.end)
            } else {
                joins.append(join)
            }
        }
    }

    /// Whether a line of this name is one of those joined.
    public func joins(_ name: Span<UInt8>) -> Bool { HeaderName.matches(name, folded: self.name) }

    var count: Int { start.count + end.count }
}
