public import Addressing

/// What HTTP and HTTPS make of a request, beyond the connection's own business; made once by Configuration.
public struct HTTPSPolicy: Sendable {
    /// What holds for one route.
    public struct Rule: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Requests by HTTP are sent to HTTPS (R36: `ssl-redirect`, `force-ssl-redirect`).
        public static let redirects = Rule(rawValue: 1)
        /// The host is for HTTPS, be it with the default certificate, so that browsers may be told to come by that only.
        public static let isCertified = Rule(rawValue: 2)
        /// There is a rule in `clientRules`.
        public static let looksAtClients = Rule(rawValue: 4)
        /// The redirect leaves out a slash at the URL's end (`preserve-trailing-slash` of ingress-nginx, which is off by default).
        public static let dropsSlash = Rule(rawValue: 8)
        /// But those for one of `plainNames` are not sent to HTTPS.
        public static let sparesPlainNames = Rule(rawValue: 16)
    }

    /// Whose certificate a host has, so that a request on a connection with another one can be refused.
    public struct Owners: Sendable {
        /// By the host's name a position in `identities`.
        public let hosts: HostNameTable
        /// As `ClientIdentity.certificate`.
        public let identities: [UInt64]
        /// Of all other hosts.
        public let fallback: UInt64

        public init(hosts: HostNameTable, identities: [UInt64], fallback: UInt64) {
            self.hosts = hosts
            self.identities = identities
            self.fallback = fallback
        }

        /// Of a host, without its port.
        public func identity(of host: Span<UInt8>) -> UInt64 { hosts.find(host).map { identities[$0] } ?? fallback }
    }

    /// A certificate in force, for the metrics.
    public struct Certificate: Equatable, Sendable {
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

    /// By the route's index; empty when none has any.
    public var rules: [Rule] = []
    /// By the route's index: what it wants of its clients' certificates (R36: `auth-tls-*`).
    public var clientRules: [Int: ClientRule] = [:]
    /// The same of hosts that have no route, by their names; empty is the default one.
    public var clientRulesOfHosts: [String: ClientRule] = [:]
    /// The port that a redirect names; 443 is not written.
    public var redirectPort: UInt16 = 443
    /// Other names of hosts (`server-alias`) that have no certificate, while their hosts have one.
    public var plainNames = HostNameTable()
    /// The value of Strict-Transport-Security; empty: none is sent.
    public var strictTransport: [UInt8] = []
    /// Nil: a host may be asked for on a connection with any certificate.
    public var owners: Owners?
    public var certificates: [Certificate] = []
    /// By the Secret with lists of revoked certificates that count: when the first of them is out of date, in seconds since 1970.
    public var revocationEnds: [String: Int64] = [:]

    public init() {}

    public func rule(of route: Int) -> Rule { route < rules.count ? rules[route] : [] }

    /// Whether `rule` sends requests for `host`, without its port, to HTTPS if they come by HTTP.
    public func redirects(_ rule: Rule, _ host: Span<UInt8>) -> Bool {
        guard rule.contains(.redirects) else { return false }
        return !rule.contains(.sparesPlainNames) || plainNames.find(host) != 1
    }
}
