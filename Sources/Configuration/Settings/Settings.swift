internal import Exchange
internal import Routing

/// What the configuration file says, manifests not yet read.
struct Settings: Sendable {
    /// A line of `manifests:`.
    struct Source: Sendable {
        let path: String
        let line: Int
    }

    var process = ProcessSettings()
    var tls = TLSOptions()
    var gzip = GzipOptions()
    var timeouts = Timeouts()
    var limits = Limits()
    var forwarding = Forwarding()
    var failover = Failover.canaryToStable
    var compatibility = Compatibility.scoped
    var riskLevel = AnnotationRisk.high
    var annotationPrefix = AnnotationPrefix.ingressNginx
    /// The key of the weight rule for canaries that do not name one; nil is `request`, the exact sequence.
    var hashBy: [ValueKey] = []
    var manifests: [Source] = []
    var ingressClasses = ["nginx", "serin"]
    var services: [ServiceEntry] = []
    var healthChecks: [HealthOptions] = []
}

/// One entry of `services:`: where a Service runs outside a cluster.
struct ServiceEntry: Sendable {
    let namespace: String
    let name: String
    /// A number or a name; nil is every port.
    let port: String?
    let endpoints: [Endpoint]
    let line: Int

    /// The entry's key in full.
    var key: String { Self.key(namespace, name, port) }

    static func key(_ namespace: String, _ name: String, _ port: String?) -> String { "\(namespace)/\(name)" + (port.map { ":" + $0 } ?? "") }

    /// The key of the entry as its parts; nil if it is not `[namespace/]name[:port]`.
    static func parse(_ key: String) -> (namespace: String, name: String, port: String?)? {
        let slash = key.split(separator: "/", omittingEmptySubsequences: false)
        guard slash.count <= 2, let last = slash.last else { return nil }
        let colon = last.split(separator: ":", omittingEmptySubsequences: false)
        guard colon.count <= 2 else { return nil }
        let namespace = slash.count == 2 ? String(slash[0]) : "default"
        let port = colon.count == 2 ? String(colon[1]) : nil
        guard isLabel(namespace), isLabel(String(colon[0])), port.map(isLabel) ?? true else { return nil }
        return (namespace, String(colon[0]), port)
    }

    private static func isLabel(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
            default: false
            }
        }
    }
}
