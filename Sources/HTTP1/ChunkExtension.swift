/// The grammar of chunk extensions, which are read over (RFC 9112 7.1.1):
/// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`.
///
/// Checked to the letter because gateways that end such a line at different bytes see different messages.
struct ChunkExtension: Sendable {
    private var phase = Phase.beforeSemicolon

    private enum Phase: UInt8 {
        /// only blanks may come before the next `;`
        case beforeSemicolon
        case beforeName
        case name
        case afterName
        case beforeValue
        case token
        case quoted
        /// after a backslash in a quoted string
        case escaped
        case afterQuoted
    }

    /// The line may end here.
    var mayEnd: Bool {
        switch phase {
        case .name, .token, .afterQuoted: true
        case .beforeSemicolon, .beforeName, .afterName, .beforeValue, .quoted, .escaped: false
        }
    }

    /// Takes the next byte; false if the grammar has no place for it.
    mutating func accept(_ byte: UInt8) -> Bool {
        switch phase {
        case .beforeSemicolon:
            return byte.isBlank || go(to: .beforeName, if: byte == UInt8(ascii: ";"))
        case .beforeName:
            return byte.isBlank || go(to: .name, if: byte.isToken)
        case .name:
            if byte.isToken { return true }
            if byte == UInt8(ascii: "=") { return go(to: .beforeValue) }
            return go(to: .beforeName, if: byte == UInt8(ascii: ";")) || go(to: .afterName, if: byte.isBlank)
        case .afterName:
            if byte.isBlank { return true }
            return go(to: .beforeValue, if: byte == UInt8(ascii: "=")) || go(to: .beforeName, if: byte == UInt8(ascii: ";"))
        case .beforeValue:
            if byte.isBlank { return true }
            return go(to: .quoted, if: byte == UInt8(ascii: "\"")) || go(to: .token, if: byte.isToken)
        case .token:
            if byte.isToken { return true }
            return go(to: .beforeName, if: byte == UInt8(ascii: ";")) || go(to: .beforeSemicolon, if: byte.isBlank)
        case .quoted:
            if byte == UInt8(ascii: "\"") { return go(to: .afterQuoted) }
            return byte == UInt8(ascii: "\\") ? go(to: .escaped) : byte.isFieldText
        case .escaped:
            return go(to: .quoted, if: byte.isFieldText)
        case .afterQuoted:
            return go(to: .beforeName, if: byte == UInt8(ascii: ";")) || go(to: .beforeSemicolon, if: byte.isBlank)
        }
    }

    private mutating func go(to next: Phase, if condition: Bool = true) -> Bool {
        if condition { phase = next }
        return condition
    }
}
