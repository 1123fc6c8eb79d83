internal import TLS

extension SettingsReader {
    static let tlsKeys = [
        "minVersion", "ciphers", "cipherSuites", "curves", "tickets", "certificates", "defaultCertificate", "sslRedirect",
        "redirectPort", "hsts", "strictSNI",
    ]

    static func readTLS(_ section: Section, log: inout DiagnosticLog) -> TLSOptions {
        var options = TLSOptions()
        section.readWord("minVersion", into: &options.session.minimumVersion, log: &log)
        readList("ciphers", of: "a cipher of TLS 1.2", section, into: &options.session.ciphers, log: &log, TLSSettings.isCipher)
        checkUse(of: options.session.ciphers, section, log: &log)
        readList(
            "cipherSuites", of: "a cipher suite of TLS 1.3", section, into: &options.session.cipherSuites, log: &log, TLSSettings.isCipherSuite)
        readList("curves", of: "a curve", section, into: &options.session.curves, log: &log, TLSSettings.isCurve)
        section.read("tickets", into: &options.session.tickets, log: &log)
        if let node = section["certificates"], !node.isNull {
            if let elements = node.sequence {
                options.certificates = elements.compactMap { readFiles($0, "tls.certificates", section.place, log: &log) }
            } else {
                log.error(
                    section.place.at(line: node.line), "tls.certificates",
                    "expected a list of {certificate, key}, found \(node.found)")
            }
        }
        if let node = section["defaultCertificate"], !node.isNull {
            options.defaultCertificate = readDefault(node, section.place, log: &log)
        }
        section.read("sslRedirect", into: &options.redirects, log: &log)
        section.readCount("redirectPort", into: &options.redirectPort, range: 1...65_535, log: &log)
        section.read("strictSNI", into: &options.isStrict, log: &log)
        if let node = section["hsts"], !node.isNull { readStrictTransport(node, section.place, &options.strictTransport, log: &log) }
        return options
    }

    private static func readList(
        _ key: String, of kind: String, _ section: Section, into value: inout [String], log: inout DiagnosticLog,
        _ isKnown: (String) -> Bool
    ) {
        guard let texts = section.texts(key, expected: "names that OpenSSL knows", log: &log) else { return }
        guard !texts.isEmpty else {
            let line = section[key]?.line ?? section.place.line
            return log.error(section.place.at(line: line), section.name(key), "the list is empty; remove the key for the default")
        }
        for (text, line) in texts {
            // They are joined by colons, and each shall add one name and no rule such as `-ALL`.
            guard text.utf8.allSatisfy(isNameByte) else {
                return log.error(section.place.at(line: line), section.name(key), "`\(text.clipped)` is not one name; list each by itself")
            }
            guard isKnown(text) else {
                return log.error(section.place.at(line: line), section.name(key), "`\(text.clipped)` is not \(kind) that OpenSSL knows")
            }
        }
        value = texts.map(\.text)
    }

    /// A list may have been copied with what others need beside it.
    private static func checkUse(of ciphers: [String], _ section: Section, log: inout DiagnosticLog) {
        guard let node = section["ciphers"] else { return }
        let useless = ciphers.filter { !TLSSettings.isUsable($0) }
        guard !useless.isEmpty else { return }
        let message = "no client can agree on `\(useless.joined(separator: "`, `"))`: \(TLSSettings.usableCiphers)"
        if useless.count == ciphers.count {
            log.error(section.place.at(line: node.line), section.name("ciphers"), message)
        } else {
            log.warning(section.place.at(line: node.line), section.name("ciphers"), message)
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    private static func readFiles(
        _ node: YAMLNode, _ path: String, _ place: Place, log: inout DiagnosticLog
    ) -> TLSOptions.Files? {
        guard let section = Section(node, path: path, keys: ["certificate", "key", "hosts", "ocsp"], place: place, log: &log) else { return nil }
        func file(_ key: String, isNeeded: Bool = true) -> Located<String>? {
            guard let node = section[key] else {
                if isNeeded { log.error(section.place, section.name(key), "is missing; name a PEM file") }
                return nil
            }
            return section.value(key, expected: "a file's path", log: &log) { $0.isEmpty ? nil : Located(value: $0, line: node.line) }
        }
        let hosts = (section.texts("hosts", expected: "host names", log: &log) ?? []).compactMap { text, line -> Located<String>? in
            let name = text.hasPrefix("*.") ? String(text.dropFirst(2)) : text
            if AddressText.isName(name) { return Located(value: text.lowercased(), line: line) }
            log.error(place.at(line: line), section.name("hosts"), "`\(text.clipped)` is not a host name, nor `*.` and one")
            return nil
        }
        let (certificate, key, response) = (file("certificate"), file("key"), file("ocsp", isNeeded: false))
        guard let certificate, let key else { return nil }
        return TLSOptions.Files(certificate: certificate, key: key, hosts: hosts, response: response)
    }

    private static func readDefault(_ node: YAMLNode, _ place: Place, log: inout DiagnosticLog) -> TLSOptions.Default? {
        guard node.mapping?.contains(where: { $0.key == "secret" }) == true else {
            return readFiles(node, "tls.defaultCertificate", place, log: &log).map(TLSOptions.Default.files)
        }
        guard let section = Section(node, path: "tls.defaultCertificate", keys: ["secret"], place: place, log: &log) else { return nil }
        let name = section.value("secret", expected: "[namespace/]name of a Secret", log: &log) { text -> String? in
            guard let parts = ServiceEntry.parse(text), parts.port == nil else { return nil }
            return "\(parts.namespace)/\(parts.name)"
        }
        return name.map { .secret(Located(value: $0, line: section["secret"]?.line ?? section.place.line)) }
    }

    private static func readStrictTransport(
        _ node: YAMLNode, _ place: Place, _ value: inout TLSOptions.StrictTransport, log: inout DiagnosticLog
    ) {
        let keys = ["enabled", "maxAge", "includeSubdomains", "preload"]
        guard let section = Section(node, path: "tls.hsts", keys: keys, place: place, log: &log) else { return }
        section.read("enabled", into: &value.isEnabled, log: &log)
        section.readCount("maxAge", into: &value.maxAge, range: 0...1_000_000_000, log: &log)
        section.read("includeSubdomains", into: &value.includesSubdomains, log: &log)
        section.read("preload", into: &value.preloads, log: &log)
    }
}
