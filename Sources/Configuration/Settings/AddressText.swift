internal import Addressing
internal import Routing

/// Addresses as people write them.
enum AddressText {
    /// What may stand for a host.
    enum Hosts { case literals, literalsAndNames }

    static let listenerForm = "an IPv4 address and port (127.0.0.1:8080), \"[::1]:8080\", or unix:/path"
    static let endpointForm = "an address and port (10.0.0.7:8080, \"[::1]:8080\", app.internal:8080) or unix:/path"

    /// Linux keeps 108 bytes for the path of a socket, the last of them a zero (unix(7)).
    static let longestUnixPath = 107

    static func parse(_ text: String, hosts: Hosts, allowsPortZero: Bool) -> EndpointAddress? {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            return path.hasPrefix("/") && path.utf8.count <= longestUnixPath ? .unix(path: path) : nil
        }
        guard let colon = text.lastIndex(of: ":"), let number = Quantity.number(text[text.index(after: colon)...]),
            let port = UInt16(exactly: number), port > 0 || allowsPortZero else { return nil }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            guard case .v6(let high, let low) = IPAddress(host.dropFirst().dropLast()) else { return nil }
            return .ipv6(high: high, low: low, port: port)
        }
        // An IPv6 address without brackets does not tell where it ends and the port begins.
        guard !host.contains(":"), let address = address(host, port: port) else { return nil }
        if case .name = address, hosts == .literals { return nil }
        return address
    }

    /// A host by itself, as manifests have it, and a port.
    static func address(_ host: some StringProtocol, port: UInt16) -> EndpointAddress? {
        switch IPAddress(host) {
        case .v4(let address): .ipv4(address, port: port)
        case .v6(let high, let low): .ipv6(high: high, low: low, port: port)
        case nil: isName(host) ? .name(host: host.lowercased(), port: port) : nil
        }
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
