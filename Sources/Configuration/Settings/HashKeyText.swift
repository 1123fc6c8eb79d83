internal import Routing

/// What the weight rule tells clients apart by: `canary.hashBy` and the annotation `serin.dev/canary-hash-by`.
struct HashKeyText: Equatable, Sendable {
    static let form = "request, clientIP, cookie:NAME, header:NAME or query:NAME"

    /// Nil is `request`: no key, the exact sequence.
    let key: ValueKey?

    static func parse(_ text: String) -> HashKeyText? {
        switch text {
        case "request": return HashKeyText(key: nil)
        case "clientIP": return HashKeyText(key: .clientAddress)
        default: break
        }
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let name = String(text[text.index(after: colon)...])
        // Header and cookie names are tokens (RFC 9110 section 5.1, RFC 6265 section 4.1.1).
        let isToken = !name.isEmpty && name.utf8.allSatisfy(ConfigurationCharacters.isTokenByte)
        switch text[..<colon] {
        case "cookie": return isToken ? HashKeyText(key: .cookie(name)) : nil
        case "header": return isToken ? HashKeyText(key: .header(name)) : nil
        case "query": return name.isEmpty ? nil : HashKeyText(key: .query(name))
        default: return nil
        }
    }
}

/// Sets of characters that several readers share.
enum ConfigurationCharacters {
    /// A byte of a token (RFC 9110 section 5.6.2).
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
