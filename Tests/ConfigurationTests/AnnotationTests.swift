import Routing
import Testing
@testable import Configuration

/// The reading of canary annotations, rule by rule (R3 to R8).
@Suite struct AnnotationTests {
    @Test(arguments: ["1", "t", "T", "TRUE", "true", "True"])
    func r3True(_ text: String) { #expect(AnnotationText.bool(text) == true) }

    @Test(arguments: ["0", "f", "F", "FALSE", "false", "False"])
    func r3False(_ text: String) { #expect(AnnotationText.bool(text) == false) }

    @Test(arguments: ["yes", "on", "tRUE", " true ", "true\n", "", "2", "y"])
    func r3Neither(_ text: String) { #expect(AnnotationText.bool(text) == nil) }

    @Test(arguments: [
        ("0", 0), ("10", 10), ("+5", 5), ("-5", -5), ("007", 7), ("9223372036854775807", Int.max),
        ("-9223372036854775808", Int.min),
    ])
    func r4Integer(_ text: String, _ value: Int) { #expect(AnnotationText.integer(text) == value) }

    @Test(arguments: ["", " 5", "5 ", "5%", "0x10", "1_000", "1e3", "5.0", "+", "--5", "٥", "9223372036854775808"])
    func r4NoInteger(_ text: String) { #expect(AnnotationText.integer(text) == nil) }

    @Test(arguments: [
        ("a", "a"), (" a ", "a"), ("\ta\r\n", "a"), ("a \n b\n", "a\nb"), ("  ", ""), ("\n\n", ""), ("a b", "a b"),
    ])
    func r5Trimmed(_ text: String, _ expect: String) { #expect(AnnotationText.normalized(text) == expect) }

    @Test func r6Characters() {
        let basic = "ABCXYZabcxyz0189-._~/: "
        let pattern = "ABCXYZabcxyz0189-._~/:^$[](){}*+?|&=\\"
        for byte in UInt8.min...UInt8.max {
            #expect(AnnotationText.isBasic(byte) == isIn(basic, byte), "\(byte)")
            #expect(AnnotationText.isPattern(byte) == isIn(pattern, byte), "\(byte)")
        }
    }

    private func isIn(_ set: String, _ byte: UInt8) -> Bool {
        let scalar = UnicodeScalar(byte)
        let isWord = byte < 0x80 && (scalar.properties.isAlphabetic || (0x30...0x39).contains(byte))
        return isWord || set.utf8.contains(byte)
    }

    @Test(arguments: [
        ("5", 5, 100), ("0", 0, 100), ("0.01", 1, 10_000), ("0.10", 1, 1_000), ("12.0", 12, 100), ("007.5", 75, 1_000),
        ("150.25", 15_025, 10_000), ("1ppm", 1, 1_000_000), ("0.000000000001", 1, 100_000_000_000_000),
    ])
    func decimalWeights(_ text: String, _ weight: Int, _ total: Int) throws {
        let read = try #require(WeightText.parse(text))
        #expect(read.weight == weight)
        #expect(read.total(of: 100) == total)
    }

    @Test(arguments: [
        "", ".", "5.", ".5", "-1", "+1", "1e3", "0.5.5", "0.5%", "1 ppm", "0.5ppm", "ppm", "٥", "0x1", "9223372036854775808",
        "1.0000000000000000001",
    ])
    func noDecimalWeights(_ text: String) { #expect(WeightText.parse(text) == nil) }

    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let annotations: [(String, String)]
        let enabled: Bool
        /// The rules as the table has them, and the annotations' part of each warning.
        let rules: String
        let warnings: [String]
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "R3 not a boolean", annotations: [("canary", "yes"), ("canary-weight", "5")], enabled: false, rules: "", warnings: ["(R3)", "(R8)"]),
        Case(name: "R3 false", annotations: [("canary", "false")], enabled: false, rules: "", warnings: []),
        Case(name: "R4 bad weight", annotations: [("canary", "true"), ("canary-weight", "5%"), ("canary-by-cookie", "c")], enabled: true, rules: "cookie c", warnings: ["(R4)"]),
        Case(name: "R4 negative weight", annotations: [("canary", "true"), ("canary-weight", "-5"), ("canary-by-cookie", "c")], enabled: true, rules: "cookie c", warnings: []),
        Case(name: "R4 weight above the total", annotations: [("canary", "true"), ("canary-weight", "150")], enabled: true, rules: "weight 150/100", warnings: []),
        Case(name: "R4 bad total", annotations: [("canary", "true"), ("canary-weight", "5"), ("canary-weight-total", "x")], enabled: true, rules: "weight 5/100", warnings: ["(R4)"]),
        Case(name: "scoped: any total counts", annotations: [("canary", "true"), ("canary-weight", "5"), ("canary-weight-total", "10")], enabled: true, rules: "weight 5/10", warnings: []),
        Case(name: "scoped: a total below 1", annotations: [("canary", "true"), ("canary-weight", "5"), ("canary-weight-total", "-1")], enabled: true, rules: "weight 5/100", warnings: ["(R4)"]),
        Case(name: "R5 empty", annotations: [("canary", "true"), ("canary-by-cookie", " \n "), ("canary-weight", "5")], enabled: true, rules: "weight 5/100", warnings: ["(R5)"]),
        Case(name: "R5 trimmed", annotations: [("canary", "true"), ("canary-by-header", " x-a\n"), ("canary-by-header-value", "\tv ")], enabled: true, rules: "header x-a = v", warnings: []),
        Case(name: "R6 header", annotations: [("canary", "true"), ("canary-by-header", "x,a"), ("canary-weight", "5")], enabled: true, rules: "weight 5/100", warnings: ["(R6)"]),
        Case(name: "R7 only the value is dropped", annotations: [("canary", "true"), ("canary-by-header", "x"), ("canary-by-header-value", "a=b")], enabled: true, rules: "header x", warnings: ["(R6)"]),
        Case(name: "R6 spaces in a value", annotations: [("canary", "true"), ("canary-by-header", "x"), ("canary-by-header-value", "a b")], enabled: true, rules: "header x = a b", warnings: []),
        Case(name: "R6 a space in a pattern", annotations: [("canary", "true"), ("canary-by-header", "x"), ("canary-by-header-pattern", "a b")], enabled: true, rules: "header x", warnings: ["(R6)"]),
        Case(name: "R6 a pattern", annotations: [("canary", "true"), ("canary-by-header", "x"), ("canary-by-header-pattern", "^(cd|sz)$")], enabled: true, rules: "header x ~ ^(cd|sz)$", warnings: []),
        Case(name: "R8 absent", annotations: [("canary-by-cookie", "c")], enabled: false, rules: "", warnings: ["(R8)"]),
        Case(name: "R8 weight 0 is no rule", annotations: [("canary", "false"), ("canary-weight", "0"), ("canary-weight-total", "10")], enabled: false, rules: "", warnings: []),
        Case(name: "R21 value beside pattern", annotations: [("canary", "true"), ("canary-by-header", "x"), ("canary-by-header-value", "v"), ("canary-by-header-pattern", "p")], enabled: true, rules: "header x = v", warnings: ["(R21)"]),
        Case(name: "R27 value without header", annotations: [("canary", "true"), ("canary-by-header-value", "v"), ("canary-weight", "5")], enabled: true, rules: "weight 5/100", warnings: ["(R27)"]),
        Case(name: "decimals", annotations: [("canary", "true"), ("serin.dev/canary-weight", " 0.01 ")], enabled: true, rules: "weight 1/10000", warnings: []),
        Case(name: "decimals of a total", annotations: [("canary", "true"), ("serin.dev/canary-weight", "2.50"), ("canary-weight-total", "1000")], enabled: true, rules: "weight 25/10000", warnings: []),
        Case(name: "decimals replace the weight", annotations: [("canary", "true"), ("serin.dev/canary-weight", "0.5"), ("canary-weight", "7")], enabled: true, rules: "weight 5/1000", warnings: ["not looked at beside serin.dev/canary-weight"]),
        Case(name: "parts per million", annotations: [("canary", "true"), ("serin.dev/canary-weight", "250ppm"), ("canary-weight-total", "10")], enabled: true, rules: "weight 250/1000000", warnings: ["parts per million"]),
        Case(name: "no number leaves the weight", annotations: [("canary", "true"), ("serin.dev/canary-weight", "-1"), ("canary-weight", "7")], enabled: true, rules: "weight 7/100", warnings: ["the weight is 7"]),
        Case(name: "too many decimals", annotations: [("canary", "true"), ("serin.dev/canary-weight", "0.00000000000000001"), ("canary-weight", "7")], enabled: true, rules: "weight 7/100", warnings: ["too many decimals"]),
        Case(name: "R4 decimals under the prefix of ingress-nginx", annotations: [("canary", "true"), ("canary-weight", "0.5"), ("canary-by-cookie", "c")], enabled: true, rules: "cookie c", warnings: ["(R4)"]),
        Case(name: "a hash cookie", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-hash-cookie", "id")], enabled: true, rules: "weight 5/100, gives id 2592000 Lax", warnings: []),
        Case(name: "a hash cookie, all said", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-hash-cookie", "id"), ("serin.dev/canary-hash-cookie-max-age", "60"), ("serin.dev/canary-hash-cookie-samesite", "none")], enabled: true, rules: "weight 5/100, gives id 60 None", warnings: []),
        Case(name: "a hash cookie beside a key", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-hash-cookie", "id"), ("serin.dev/canary-hash-by", "clientIP")], enabled: true, rules: "weight 5/100, gives id 2592000 Lax", warnings: ["not looked at beside"]),
        Case(name: "no hash cookie", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-hash-cookie", "a b"), ("serin.dev/canary-hash-seed", "a\u{0}b")], enabled: true, rules: "weight 5/100", warnings: ["expected a text of one line", "no cookie is set"]),
        Case(name: "a hash cookie's bad words", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-hash-cookie", "id"), ("serin.dev/canary-hash-cookie-max-age", "0"), ("serin.dev/canary-hash-cookie-samesite", "yes")], enabled: true, rules: "weight 5/100, gives id 2592000 Lax", warnings: ["2592000 applies", "Lax applies"]),
        Case(name: "words of no hash cookie", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-hash-cookie-max-age", "60")], enabled: true, rules: "weight 5/100", warnings: ["does nothing without"]),
        Case(name: "marks", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-request-header", "x-release: a b "), ("serin.dev/canary-response-header", "x-arm"), ("serin.dev/canary-response-cookie", "arm=b")], enabled: true, rules: "weight 5/100, x-release: a b, x-arm, arm=b", warnings: []),
        Case(name: "no marks", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-request-header", "Host: x"), ("serin.dev/canary-response-header", "a b"), ("serin.dev/canary-response-cookie", "arm=a b")], enabled: true, rules: "weight 5/100", warnings: ["not for marks", "no field is set", "no cookie is set"]),
        Case(name: "a mark that would break the head", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-request-header", "x: a\r\nb: c"), ("serin.dev/canary-response-header", "x:"), ("serin.dev/canary-response-cookie", "=b")], enabled: true, rules: "weight 5/100", warnings: ["no field is set", "no field is set", "no cookie is set"]),
        Case(name: "R8 with one of Serin's own", annotations: [("serin.dev/canary-weight", "5")], enabled: false, rules: "", warnings: ["(R8)"]),
        Case(name: "R27 no rule", annotations: [("canary", "true")], enabled: true, rules: "", warnings: ["(R27)"]),
    ]

    @Test(arguments: cases)
    func rules(_ test: Case) {
        let annotations = test.annotations.enumerated().map { index, pair in
            Annotation(key: pair.0.contains("/") ? pair.0 : CanaryAnnotations.prefix + pair.0, value: pair.1, line: index + 10)
        }
        let manifest = Manifest(
            kind: "Ingress", namespace: "default", name: "test", place: Place(file: "test.yaml", line: 1), created: nil,
            labels: [:], annotations: annotations, body: .ingress(IngressManifest()))
        var log = DiagnosticLog()
        let read = CanaryAnnotations(manifest, log: &log)
        #expect(read.isEnabled == test.enabled)
        #expect(!read.isEnabled || text(read) == test.rules)
        #expect(log.entries.count == test.warnings.count, "\(log.entries)")
        for (entry, rule) in zip(log.entries, test.warnings) {
            #expect(entry.severity == .warning)
            #expect(entry.message.contains(rule), "\(entry)")
            #expect(entry.line >= 10, "names the annotation's line: \(entry)")
        }
    }

    private func text(_ read: CanaryAnnotations) -> String {
        var rules: [String] = []
        if let header = read.header {
            let match = read.headerValue.map { " = \($0)" } ?? read.headerPattern.map { " ~ \($0)" } ?? ""
            rules.append("header \(header)\(match)")
        }
        if let cookie = read.cookie { rules.append("cookie \(cookie)") }
        if read.weight > 0 { rules.append("weight \(read.weight)/\(read.total)") }
        if let cookie = read.hash.cookie {
            rules.append("gives \(cookie.name) \(cookie.maxAge.map(String.init) ?? "session") \(cookie.sameSite.rawValue)")
        }
        rules += [read.marks.requestHeader, read.marks.responseHeader].compactMap { $0 }.map { "\($0.name)" + ($0.value.map { ": " + $0 } ?? "") }
        rules += [read.marks.responseCookie].compactMap { $0 }.map { "\($0.name)" + ($0.value.map { "=" + $0 } ?? "") }
        return rules.joined(separator: ", ")
    }
}
