internal import Addressing
internal import Exchange
internal import Routing

/// Reads the configuration file.
struct SettingsReader {
    static let keys = [
        "listeners", "admin", "workers", "manifests", "ingressClasses", "services", "canary", "trustedProxies",
        "resolveInterval", "http10KeepAlive", "via", "timeouts", "limits", "shutdownTimeout", "underscoresInHeaders",
        "accessLog", "watch", "tls", "gzip", "healthChecks",
    ]

    private let place: Place
    private(set) var settings = Settings()

    /// The settings of `file`, as far as they can be read; what can't is an error in `log`.
    static func read(_ file: YAMLFile, log: inout DiagnosticLog) -> Settings {
        let documents = file.documents(log: &log)
        var reader = SettingsReader(place: Place(file: file.name, line: 1))
        if let root = documents.first { reader.read(root, log: &log) }
        if documents.count > 1 {
            let place = reader.place.at(line: documents[1].line)
            log.error(place, "configuration", "a second YAML document; the configuration is one, move its keys to the first")
        }
        return reader.settings
    }

    private init(place: Place) { self.place = place }

    private mutating func read(_ root: YAMLNode, log: inout DiagnosticLog) {
        guard let section = Section(root, path: "", keys: Self.keys, place: place, log: &log) else { return }
        if let node = section["listeners"], !node.isNull { readListeners(node, log: &log) }
        readAdmin(section, log: &log)
        section.readCount("workers", into: &settings.process.workers, range: 1...1024, log: &log)
        if let sources = section.texts("manifests", expected: "files or folders", log: &log) {
            settings.manifests = sources.map { Settings.Source(path: $0.text, line: $0.line) }
        }
        if let classes = section.texts("ingressClasses", expected: "class names", log: &log) {
            settings.ingressClasses = classes.map(\.text)
        }
        if let node = section["services"], !node.isNull { readServices(node, log: &log) }
        if let node = section["healthChecks"], !node.isNull { settings.healthChecks = Self.readHealthChecks(node, place, log: &log) }
        readCanary(section, log: &log)
        readForwarding(section, log: &log)
        checkProxyProtocol(section, log: &log)
        section.read("resolveInterval", into: &settings.process.resolveInterval, log: &log)
        section.read("shutdownTimeout", into: &settings.process.shutdownTimeout, log: &log)
        readTimeouts(section, log: &log)
        readLimits(section, log: &log)
        readAccessLog(section, log: &log)
        section.read("watch", into: &settings.process.watch, log: &log)
        if let node = section["gzip"], !node.isNull { settings.gzip = Self.readGzip(node, place, log: &log) }
        if let tls = subsection("tls", of: section, keys: Self.tlsKeys, log: &log) { settings.tls = Self.readTLS(tls, log: &log) }
    }

    /// A mapping below the root; nil if absent, without a value, or in error.
    private func subsection(_ key: String, of parent: Section, keys: [String], log: inout DiagnosticLog) -> Section? {
        guard let node = parent[key], !node.isNull else { return nil }
        return Section(node, path: key, keys: keys, place: place, log: &log)
    }

    // MARK: Addresses

    private mutating func readListeners(_ node: YAMLNode, log: inout DiagnosticLog) {
        guard let elements = node.sequence else {
            log.error(place.at(line: node.line), "listeners", "expected a list of listeners, found \(node.found)")
            return
        }
        if elements.isEmpty {
            log.error(
                place.at(line: node.line), "listeners",
                "the list is empty; name an address, or remove the key for 0.0.0.0:8080")
            return
        }
        var listeners: [ProcessSettings.Listener] = []
        for element in elements {
            guard let section = Section(element, path: "listeners", keys: ["address", "tls", "proxyProtocol"], place: place, log: &log)
            else { continue }
            if section["address"] == nil {
                log.error(section.place, "listeners", "an `address` is missing; write \(AddressText.listenerForm)")
            }
            if let listener = readListener(section, log: &log) {
                if listeners.contains(listener), !listener.address.isPortZero {
                    log.error(section.place, "listeners", "\(listener.address) is listed twice; remove one")
                }
                listeners.append(listener)
            }
        }
        settings.process.listeners = listeners
        settings.process.namesListeners = true
    }

