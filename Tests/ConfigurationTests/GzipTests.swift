import Exchange
import Testing
@testable import Configuration

/// Which routes are compressed, and how: by the configuration file and by annotations.
@Suite struct GzipTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var settings = "gzip: off"
        var annotations: [(String, String)] = []
        let rule: GzipPolicy.Rule?
        var warnings: [String] = []
        var testDescription: String { name }
    }

    private static let css = MediaTypes(["text/css"])

    static let cases: [Case] = [
        Case(name: "by default", settings: "via: off", rule: nil),
        Case(name: "on", settings: "gzip: on", rule: GzipPolicy.Rule()),
        Case(name: "true", settings: "gzip: true", rule: GzipPolicy.Rule()),
        Case(name: "off", rule: nil),
        Case(name: "nothing", settings: "gzip:", rule: nil),
        Case(name: "a mapping", settings: "gzip: {level: 6, minLength: 1KiB, types: [text/css]}",
             rule: GzipPolicy.Rule(level: 6, minimumLength: 1024, types: css)),
        Case(name: "a mapping that is off", settings: "gzip: {enabled: false, level: 6}", rule: nil),
        Case(name: "off, but not here", settings: "gzip: {enabled: false, level: 6}", annotations: [("gzip", "on")], rule: GzipPolicy.Rule(level: 6)),
        Case(name: "on, but not here", settings: "gzip: on", annotations: [("gzip", "off")], rule: nil),
        Case(name: "as Go writes it", annotations: [("gzip", "T")], rule: GzipPolicy.Rule()),
        Case(name: "all that an Ingress may say",
             annotations: [("gzip", "true"), ("gzip-level", "9"), ("gzip-min-length", "1"), ("gzip-types", "text/css")],
             rule: GzipPolicy.Rule(level: 9, minimumLength: 1, types: css)),
        Case(name: "types by commas", annotations: [("gzip", "on"), ("gzip-types", "text/css, Image/*")],
             rule: GzipPolicy.Rule(types: MediaTypes(["text/css", "image/*"]))),
        Case(name: "a level alone turns nothing on", annotations: [("gzip-level", "9")], rule: nil),
        Case(name: "what can't be used", settings: "gzip: on",
             annotations: [("gzip", "yes"), ("gzip-level", "0"), ("gzip-min-length", "1k"), ("gzip-types", "html")], rule: GzipPolicy.Rule(),
             warnings: [
                 "serin.dev/gzip: \"yes\" is neither `on` nor `off`: counts as not set",
                 "serin.dev/gzip-level: \"0\" is not a whole number between 1 and 9: counts as not set",
                 "serin.dev/gzip-min-length: \"1k\" is not a whole number between 1 and 1073741824: counts as not set",
                 "serin.dev/gzip-types: \"html\" is dropped; expected media types such as `text/css`, `text/*` or `*`",
             ]),
    ]

    @Test(arguments: cases) func rule(_ test: Case) {
        var log = DiagnosticLog()
        let settings = SettingsReader.read(YAMLFile(name: "serin.yaml", text: test.settings), log: &log)
        let manifest = Manifest(
            kind: "Ingress", namespace: "default", name: "test", place: Place(file: "test.yaml", line: 1), created: nil, labels: [:],
            annotations: test.annotations.map { Annotation(key: "serin.dev/" + $0.0, value: $0.1, line: 7) }, body: .ingress(IngressManifest()))
        let annotations = RouteAnnotations(manifest, .scoped, log: &log)
        #expect(annotations.gzip.rule(settings.gzip) == test.rule)
        let warnings = log.sorted.map(\.description)
        #expect(warnings.count == test.warnings.count, "\(warnings)")
        for (warning, expected) in zip(warnings, test.warnings) { #expect(warning.hasSuffix(expected), "\(warning)") }
    }

    @Test func aCanaryHasItFromItsMain() {
        var log = DiagnosticLog()
        let manifest = Manifest(
            kind: "Ingress", namespace: "default", name: "test", place: Place(file: "test.yaml", line: 1), created: nil, labels: [:],
            annotations: [Annotation(key: "serin.dev/gzip", value: "on", line: 7)], body: .ingress(IngressManifest()))
        RouteAnnotations.warnOnCanary(manifest, .scoped, log: &log)
        #expect(log.sorted.map(\.description).map { $0.contains("serin.dev/gzip does nothing in a canary") } == [true])
    }
}
