/// What OpenSSL does not take; the text is its reason.
public enum TLSSettingsFault: Error, Equatable, Sendable {
    case ciphers(String)
    case cipherSuites(String)
    case curves(String)
    /// Certificates of that source cannot be served.
    case certificate(String, String)
}

extension TLSSettingsFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .ciphers(let reason): "ciphers: \(reason)"
        case .cipherSuites(let reason): "cipherSuites: \(reason)"
        case .curves(let reason): "curves: \(reason)"
        case .certificate(let source, let reason): "\(source): \(reason)"
        }
    }
}
