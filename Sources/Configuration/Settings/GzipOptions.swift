internal import Exchange

/// What the configuration file says of compression; annotations change it for an Ingress.
struct GzipOptions: Sendable {
    /// What holds for routes that say nothing of it.
    var isOn = false
    var rule = GzipPolicy.Rule()
    /// Bytes that the streams of one worker may take.
    var memory = 64 << 20

    /// The most that a body may have to have to be compressed.
    static let longestMinimum = 1 << 30

    /// Whether a text is a media type, a family of them such as `text/*`, or `*`.
    static func isMediaType(_ text: String) -> Bool {
        if text == "*" { return true }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(ConfigurationCharacters.isTokenByte) }
    }

    /// The policy of a snapshot; nil if no route compresses.
    static func policy(_ plan: RoutePlan, _ options: GzipOptions) -> GzipPolicy? {
        let rules = plan.routes.map { $0.annotations.gzip.rule(options) }
        return rules.contains { $0 != nil } ? GzipPolicy(rules, memory: options.memory) : nil
    }
}

extension SettingsReader {
    private static let gzipKeys = ["enabled", "level", "minLength", "types", "memory"]

    /// `on`, `off`, or a mapping, which means `on` unless it says otherwise.
    static func readGzip(_ node: YAMLNode, _ place: Place, log: inout DiagnosticLog) -> GzipOptions {
        var options = GzipOptions()
        if let text = node.text {
            switch text {
            case "on", "true": options.isOn = true
            case "off", "false": break
            default: log.error(place.at(line: node.line), "gzip", "expected `on`, `off` or a mapping, found \(node.found)")
            }
            return options
        }
        guard let section = Section(node, path: "gzip", keys: gzipKeys, place: place, log: &log) else { return options }
        options.isOn = true
        section.read("enabled", into: &options.isOn, log: &log)
        section.readCount("level", into: &options.rule.level, range: GzipPolicy.levels, log: &log)
        section.readSize("minLength", into: &options.rule.minimumLength, range: 1...GzipOptions.longestMinimum, log: &log)
        section.readSize("memory", into: &options.memory, range: 1 << 20...64 << 30, log: &log)
        if let types = section.texts("types", expected: "media types", log: &log) {
            for type in types where !GzipOptions.isMediaType(type.text) {
                log.error(
                    section.place.at(line: type.line), "gzip.types",
                    "`\(type.text.clipped)` is no media type; write it as `text/css`, a family as `text/*`, all of them as `\"*\"`")
            }
            options.rule.types = MediaTypes(types.map(\.text))
        }
        return options
    }
}
