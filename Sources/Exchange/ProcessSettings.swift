public import Routing

/// What a process needs to know beside the snapshot of a request's world. Configuration makes it, Server obeys it;
/// it stands here because both import this module and neither imports the other.
public struct ProcessSettings: Equatable, Sendable {
    /// One address that clients connect to.
    public struct Listener: Hashable, Sendable {
        public var address: EndpointAddress
        public var tls: Bool
        /// Each connection begins with a header of the PROXY protocol; whose is believed is in `Forwarding.trustedProxies`.
        public var proxyProtocol: Bool

        public init(address: EndpointAddress, tls: Bool = false, proxyProtocol: Bool = false) {
            self.address = address
            self.tls = tls
            self.proxyProtocol = proxyProtocol
        }
    }

    /// Where the access log goes, and how its lines look.
    public struct AccessLog: Equatable, Sendable {
        public enum Format: String, Sendable, CaseIterable {
            case off, combined
        }

        public var format: Format
        /// A file's path; nil is standard output.
        public var path: String?

        public init(format: Format = .off, path: String? = nil) {
            self.format = format
            self.path = path
        }
    }

    public var listeners = [Listener(address: .ipv4(0, port: 8080))]
    /// Whether the configuration says so, or says nothing.
    public var namesListeners = false
    public var admin = EndpointAddress.ipv4(0x7F00_0001, port: 9901)
    /// Names by which the admin address may be called, beside IP literals and `localhost`.
    public var adminHosts: [String] = []
    /// Loops to run, each on a thread of its own; nil is one for each core this process may use.
    public var workers: Int?
    public var shutdownTimeout = TimeSpan.seconds(30)
    /// How often names among the endpoints are resolved again.
    public var resolveInterval = TimeSpan.seconds(30)
    public var accessLog = AccessLog()
    /// Whether changes of the configuration's files are a reason to reload.
    public var watch = false

    public init() {}
}
