internal import Routing

/// What ingress-nginx lets the value of an annotation be, where the annotation's reader passes a fault on, so that the whole Ingress
/// is refused (R9). Most readers swallow it and take the default; such annotations have no rule here.
enum AdmissionRule {
    case oneOf([String])
    case boolean
    case integer
    case serviceName
    case serverName
    /// Separated by commas.
    case serverNames
    case secretName
    case hashKey
    case errorPage
    case commonName

    /// By name, without the prefix: those that Serin obeys, and a few more that it only ignores.
    static let rules: [String: AdmissionRule] = [
        "auth-tls-error-page": .errorPage, "auth-tls-match-cn": .commonName, "auth-tls-pass-certificate-to-upstream": .boolean,
        "auth-tls-secret": .secretName, "default-backend": .serviceName, "http2-push-preload": .boolean,
        "load-balance": .oneOf(["chash", "chashsubset", "ewma", "round_robin", "sticky_balanced", "sticky_persistent"]),
        "proxy-ssl-secret": .secretName, "server-alias": .serverNames, "ssl-passthrough": .boolean, "upstream-hash-by": .hashKey,
        "upstream-hash-by-subset": .boolean, "upstream-hash-by-subset-size": .integer, "upstream-vhost": .serverName,
    ]

    /// Those of `auth-tls-*` that are not looked at without `auth-tls-secret`.
    static let besideSecret: Set<String> = ["auth-tls-error-page", "auth-tls-match-cn", "auth-tls-pass-certificate-to-upstream"]

    /// - Parameter value: as written, not empty: an empty one is never looked at.
    func accepts(_ value: String) -> Bool {
        switch self {
        case .oneOf(let words): words.contains(String(value[...].trimmed))
        case .boolean: AnnotationText.bool(value) != nil
        case .integer: AnnotationText.integer(value) != nil
        case .serviceName: Self.isLabel(value)
        case .serverName: Self.isServerName(value[...])
        case .serverNames: value.split(separator: ",", omittingEmptySubsequences: false).allSatisfy(Self.isServerName)
        case .secretName: value.utf8.allSatisfy(AnnotationText.isBasic)
        case .hashKey: value.utf8.allSatisfy(Self.isHashKey)
        case .errorPage: Self.isPage(value.filter { $0 != " " })
        // Compiled by PCRE2, which takes more than Go does.
        case .commonName: value.hasPrefix("CN=") && (try? Pattern(String(value.dropFirst(3)))) != nil
        }
    }

    /// Completes "is not …".
    var expected: String {
        switch self {
        case .oneOf(let words): "one of " + words.joined(separator: ", ")
        case .boolean: "a boolean"
        case .integer: "a whole number"
        case .serviceName: "the name of a Service"
        case .serverName, .serverNames: "made of the signs that a server name may have"
        case .secretName: "made of the signs that a Secret's name may have"
        case .hashKey: "made of letters, digits and `-_${}`"
        case .errorPage: "a page of one segment, such as https://www.example.com/sorry"
        case .commonName: "`CN=` and a regular expression"
        }
    }

    private static func isServerName(_ value: Substring) -> Bool { value.trimmed.utf8.allSatisfy(AnnotationText.isPattern) }

    /// RFC 1035.
    private static func isLabel(_ value: String) -> Bool {
        let isWhole = value.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
        guard isWhole, let first = value.utf8.first, let last = value.utf8.last else { return false }
        return value.utf8.count <= 63 && (0x61...0x7A).contains(first) && last != UInt8(ascii: "-")
    }

    private static func isHashKey(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || " -_${}".utf8.contains(byte) }

    /// Nothing, or host, port and one segment, of which only the slash must be there.
    private static func isPage(_ value: String) -> Bool {
        if value.isEmpty { return true }
        let rest = value.droppingPrefix("https://") ?? value.droppingPrefix("http://") ?? value
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        let ends = parts[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let hasPort = ends.count == 1 || (!ends[1].isEmpty && ends[1].utf8.allSatisfy { (0x30...0x39).contains($0) })
        return hasPort && [ends[0], parts[1]].allSatisfy { $0.utf8.allSatisfy { isAlphanumeric($0) || "-.".utf8.contains($0) } }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
