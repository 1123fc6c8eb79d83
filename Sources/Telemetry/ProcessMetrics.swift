/// What is true of the process as a whole at the moment of a scrape; whoever answers the scrape fills it in.
public struct ProcessMetrics: Sendable {
    /// Serin's version.
    public var version = ""
    /// When the process started, in seconds since 1970 (UTC).
    public var startTime: UInt64 = 0
    public var workers = 0
    /// In memory, the one in force included.
    public var snapshots = 0

    // MARK: Connections open now

    public var clientConnections = 0
    /// TLS handshakes with clients under way.
    public var tlsHandshakes = 0
    /// Upstream connections that carry a request or a tunnel.
    public var upstreamConnectionsActive = 0
    /// Upstream connections waiting in the keep-alive pools.
    public var upstreamConnectionsIdle = 0
    /// Bytes of the buffers of requests under way.
    public var bufferBytes = 0

    // MARK: Admin address

    /// Connections closed to make room for new ones.
    public var adminEvictions: UInt64 = 0
    /// Connections closed at once, because all others waited for their answers.
    public var adminRefusals: UInt64 = 0

    // MARK: Names

    /// Addresses beyond those that are taken of one answer.
    public var nameAddressesIgnored = 0

    // MARK: Access log

    /// Lines that could not be written.
    public var accessLinesLost = 0
    /// Times it could not be opened again.
    public var accessLogReopenFailures = 0

    /// Lines of the program's own log, on stderr, that were given up or could not be written.
    public var logLinesLost = 0

    // MARK: Configuration

    public var reloadsSucceeded: UInt64 = 0
    public var reloadsFailed: UInt64 = 0
    /// False while the configuration on disk was refused and the one before it is in force.
    public var lastReloadSuccessful = true
    /// When the configuration in force was loaded, in seconds since 1970 (UTC).
    public var lastSuccessfulReload: UInt64 = 0
    /// How long the last successful reload took, from its beginning until every worker served by it; 0 before the first.
    public var lastReloadNanoseconds: UInt64 = 0

    /// By the Secret with lists of revoked certificates: when the first of them is out of date, in seconds since 1970 (UTC).
    public var revocationEnds: [String: Int64] = [:]
    /// Certificates that clients are served with.
    public var certificates: [Certificate] = []

    public struct Certificate: Equatable, Sendable {
        /// Where it comes from.
        public let source: String
        public let keyType: String
        /// Seconds since 1970.
        public let notAfter: Int64
        /// Until when what its authority says of it counts (OCSP), in seconds since 1970; nil if it says nothing.
        public let responseEnd: Int64?

        public init(source: String, keyType: String, notAfter: Int64, responseEnd: Int64? = nil) {
            self.source = source
            self.keyType = keyType
            self.notAfter = notAfter
            self.responseEnd = responseEnd
        }
    }

    /// Endpoints that are checked.
    public var endpoints: [Endpoint] = []

    public struct Endpoint: Equatable, Sendable {
        /// `namespace/service:port`.
        public let service: String
        public let address: String
        public let isWell: Bool

        public init(service: String, address: String, isWell: Bool) {
            self.service = service
            self.address = address
            self.isWell = isWell
        }
    }

    // MARK: Resources

    public var openDescriptors = 0
    /// The soft limit of open descriptors.
    public var descriptorLimit = 0
    /// Resident memory in bytes.
    public var residentBytes: UInt64 = 0
    /// User and system time together, in nanoseconds.
    public var cpuNanoseconds: UInt64 = 0

    public init() {}
}
