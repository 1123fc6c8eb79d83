internal import Routing

/// What the weight rule tells clients apart by: `canary.hashBy` and the annotation `serin.dev/canary-hash-by`.
struct HashKeyText: Equatable, Sendable {
    static let form = "request, or clientIP, clientIP/24, clientIP/24/64, cookie:NAME, header:NAME or query:NAME, or several of "
        + "these joined by commas"
    /// What one subscriber usually has of IPv6; used when only the prefix for IPv4 is written.
    private static let usualV6Prefix = 64

    /// None is `request`: the exact sequence.
    let keys: [ValueKey]

    static func parse(_ text: String) -> HashKeyText? {
        if text == "request" { return HashKeyText(keys: []) }
        var keys: [ValueKey] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let key = key(String(part.trimmed)) else { return nil }
            if !keys.contains(key) { keys.append(key) }
        }
        return HashKeyText(keys: keys)
    }

    private static func key(_ text: String) -> ValueKey? {
        if text == "clientIP" { return .clientAddress }
        if let prefixes = text.droppingPrefix("clientIP/") { return network(prefixes) }
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let name = String(text[text.index(after: colon)...])
        // Header and cookie names are tokens (RFC 9110 section 5.1, RFC 6265 section 4.1.1).
        let isToken = !name.isEmpty && name.utf8.allSatisfy(ConfigurationCharacters.isTokenByte)
        switch text[..<colon] {
        case "cookie": return isToken ? .cookie(name) : nil
        case "header": return isToken ? .header(name) : nil
        case "query": return name.isEmpty ? nil : .query(name)
        default: return nil
        }
    }

    /// `24` or `24/64`: bits of an IPv4 and of an IPv6 address.
    private static func network(_ text: String) -> ValueKey? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let lengths = parts.compactMap { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int($0) : nil }
        guard lengths.count == parts.count, (1...2).contains(lengths.count) else { return nil }
        let v6 = lengths.count == 2 ? lengths[1] : usualV6Prefix
        guard (1...32).contains(lengths[0]), (1...128).contains(v6) else { return nil }
        return .clientNetwork(v4: lengths[0], v6: v6)
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
