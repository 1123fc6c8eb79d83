internal import Addressing
internal import Routing

/// Addresses as people write them.
enum AddressText {
    /// What may stand for a host.
    enum Hosts { case literals, literalsAndNames }

    static let listenerForm = "an IPv4 address and port (127.0.0.1:8080), \"[::1]:8080\", or unix:/path"
    static let endpointForm = "an address and port (10.0.0.7:8080, \"[::1]:8080\", app.internal:8080) or unix:/path"

    static func parse(_ text: String, hosts: Hosts, allowsPortZero: Bool) -> EndpointAddress? {
        let address = SocketAddress(text).flatMap(endpoint) ?? (hosts == .literalsAndNames ? named(text) : nil)
        switch address {
        case .ipv4(_, port: 0)?, .ipv6(_, _, port: 0)?, .name(_, port: 0)?: return allowsPortZero ? address : nil
        default: return address
        }
    }

    /// A host by itself, as manifests have it, and a port.
    static func address(_ host: String, port: UInt16) -> EndpointAddress? {
        switch IPAddress(host) {
        case .v4(let address): .ipv4(address, port: port)
        case .v6(let high, let low): .ipv6(high: high, low: low, port: port)
        case nil: isName(host) ? .name(host: host.lowercased(), port: port) : nil
        }
    }

    private static func endpoint(_ address: SocketAddress) -> EndpointAddress? {
        switch address {
        case .ipv4(let address, let port): .ipv4(address, port: port)
        // An endpoint has no interface to go with a link-local address.
        case .ipv6(let high, let low, let port, let scope): scope == 0 ? .ipv6(high: high, low: low, port: port) : nil
        case .unix(let path): .unix(path: path)
        }
    }

    private static func named(_ text: String) -> EndpointAddress? {
        guard let colon = text.lastIndex(of: ":"), let number = Quantity.number(text[text.index(after: colon)...]),
            let port = UInt16(exactly: number), isName(text[..<colon]) else { return nil }
        return .name(host: text[..<colon].lowercased(), port: port)
    }

    /// A DNS name: labels of letters, digits, `-` and `_`, at most 63 bytes each and 253 in all, the last not a number.
    static func isName(_ text: some StringProtocol) -> Bool {
        let labels = Array(text.utf8).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 253, let last = labels.last else { return false }
        let isValid = labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy(isNameByte)
        }
        return isValid && !last.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
