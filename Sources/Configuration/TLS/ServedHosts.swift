internal import Addressing
internal import TLS

/// What the hosts are served with: certificates, what is wanted of clients' ones, and ciphers.
///
/// Certificates go by the host's name. Everything else is that of its server, as in ingress-nginx: of the host of an Ingress that requests
/// for it come to, which may be a wildcard, or none that is named.
struct ServedHosts {
    /// Those with certificates, in the order in which these came.
    private let hosts: [String]
    private let owned: [String: [CertificateReader.Source]]
    private let table: HostNameTable
    /// Hosts of Ingresses, with their other names, in alphabetical order.
    private let names: [String]
    private let nameTable: HostNameTable
    /// By the other names.
    private let aliases: [String: String]
    private let clients: [String: ClientTLSCompiler.Host]
    private let ciphers: [String: CipherPreference]
    /// What all hosts get that are not named.
    let fallback: HostCertificates

    /// - Parameter fallback: the default certificate.
    init(
        _ hosts: [String], _ owned: [String: [CertificateReader.Source]], _ plan: RoutePlan, _ clients: ClientTLSCompiler, _ ciphers: HostCiphers,
        fallback: HostCertificates
    ) {
        self.hosts = hosts
        self.owned = owned
        table = HostNameTable(placesOf: hosts)
        self.clients = clients.hosts
        self.ciphers = ciphers.hosts
        // A name is an alias of one host only.
        aliases = Dictionary(plan.hostPlan.aliases.map { ($0.name, $0.host) }) { first, _ in first }
        names = plan.hosts.union(aliases.keys).union(clients.hosts.keys).union(ciphers.hosts.keys).filter { !$0.isEmpty }.sorted()
        nameTable = HostNameTable(placesOf: names)
        var fallback = fallback
        fallback.clients = clients.hosts[""]?.verification
        fallback.ciphers = ciphers.hosts[""]
        self.fallback = fallback
    }

    /// Whether a host is for HTTPS by its name or a wildcard's, be it with the default certificate.
    func isCertified(_ host: String) -> Bool { owned[host] != nil || table.find(Array(host.utf8).span) != nil }

    // MARK: Sets

    /// Hosts with the same certificates, which ask for their clients' ones alike and speak alike, are served as one.
    var sets: [HostCertificates] {
        var sets: [HostCertificates] = []
        var positions: [[UInt64]: Int] = [:]
        for host in hosts.filter({ owned[$0]?.isEmpty == false }) + others {
            let set = set(of: host)
            let key = Self.key(of: set)
            if let position = positions[key] {
                sets[position].hosts.append(host)
            } else {
                positions[key] = sets.count
                sets.append(set)
            }
        }
        return sets
    }

    private static func key(of set: HostCertificates) -> [UInt64] { [set.sessionNumber, set.identity] }

    /// Hosts without a certificate of their own which all the same are not served as their wildcard is, or as all others are.
    private var others: [String] {
        let named = Set(names)
        return names.filter { host in
            // Most have certificates, or nothing that could tell them from others.
            guard owned[host]?.isEmpty != false, owned[host] != nil || !clients.isEmpty || !ciphers.isEmpty else { return false }
            let wildcard = "*" + (host.firstIndex(of: ".").map { host[$0...] } ?? "")
            let isBelow = wildcard != host && (owned[wildcard]?.isEmpty == false || named.contains(wildcard))
            return Self.key(of: set(of: host)) != Self.key(of: isBelow ? set(of: wildcard) : fallback)
        }
    }

    func set(of host: String) -> HostCertificates {
        let server = server(of: host)
        let sources = sources(of: host)
        var set = fallback
        set.hosts = [host]
        set.clients = clients[server]?.verification
        set.ciphers = ciphers[server]
        if !sources.isEmpty {
            set.source = sources.map(\.name).joined(separator: ", ")
            set.certificates = sources.map(\.certificate)
            set.responses = sources.compactMap(\.response)
        }
        // Its requests come to routes that hold for other hosts, too: who has shown a certificate for one of them has for all.
        if set.clients != nil, server != host { set.sharedIdentity = server.isEmpty ? fallback.identity : self.set(of: server).identity }
        return set
    }

    /// The host by which requests are routed: itself, that of which it is another name, a wildcard, else the empty one.
    private func server(of host: String) -> String {
        guard let name = nameTable.find(Array(host.utf8).span).map({ names[$0] }) else { return "" }
        return aliases[name] ?? name
    }

    /// Its own, else those of the wildcard that it falls under.
    private func sources(of host: String) -> [CertificateReader.Source] {
        owned[host] ?? table.find(Array(host.utf8).span).flatMap { owned[hosts[$0]] } ?? []
    }
}
