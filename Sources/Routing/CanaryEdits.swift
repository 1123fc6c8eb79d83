/// What a canary changes of its requests and responses.
public struct CanaryEdits: Equatable, Sendable {
    public var request = FieldEdits()
    public var response = FieldEdits()
    /// `a=b&c=d`, behind what the query says; empty changes nothing.
    public var query = ""

    public init() {}

    var isEmpty: Bool { self == CanaryEdits() }
}
