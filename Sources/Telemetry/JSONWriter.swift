/// Writes one JSON text (RFC 8259) as bytes, front to back, for the answers of the admin address.
///
/// The calls mirror the text: `beginObject`, `key`, a value, `endObject`. Commas are the writer's business; a call that
/// would make an invalid text is a programmer's error and stops the program.
public struct JSONWriter {
    private enum Scope { case object, array }

    private var bytes: [UInt8] = []
    private var scopes: [Scope] = []
    /// The next item needs a comma in front of it.
    private var followsItem = false
    /// A key was written and waits for its value.
    private var awaitsValue = false

    public init() {}

    // MARK: Structure

    public mutating func beginObject() { begin(.object, UInt8(ascii: "{")) }
    public mutating func endObject() { end(.object, UInt8(ascii: "}")) }
    public mutating func beginArray() { begin(.array, UInt8(ascii: "[")) }
    public mutating func endArray() { end(.array, UInt8(ascii: "]")) }

    /// The name of the next value. Names should be unique within an object (RFC 8259, section 4); that is not checked.
    public mutating func key(_ name: String) {
        precondition(scopes.last == .object && !awaitsValue, "a key belongs into an object, before a value")
        writeComma()
        writeString(name)
        bytes.append(UInt8(ascii: ":"))
        awaitsValue = true
    }

    /// The finished text.
    public consuming func finish() -> [UInt8] {
        precondition(scopes.isEmpty && followsItem, "the text is one complete value")
        return bytes
    }

    // MARK: Values

    /// A string, or `null`.
    public mutating func value(_ text: String?) {
        guard let text else { return null() }
        prepareValue()
        writeString(text)
        followsItem = true
    }

    /// A number, or `null`. Beyond ±2^53 many readers lose digits (RFC 8259, section 6).
    public mutating func value(_ number: Int?) {
        guard let number else { return null() }
        prepareValue()
        bytes.appendDecimal(number)
        followsItem = true
    }

    public mutating func value(_ number: UInt64) {
        prepareValue()
        bytes.appendDecimal(number)
        followsItem = true
    }

    public mutating func value(_ flag: Bool) { literal(flag ? "true" : "false") }
    public mutating func null() { literal("null") }

    // MARK: Members

    /// `key` and `value` in one.
    public mutating func member(_ name: String, _ text: String?) {
        key(name)
        value(text)
    }

    public mutating func member(_ name: String, _ number: Int?) {
        key(name)
        value(number)
    }

    public mutating func member(_ name: String, _ number: UInt64) {
        key(name)
        value(number)
    }

    public mutating func member(_ name: String, _ flag: Bool) {
        key(name)
        value(flag)
    }

    /// A member that is an array of strings.
    public mutating func member(_ name: String, _ texts: [String]) {
        key(name)
        beginArray()
        for text in texts { value(text) }
        endArray()
    }

    // MARK: Writing

    private mutating func begin(_ scope: Scope, _ bracket: UInt8) {
        prepareValue()
        bytes.append(bracket)
        scopes.append(scope)
        followsItem = false
    }

    private mutating func end(_ scope: Scope, _ bracket: UInt8) {
        precondition(scopes.last == scope && !awaitsValue, "what is closed is what was opened last")
        scopes.removeLast()
        bytes.append(bracket)
        followsItem = true
    }

    private mutating func prepareValue() {
        if awaitsValue {
            awaitsValue = false
            return
        }
        precondition(scopes.last == .array || (scopes.isEmpty && !followsItem), "a value needs a key, an array or an empty text")
        writeComma()
    }

    private mutating func writeComma() {
        if followsItem { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func literal(_ text: String) {
        prepareValue()
        bytes.append(contentsOf: text.utf8)
        followsItem = true
    }

    /// Escapes what RFC 8259, section 7, says must be; everything else stays UTF-8.
    private mutating func writeString(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x08: bytes.append(contentsOf: "\\b".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x0C: bytes.append(contentsOf: "\\f".utf8)
            case 0x0D: bytes.append(contentsOf: "\\r".utf8)
            case 0..<0x20:
                bytes.append(contentsOf: byte < 0x10 ? "\\u000".utf8 : "\\u001".utf8)
                let low = byte & 0xF
                bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