    private func readListener(_ section: Section, log: inout DiagnosticLog) -> ProcessSettings.Listener? {
        var tls = false
        section.read("tls", into: &tls, log: &log)
        var proxyProtocol = false
        section.read("proxyProtocol", into: &proxyProtocol, log: &log)
        let address = section.value("address", expected: AddressText.listenerForm, log: &log) { text in
            AddressText.parse(text, hosts: .literals, allowsPortZero: true)
        }
        return address.map { ProcessSettings.Listener(address: $0, tls: tls, proxyProtocol: proxyProtocol) }
    }

    private func checkProxyProtocol(_ root: Section, log: inout DiagnosticLog) {
        guard settings.forwarding.trustedProxies.isEmpty, root["trustedProxies"]?.sequence?.isEmpty != false else { return }
        for listener in settings.process.listeners where listener.proxyProtocol && !listener.address.isUnix {
            log.error(
                place.at(line: root["listeners"]?.line ?? root.place.line), "listeners",
                "\(listener.address) wants the PROXY protocol, but nobody's header is believed, so that every connection would be "
                    + "closed; name the proxies under `trustedProxies`")
        }
    }

    private mutating func readAdmin(_ root: Section, log: inout DiagnosticLog) {
        guard let admin = subsection("admin", of: root, keys: ["address", "hosts"], log: &log) else { return }
        let address = admin.value("address", expected: AddressText.listenerForm, log: &log) { text in
            AddressText.parse(text, hosts: .literals, allowsPortZero: true)
        }
        if let address { settings.process.admin = address }
        if let address, !address.isPortZero, settings.process.listeners.contains(where: { $0.address == address }) {
            log.error(
                place.at(line: admin["address"]?.line ?? admin.place.line), "admin.address",
                "\(address) is a listener, open to every client; give the admin an address of its own")
        }
        for (text, line) in admin.texts("hosts", expected: "host names", log: &log) ?? [] {
            if AddressText.isName(text) {
                settings.process.adminHosts.append(text.lowercased())
            } else {
                log.error(
                    place.at(line: line), "admin.hosts",
                    "expected a host name without a port, found `\(text.clipped)`")
            }
        }
    }

    // MARK: Services

    private mutating func readServices(_ node: YAMLNode, log: inout DiagnosticLog) {
        guard let entries = node.mapping else {
            log.error(place.at(line: node.line), "services", "expected Services with their endpoints, found \(node.found)")
            return
        }
        var lines: [String: Int] = [:]
        for entry in entries {
            let name = "services.\(entry.key)"
            guard let key = ServiceEntry.parse(entry.key) else {
                log.error(place.at(line: entry.line), name, "expected [namespace/]name[:port] for a Service")
                continue
            }
            guard let elements = entry.value.sequence else {
                log.error(
                    place.at(line: entry.value.line), name,
                    "expected a list of addresses, found \(entry.value.found); `[]` says that it has no endpoints")
                continue
            }
            let endpoints = elements.compactMap { readEndpoint($0, name, log: &log) }
            let service = ServiceEntry(
                namespace: key.namespace, name: key.name, port: key.port, endpoints: endpoints, line: entry.line)
            if let twin = lines.updateValue(entry.line, forKey: service.key) {
                log.error(place.at(line: entry.line), name, "the same Service as on line \(twin); keep one of the two")
                continue
            }
            settings.services.append(service)
        }
    }

