internal import Addressing
internal import Exchange
internal import Routing

/// One entry of `healthChecks:`: the Service whose endpoints are checked, and how.
struct HealthOptions: Sendable {
    let namespace: String
    let name: String
    /// As the Ingress, or the Service, writes it; nil is every port.
    let port: String?
    let check: HealthCheck
    let line: Int

    /// The entry's key in full.
    var key: String { ServiceEntry.key(namespace, name, port) }

    /// Whether a backend, `namespace/service:port`, is meant.
    private func matches(_ backend: Backend) -> Bool {
        guard let port = backend.name.droppingPrefix("\(namespace)/\(name):") else { return false }
        return self.port.map { $0 == port } ?? true
    }

    /// The checks of a snapshot's backends. An entry with a port comes before one without.
    static func policy(_ backends: [Backend], _ entries: [HealthOptions], config: Place, log: inout DiagnosticLog) -> HealthPolicy {
        var checks: [Int: HealthCheck] = [:]
        for entry in entries.filter({ $0.port == nil }) + entries.filter({ $0.port != nil }) {
            let wanted = backends.indices.filter { entry.matches(backends[$0]) }
            for index in wanted { checks[index] = entry.check }
            if wanted.isEmpty {
                log.warning(
                    config.at(line: entry.line), "healthChecks.\(entry.key)", "no Ingress sends requests to this Service and port: nothing is checked")
            }
        }
        return HealthPolicy(checks: checks)
    }
}

extension SettingsReader {
    private static let healthKeys = ["path", "host", "interval", "timeout", "failures", "successes"]

    static func readHealthChecks(_ node: YAMLNode, _ place: Place, log: inout DiagnosticLog) -> [HealthOptions] {
        guard let entries = node.mapping else {
            log.error(place.at(line: node.line), "healthChecks", "expected Services with their checks, found \(node.found)")
            return []
        }
        var lines: [String: Int] = [:]
        return entries.compactMap { entry in
            let name = "healthChecks.\(entry.key)"
            guard let key = ServiceEntry.parse(entry.key) else {
                log.error(place.at(line: entry.line), name, "expected [namespace/]name[:port] for a Service")
                return nil
            }
            guard let section = Section(entry.value, path: name, keys: healthKeys, place: place, log: &log),
                  let check = readHealthCheck(section, log: &log)
            else { return nil }
            let options = HealthOptions(namespace: key.namespace, name: key.name, port: key.port, check: check, line: entry.line)
            if let twin = lines.updateValue(entry.line, forKey: options.key) {
                log.error(place.at(line: entry.line), name, "the same Service as on line \(twin); keep one of the two")
                return nil
            }
            return options
        }
    }

    private static func readHealthCheck(_ section: Section, log: inout DiagnosticLog) -> HealthCheck? {
        guard section["path"] != nil else {
            log.error(section.place, section.path, "a `path` is missing; write what endpoints are asked for, such as /healthz")
            return nil
        }
        // Both are written into the request.
        let path = section.value("path", expected: "an absolute path, with a query if need be, of visible ASCII", log: &log) { text in
            text.hasPrefix("/") && text.utf8.count <= 1024 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") } ? text : nil
        }
        guard let path else { return nil }
        var check = HealthCheck(path: path)
        let host = section.value("host", expected: "a host name, or an address, with a port if need be", log: &log) { text in
            text.utf8.count <= 255 && isHost(text) ? text : nil
        }
        if let host { check.host = host }
        section.read("interval", into: &check.interval, log: &log)
        section.read("timeout", into: &check.timeout, log: &log)
        section.readCount("failures", into: &check.failures, range: 1...1000, log: &log)
        section.readCount("successes", into: &check.successes, range: 1...1000, log: &log)
        return check
    }

    /// As it may stand in a Host field (RFC 9110 section 7.2), but without an empty port, or port 0.
    private static func isHost(_ text: String) -> Bool {
        let bracket = text.hasPrefix("[") ? text.firstIndex(of: "]") : nil
        let colon = text[(bracket ?? text.startIndex)...].firstIndex(of: ":")
        let host = text[..<(colon ?? text.endIndex)]
        if let colon {
            guard let port = Quantity.number(text[text.index(after: colon)...]), (1...65_535).contains(port) else { return false }
        }
        guard host.hasPrefix("[") else { return !host.isEmpty && host.utf8.allSatisfy(ConfigurationCharacters.isTokenByte) }
        guard host.hasSuffix("]"), case .v6? = IPAddress(String(host.dropFirst().dropLast())) else { return false }
        return true
    }
}
