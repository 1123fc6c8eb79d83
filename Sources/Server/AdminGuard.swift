import Addressing

/// Who may use the admin address: a browser led astray may not (DNS rebinding, cross-site requests).
enum AdminGuard {
    /// The Host must be an IP literal, `localhost`, or a name that was configured.
    static func isAllowed(host: String, names: [String]) -> Bool {
        let name = host.lowercased()
        if name == "localhost" || names.contains(where: { $0.lowercased() == name }) { return true }
        if name.hasPrefix("["), name.hasSuffix("]") { return IPAddress(String(name.dropFirst().dropLast())) != nil }
        return IPAddress(name) != nil
    }

    /// A page of another site may not change anything here; programs send no Origin.
    static func isSameOrigin(_ origin: String?, authority: String) -> Bool {
        guard let origin else { return true }
        return origin.lowercased() == "http://" + authority.lowercased()
    }
}