    private func readEndpoint(_ node: YAMLNode, _ name: String, log: inout DiagnosticLog) -> Endpoint? {
        func parse(_ text: String) -> EndpointAddress? {
            AddressText.parse(text, hosts: .literalsAndNames, allowsPortZero: false)
        }
        guard node.mapping != nil else {
            if let text = node.text, let address = parse(text) { return Endpoint(address: address) }
            log.error(place.at(line: node.line), name, "expected \(AddressText.endpointForm), found \(node.found)")
            return nil
        }
        let keys = ["address", "weight", "labels"]
        guard let section = Section(node, path: name, keys: keys, place: place, log: &log) else { return nil }
        var weight = 1
        section.readCount("weight", into: &weight, range: 1...65_535, log: &log)
        var labels: [String: String] = [:]
        if let node = section["labels"], !node.isNull {
            for label in node.mapping ?? [] { labels[label.key] = label.value.scalar?.text }
            if node.mapping?.allSatisfy({ $0.value.scalar != nil }) != true {
                log.error(
                    place.at(line: node.line), section.name("labels"),
                    "expected labels with their values, found \(node.found)")
            }
        }
        if section["address"] == nil {
            log.error(section.place, name, "an `address` is missing; write \(AddressText.endpointForm)")
        }
        let address = section.value("address", expected: AddressText.endpointForm, log: &log, parse)
        return address.map { Endpoint(address: $0, weight: weight, labels: labels) }
    }

    // MARK: Canary

    private mutating func readCanary(_ root: Section, log: inout DiagnosticLog) {
        let keys = ["compatibility", "hashBy", "failover", "annotationsRiskLevel", "annotationsPrefix"]
        guard let canary = subsection("canary", of: root, keys: keys, log: &log) else { return }
        canary.readWord("compatibility", into: &settings.compatibility, log: &log)
        settings.forwarding.strictPaths = settings.compatibility == .scoped
        if let key = canary.value("hashBy", expected: HashKeyText.form, log: &log, HashKeyText.parse) {
            settings.hashBy = key.keys
        }
        canary.readWord("failover", into: &settings.failover, log: &log)
        canary.readWord("annotationsRiskLevel", into: &settings.riskLevel, log: &log)
        let prefix = canary.value("annotationsPrefix", expected: AnnotationPrefix.form, log: &log, AnnotationPrefix.init)
        if let prefix { settings.annotationPrefix = prefix }
        if settings.compatibility == .ingressNginx, let failover = canary["failover"] {
            log.note(
                place.at(line: failover.line), "canary.failover",
                "counts in `scoped` only: in `ingress-nginx` a canary without endpoints is answered by stable (R21.3), a "
                    + "stable one without endpoints with 503 (R21.0)")
        }
    }

    // MARK: Forwarding, timeouts, limits, log

    private mutating func readForwarding(_ root: Section, log: inout DiagnosticLog) {
        root.read("http10KeepAlive", into: &settings.forwarding.http10KeepAlive, log: &log)
        root.read("underscoresInHeaders", into: &settings.forwarding.underscoresInHeaders, log: &log)
        // RFC 9110 section 7.6.3: a pseudonym is a token.
        let via = root.value("via", expected: "`off`, or a name of letters, digits, `-`, `.` and `_`", log: &log) { text in
            let isName = !text.isEmpty && text.utf8.count <= 64 && text.utf8.allSatisfy(ConfigurationCharacters.isTokenByte)
            return isName ? text : nil
        }
        if let via { settings.forwarding.via = via == "off" ? nil : via }
        for (text, line) in root.texts("trustedProxies", expected: "address ranges", log: &log) ?? [] {
            if let range = AddressRange(text) {
                settings.forwarding.trustedProxies.append(range)
            } else {
                log.error(
                    place.at(line: line), "trustedProxies",
                    "expected an address range such as 10.0.0.0/8 or 2001:db8::/32, found `\(text.clipped)`")
            }
        }
    }

