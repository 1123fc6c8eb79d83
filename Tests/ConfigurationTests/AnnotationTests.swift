import Addressing
import Exchange
@testable import Routing
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
        var mode = Compatibility.scoped
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
        Case(name: "R6 exact: spaces around a header", annotations: [("canary", "true"), ("canary-by-header", " x "), ("canary-by-header-value", " v ")], enabled: true, rules: "header x = v", warnings: [], mode: .ingressNginx),
        Case(name: "R6 exact: spaces around a cookie", annotations: [("canary", "true"), ("canary-by-cookie", " c ")], enabled: true, rules: "cookie c", warnings: [], mode: .ingressNginx),
        Case(name: "R6 exact: a line break behind a value", annotations: [("canary", "true"), ("canary-by-header", "x"), ("canary-by-header-value", "v1\n")], enabled: true, rules: "header x", warnings: ["holds a line break, which ingress-nginx does not allow here: dropped (R6)"], mode: .ingressNginx),
        Case(name: "R6 exact: a line break behind a pattern", annotations: [("canary", "true"), ("canary-by-header", "x"), ("canary-by-header-pattern", "^v1$\n")], enabled: true, rules: "header x", warnings: ["a line break"], mode: .ingressNginx),
        Case(name: "R6 exact: spaces around a pattern", annotations: [("canary", "true"), ("canary-by-header", "x"), ("canary-by-header-pattern", " ^v1$ ")], enabled: true, rules: "header x", warnings: ["a space"], mode: .ingressNginx),
        Case(name: "R6 exact: a no-break space, a tab", annotations: [("canary", "true"), ("canary-weight", "5"), ("canary-by-header", "x\u{A0}"), ("canary-by-cookie", "c\t")], enabled: true, rules: "weight 5/100", warnings: ["the byte 0xc2", "a tab"], mode: .ingressNginx),
        Case(name: "R6 scoped: white space around is nobody's fault", annotations: [("canary", "true"), ("canary-by-header", "x\u{A0}"), ("canary-by-header-pattern", " ^v1$\n"), ("canary-by-cookie", "c\t")], enabled: true, rules: "header x ~ ^v1$, cookie c", warnings: []),
        Case(name: "R5 exact: only spaces", annotations: [("canary", "true"), ("canary-by-cookie", "  "), ("canary-weight", "5")], enabled: true, rules: "weight 5/100", warnings: ["(R5)"], mode: .ingressNginx),
        Case(name: "R8 absent", annotations: [("canary-by-cookie", "c")], enabled: false, rules: "", warnings: ["(R8)"]),
        Case(name: "R8 weight 0 is no rule", annotations: [("canary", "false"), ("canary-weight", "0"), ("canary-weight-total", "10")], enabled: false, rules: "", warnings: []),
        Case(name: "R21 value beside pattern", annotations: [("canary", "true"), ("canary-by-header", "x"), ("canary-by-header-value", "v"), ("canary-by-header-pattern", "p")], enabled: true, rules: "header x = v", warnings: ["(R21)"]),
        Case(name: "R27 value without header", annotations: [("canary", "true"), ("canary-by-header-value", "v"), ("canary-weight", "5")], enabled: true, rules: "weight 5/100", warnings: ["(R27)"]),
        Case(name: "decimals", annotations: [("canary", "true"), ("serin.dev/canary-weight", " 0.01 ")], enabled: true, rules: "weight 1/10000", warnings: []),
        Case(name: "decimals of a total", annotations: [("canary", "true"), ("serin.dev/canary-weight", "2.50"), ("canary-weight-total", "1000")], enabled: true, rules: "weight 25/10000", warnings: []),
        Case(name: "decimals replace the weight", annotations: [("canary", "true"), ("serin.dev/canary-weight", "0.5"), ("canary-weight", "7")], enabled: true, rules: "weight 5/1000", warnings: ["not looked at beside serin.dev/canary-weight"]),
        Case(name: "parts per million", annotations: [("canary", "true"), ("serin.dev/canary-weight", "250ppm"), ("canary-weight-total", "10")], enabled: true, rules: "weight 250/1000000", warnings: ["parts per million"]),
        Case(name: "no number leaves the weight", annotations: [("canary", "true"), ("serin.dev/canary-weight", "-1"), ("canary-weight", "7")], enabled: true, rules: "weight 7/100", warnings: ["the weight is 7"]),
        Case(name: "too many decimals for a total of 100", annotations: [("canary", "true"), ("serin.dev/canary-weight", "0.00000000000000001"), ("canary-weight", "3"), ("canary-weight-total", "5")], enabled: true, rules: "weight 3/5", warnings: ["too many decimals"]),
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
        Case(name: "edits", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-request-set-header", "x: a || y:b:c"), ("serin.dev/canary-request-remove-header", "z"), ("serin.dev/canary-response-append-header", "vary: x"), ("serin.dev/canary-request-add-query", "a=b&c")], enabled: true, rules: "weight 5/100, removes request z, sets request x = a, sets request y = b:c, appends to response vary = x, ?a=b&c", warnings: []),
        Case(name: "edits by Tengine's names", annotations: [("canary", "true"), ("canary-weight", "5"), ("canary-request-add-header", "x:a||y:b"), ("canary-response-add-header", "z:c"), ("canary-request-append-header", "v:w"), ("canary-request-add-query", "q=1")], enabled: true, rules: "weight 5/100, adds request x = a, adds request y = b, appends to request v = w, adds response z = c, ?q=1", warnings: []),
        Case(name: "no edits", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-request-set-header", "x"), ("serin.dev/canary-request-remove-header", "a b"), ("serin.dev/canary-response-add-header", "y: a||"), ("serin.dev/canary-request-add-query", "a b")], enabled: true, rules: "weight 5/100", warnings: ["expected `NAME||NAME`", "no field is changed", "no field is changed", "the query stays"]),
        Case(name: "an edit that would break the head", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-request-set-header", "x: a\r\nb: c"), ("serin.dev/canary-request-add-header", "X: a || Content-Length: 5"), ("serin.dev/canary-response-set-header", "Cache-Control: public")], enabled: true, rules: "weight 5/100", warnings: ["no field is changed", "`content-length` is not for canaries", "`cache-control` is not for canaries"]),
        Case(name: "another spelling is no way round", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-request-set-header", "X_Forwarded_For: 6.6.6.6"), ("serin.dev/canary-response-remove-header", "X-A || Content_Length"), ("serin.dev/canary-response-add-header", "cache_Control: public"), ("serin.dev/canary-response-header", "Set_Cookie"), ("serin.dev/canary-request-header", "SSL.Client_Verify: SUCCESS")], enabled: true, rules: "weight 5/100", warnings: ["not for marks", "not for marks", "`x-forwarded-for` is not for canaries", "`content-length` is not for canaries", "`cache-control` is not for canaries"]),
        Case(name: "a path and an address", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-rewrite-target", "/v2$1"), ("serin.dev/canary-service-upstream", "true")], enabled: true, rules: "weight 5/100, asks for /v2$1, at the Service", warnings: []),
        Case(name: "no path and no address", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-rewrite-target", "http://x/"), ("serin.dev/canary-service-upstream", "yes")], enabled: true, rules: "weight 5/100", warnings: ["another URL", "not a boolean"]),
        Case(name: "a shield", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-shield", "true")], enabled: true, rules: "weight 5/100, shield 502 503 504", warnings: []),
        Case(name: "a shield from more", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-shield", "true"), ("serin.dev/canary-shield-statuses", "500, 599,502")], enabled: true, rules: "weight 5/100, shield 500 502 503 504 599", warnings: []),
        Case(name: "a shield from what is none", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-shield", "true"), ("serin.dev/canary-shield-statuses", "404")], enabled: true, rules: "weight 5/100, shield 502 503 504", warnings: ["502, 503, 504 count"]),
        Case(name: "no shield", annotations: [("canary", "true"), ("canary-weight", "5"), ("serin.dev/canary-shield", "on"), ("serin.dev/canary-shield-statuses", "500")], enabled: true, rules: "weight 5/100", warnings: ["there is no shield", "does nothing without"]),
        Case(name: "R8 with Tengine's", annotations: [("canary-by-query", "x")], enabled: false, rules: "", warnings: ["(R8)"]),
        Case(name: "R8 with one of Serin's own", annotations: [("serin.dev/canary-weight", "5")], enabled: false, rules: "", warnings: ["(R8)"]),
        Case(name: "R27 no rule", annotations: [("canary", "true")], enabled: true, rules: "", warnings: ["(R27)"]),
    ]

    @Test(arguments: cases + extended)
    func rules(_ test: Case) {
        let annotations = test.annotations.enumerated().map { index, pair in
            Annotation(key: pair.0.contains("/") ? pair.0 : CanaryAnnotations.prefix + pair.0, value: pair.1, line: index + 10)
        }
        let manifest = Manifest(
            kind: "Ingress", namespace: "default", name: "test", place: Place(file: "test.yaml", line: 1), created: nil,
            labels: [:], annotations: annotations, body: .ingress(IngressManifest()))
        var log = DiagnosticLog()
        let read = CanaryAnnotations(manifest, test.mode, log: &log)
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
        rules += read.conditions.items.map { item in
            let key = item.key.map(\.description) ?? "-"
            return "\(key) \(Self.text(item.test))"
        }
        switch read.conditions.combination {
        case .any: break
        case .all: rules.append("all")
        case .allThenWeight: rules.append("all, then")
        }
        if read.weight > 0 { rules.append("weight \(read.weight)/\(read.total)") }
        if let cookie = read.hash.cookie {
            rules.append("gives \(cookie.name) \(cookie.maxAge.map(String.init) ?? "session") \(cookie.sameSite.rawValue)")
        }
        rules += [read.marks.requestHeader, read.marks.responseHeader].compactMap { $0 }.map { "\($0.name)" + ($0.value.map { ": " + $0 } ?? "") }
        rules += [read.marks.responseCookie].compactMap { $0 }.map { "\($0.name)" + ($0.value.map { "=" + $0 } ?? "") }
        rules += read.changes.edits.request.texts("request") + read.changes.edits.response.texts("response")
        if !read.changes.edits.query.isEmpty { rules.append("?" + read.changes.edits.query) }
        if let target = read.changes.rewriteTarget { rules.append("asks for \(target.value)") }
        if read.changes.usesServiceAddress { rules.append("at the Service") }
        if read.mirror.share > 0 { rules.append("copies \(read.mirror.share)/\(read.mirror.total)") }
        if let shield = read.shield { rules.append("shield " + shield.statuses.map(String.init).joined(separator: " ")) }
        return rules.joined(separator: ", ")
    }

    private static func text(_ test: Condition.Test) -> String {
        switch test {
        case .alwaysNever: "always"
        case .anyOf(let values): "= " + values.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "|")
        case .pattern(let pattern): "~ \(pattern.text)"
        case .invalidPattern: "invalid"
        case .modulo(let rule): "\(rule)"
        case .ranges(let ranges): "in " + ranges.map(\.description).joined(separator: "|")
        case .nothing: "nothing"
        }
    }

    private static let header = ("canary-by-header", "x")
    private static let on = ("canary", "true")
    private static let all = ("serin.dev/canary-match", "all")

    /// The annotations beyond those of ingress-nginx.
    static let extended: [Case] = [
        Case(name: "a list of values", annotations: [on, header, ("serin.dev/canary-by-header-value", " a || b,c ")], enabled: true, rules: "header x = a|b,c", warnings: []),
        Case(name: "a list beside a value", annotations: [on, header, ("serin.dev/canary-by-header-value", "a||b"), ("canary-by-header-value", "c")], enabled: true, rules: "header x = a|b", warnings: ["not looked at beside"]),
        Case(name: "a value beside a pattern of Serin's", annotations: [on, header, ("canary-by-header-value", "c"), ("serin.dev/canary-by-header-pattern", "a")], enabled: true, rules: "header x = c", warnings: ["not looked at beside"]),
        Case(name: "an empty value in a list", annotations: [on, header, ("serin.dev/canary-by-header-value", "a||")], enabled: true, rules: "header x nothing", warnings: ["never holds"]),
        Case(name: "a pattern with any sign", annotations: [on, header, ("serin.dev/canary-by-header-pattern", "^a{2,3} b$")], enabled: true, rules: "header x ~ ^a{2,3} b$", warnings: []),
        Case(name: "a pattern that does not compile", annotations: [on, header, ("serin.dev/canary-by-header-pattern", "(")], enabled: true, rules: "header x invalid", warnings: ["never matches"]),
        Case(name: "Tengine's list", annotations: [on, header, ("canary-by-header-value", "a||b=c")], enabled: true, rules: "header x = a|b=c", warnings: []),
        Case(name: "R6 Tengine's list in ingress-nginx mode", annotations: [on, header, ("canary-by-header-value", "a||b")], enabled: true, rules: "header x", warnings: ["(R6)"], mode: .ingressNginx),
        Case(name: "Tengine's list without a header", annotations: [on, ("canary-weight", "5"), ("canary-by-header-value", "a||b")], enabled: true, rules: "weight 5/100", warnings: ["(R27)"]),
        Case(name: "Tengine's total of the main one", annotations: [("canary-weight-total", "1000")], enabled: false, rules: "", warnings: ["write it into the canary"]),
        Case(name: "Higress's prefix", annotations: [("higress.io/canary", "true"), ("higress.io/canary-by-header", "x"), ("higress.io/canary-by-header-pattern", "^a"), ("higress.io/canary-weight", "5")], enabled: true, rules: "header x ~ ^a, weight 5/100", warnings: ["its own controller has no weight beside such rules"]),
        Case(name: "the load balancer's prefix", annotations: [("alb.ingress.kubernetes.io/canary", "true"), ("alb.ingress.kubernetes.io/canary-by-cookie", "c")], enabled: true, rules: "cookie c", warnings: []),
        Case(name: "R8 with another prefix", annotations: [("higress.io/canary-by-cookie", "c")], enabled: false, rules: "", warnings: ["(R8)"]),
        Case(name: "R4 with another prefix", annotations: [("higress.io/canary", "true"), ("higress.io/canary-weight", "x"), ("canary-by-cookie", "c")], enabled: true, rules: "cookie c", warnings: ["(R4)"]),
        Case(name: "a list without a header", annotations: [on, ("canary-weight", "5"), ("serin.dev/canary-by-header-value", "a")], enabled: true, rules: "weight 5/100", warnings: ["does nothing without canary-by-header"]),
        Case(name: "a cookie's values", annotations: [on, ("canary-by-cookie", "c"), ("serin.dev/canary-by-cookie-value", "1||2")], enabled: true, rules: "cookie c = 1|2", warnings: []),
        Case(name: "a cookie's pattern", annotations: [on, ("canary-by-cookie", "c"), ("serin.dev/canary-by-cookie-pattern", "^1"), ("serin.dev/canary-by-cookie-mod", "10 < 1")], enabled: true, rules: "cookie c ~ ^1", warnings: ["not looked at beside"]),
        Case(name: "a cookie's number", annotations: [on, ("canary-by-cookie", "c"), ("serin.dev/canary-by-cookie-mod", "100 <= 9")], enabled: true, rules: "cookie c mod 100 <= 9", warnings: []),
        Case(name: "no rule of numbers", annotations: [on, ("canary-by-cookie", "c"), ("serin.dev/canary-by-cookie-mod", "100<=9")], enabled: true, rules: "cookie c nothing", warnings: ["never holds"]),
        Case(name: "a remainder beyond the divisor", annotations: [on, ("canary-by-cookie", "c"), ("serin.dev/canary-by-cookie-mod", "100 == 100")], enabled: true, rules: "cookie c nothing", warnings: ["never holds"]),
        Case(name: "a query parameter", annotations: [on, ("serin.dev/canary-by-query", "v")], enabled: true, rules: "query v always", warnings: []),
        Case(name: "a query parameter's values", annotations: [on, ("serin.dev/canary-by-query", "v"), ("serin.dev/canary-by-query-value", "1||2")], enabled: true, rules: "query v = 1|2", warnings: []),
        Case(name: "no query parameter", annotations: [on, ("serin.dev/canary-by-query", "a=b")], enabled: true, rules: "- nothing", warnings: ["never holds"]),
        Case(name: "a query's value alone", annotations: [on, ("canary-weight", "5"), ("serin.dev/canary-by-query-pattern", "b")], enabled: true, rules: "weight 5/100", warnings: ["does nothing without canary-by-query"]),
        Case(name: "blocks", annotations: [on, ("serin.dev/canary-by-source-range", "10.0.0.0/8, 2001:db8::/32,127.0.0.1")], enabled: true, rules: "- in 10.0.0.0/8|2001:db8::/32|127.0.0.1/32", warnings: []),
        Case(name: "a bad block is left out", annotations: [on, ("serin.dev/canary-by-source-range", "10.0.0.0/33, 10.0.0.0/8")], enabled: true, rules: "- in 10.0.0.0/8", warnings: ["left out"]),
        Case(name: "no block", annotations: [on, ("serin.dev/canary-by-source-range", ",")], enabled: true, rules: "- nothing", warnings: ["never holds"]),
        Case(name: "all of them", annotations: [on, header, ("canary-by-header-value", "a"), ("canary-by-cookie", "c"), all], enabled: true, rules: "header x = a, cookie c always, all", warnings: []),
        Case(name: "all of them, then the weight", annotations: [on, header, ("canary-by-header-pattern", "^a"), ("canary-weight", "5"), all], enabled: true, rules: "header x ~ ^a, all, then, weight 5/100", warnings: []),
        Case(name: "a weight of 0 counts", annotations: [on, header, ("canary-weight", "0"), all], enabled: true, rules: "header x always, all, then", warnings: []),
        Case(name: "any of them", annotations: [on, header, ("serin.dev/canary-match", "any")], enabled: true, rules: "header x", warnings: []),
        Case(name: "neither", annotations: [on, header, ("serin.dev/canary-match", "both")], enabled: true, rules: "header x always, all", warnings: ["all is taken"]),
        Case(name: "all of nothing", annotations: [on, ("canary-weight", "5"), all], enabled: true, rules: "weight 5/100", warnings: ["there is no condition"]),
        Case(name: "a dropped rule does not widen", annotations: [on, ("canary-by-header", "a,b"), ("canary-by-cookie", "c"), all], enabled: true, rules: "- nothing, cookie c always, all", warnings: ["(R6)"]),
        Case(name: "a nameless rule does not widen", annotations: [on, ("serin.dev/canary-by-query-value", "1"), ("canary-by-cookie", "c"), all], enabled: true, rules: "cookie c always, - nothing, all", warnings: ["does nothing without"]),
        Case(name: "Tengine's cookie values", annotations: [on, ("canary-by-cookie", "c"), ("canary-by-cookie-value", "1||2")], enabled: true, rules: "cookie c = 1|2", warnings: []),
        Case(name: "Tengine's query", annotations: [on, ("canary-by-query", "v"), ("canary-by-query-value", "1")], enabled: true, rules: "query v = 1", warnings: []),
        Case(name: "Tengine's numbers", annotations: [on, ("canary-by-cookie", "c"), ("canary-mod-divisor", "100"), ("canary-mod-relational-operator", ">"), ("canary-mod-remainder", "5")], enabled: true, rules: "cookie c mod 100 > 5", warnings: []),
        Case(name: "Tengine's numbers go to the header", annotations: [on, header, ("canary-by-cookie", "c"), ("canary-mod-divisor", "10"), ("canary-mod-relational-operator", "=="), ("canary-mod-remainder", "1")], enabled: true, rules: "cookie c, header x mod 10 == 1", warnings: []),
        Case(name: "Tengine's numbers in part", annotations: [on, ("canary-by-cookie", "c"), ("canary-mod-divisor", "100")], enabled: true, rules: "cookie c nothing", warnings: ["never holds"]),
        Case(name: "copies", annotations: [on, ("serin.dev/canary-mirror-percent", "5")], enabled: true, rules: "copies 5/100", warnings: []),
        Case(name: "copies of a part of a percent", annotations: [on, ("serin.dev/canary-mirror-percent", " 0.25 ")], enabled: true, rules: "copies 25/10000", warnings: []),
        Case(name: "copies in parts per million", annotations: [on, ("serin.dev/canary-mirror-percent", "250ppm")], enabled: true, rules: "copies 250/1000000", warnings: []),
        Case(name: "copies of all", annotations: [on, ("serin.dev/canary-mirror-percent", "100.0")], enabled: true, rules: "copies 100/100", warnings: []),
        Case(name: "more than all", annotations: [on, ("serin.dev/canary-mirror-percent", "100.1")], enabled: true, rules: "", warnings: ["nothing is copied", "(R27)"]),
        Case(name: "no percentage", annotations: [on, ("canary-weight", "5"), ("serin.dev/canary-mirror-percent", "5%")], enabled: true, rules: "weight 5/100", warnings: ["nothing is copied"]),
        Case(name: "no copies", annotations: [on, ("canary-weight", "5"), ("serin.dev/canary-mirror-percent", "0")], enabled: true, rules: "weight 5/100", warnings: []),
        Case(name: "copies without a canary", annotations: [("serin.dev/canary-mirror-percent", "5")], enabled: false, rules: "copies 5/100", warnings: ["(R8)"]),
        Case(name: "Higress's query", annotations: [on, ("higress.ingress.kubernetes.io/canary-by-query", "v"), ("higress.ingress.kubernetes.io/canary-by-query-pattern", "^1")], enabled: true, rules: "query v ~ ^1", warnings: []),
    ]
}