    private mutating func readTimeouts(_ root: Section, log: inout DiagnosticLog) {
        let keys = [
            "clientHeader", "clientBody", "clientKeepAlive", "clientWrite", "upstreamConnect", "upstreamResponse",
            "upstreamKeepAlive", "tlsHandshake", "request", "tunnelIdle",
        ]
        guard let section = subsection("timeouts", of: root, keys: keys, log: &log) else { return }
        section.read("clientHeader", into: &settings.timeouts.clientHeader, log: &log)
        section.read("clientBody", into: &settings.timeouts.clientBody, log: &log)
        section.read("clientKeepAlive", into: &settings.timeouts.clientKeepAlive, log: &log)
        section.read("clientWrite", into: &settings.timeouts.clientWrite, log: &log)
        section.read("upstreamConnect", into: &settings.timeouts.upstreamConnect, log: &log)
        section.read("upstreamResponse", into: &settings.timeouts.upstreamResponse, log: &log)
        section.read("upstreamKeepAlive", into: &settings.timeouts.upstreamKeepAlive, log: &log)
        section.read("tlsHandshake", into: &settings.timeouts.tlsHandshake, log: &log)
        section.read("request", into: &settings.timeouts.request, log: &log)
        section.read("tunnelIdle", into: &settings.timeouts.tunnelIdle, log: &log)
    }

    private mutating func readLimits(_ root: Section, log: inout DiagnosticLog) {
        let keys = [
            "requestLine", "headerBytes", "headerFields", "body", "connections", "connectionsPerClient", "handshakes",
            "memory", "upstreamConnections", "upstreamQueue", "mirrorRequests", "mirrorBody",
        ]
        guard let section = subsection("limits", of: root, keys: keys, log: &log) else { return }
        // Together they must leave room in the largest block for the head as it is written anew: see `RequestRewrite.room`.
        section.readSize("requestLine", into: &settings.limits.requestLine, range: 64...(32 << 10), log: &log)
        section.readSize("headerBytes", into: &settings.limits.headerBytes, range: 256...(96 << 10), log: &log)
        section.readCount("headerFields", into: &settings.limits.headerFields, range: 1...10_000, log: &log)
        section.readSize("body", into: &settings.limits.body, range: 0...(.max), log: &log)
        section.readCount("connections", into: &settings.limits.connections, range: 1...100_000_000, log: &log)
        section.readCount(
            "connectionsPerClient", into: &settings.limits.connectionsPerClient, range: 0...100_000_000, log: &log)
        section.readCount("handshakes", into: &settings.limits.handshakes, range: 1...100_000_000, log: &log)
        section.readSize("memory", into: &settings.limits.memory, range: (1 << 20)...(.max), log: &log)
        section.readCount(
            "upstreamConnections", into: &settings.limits.upstreamConnections, range: 0...100_000_000, log: &log)
        section.readCount("upstreamQueue", into: &settings.limits.upstreamQueue, range: 0...1_000_000, log: &log)
        section.readCount("mirrorRequests", into: &settings.limits.mirrorRequests, range: 0...100_000, log: &log)
        section.readSize("mirrorBody", into: &settings.limits.mirrorBody, range: 0...CopyQueue.largestBody, log: &log)
    }

    private mutating func readAccessLog(_ root: Section, log: inout DiagnosticLog) {
        guard let section = subsection("accessLog", of: root, keys: ["format", "path"], log: &log) else { return }
        if let format = section["format"], let word = format.text, ["upstreaminfo", "json"].contains(word) {
            log.error(
                place.at(line: format.line), "accessLog.format",
                "`\(word)` arrives with a later release; `off` and `combined` are available")
        } else {
            section.readWord("format", into: &settings.process.accessLog.format, log: &log)
        }
        let path = section.value("path", expected: "a file's path, or stdout", log: &log) { $0.isEmpty ? nil : $0 }
        if let path { settings.process.accessLog.path = path == "stdout" ? nil : path }
    }
}

extension EndpointAddress {
    fileprivate var isUnix: Bool {
        if case .unix = self { true } else { false }
    }

    /// Port 0 asks for any free port: several such listeners are different ones.
    fileprivate var isPortZero: Bool {
        switch self {
        case .ipv4(_, let port), .ipv6(_, _, let port), .name(_, let port): port == 0
        case .unix: false
        }
    }
}
