import Exchange
import Routing
import TestSupport
import Testing
@testable import Configuration

/// The annotations of R39, in both modes.
@Suite struct RetryAnnotationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let annotations: [String: String]
        let rule: String
        /// A part of each warning.
        var warnings: [String] = []
        var testDescription: String { "R39 \(name)" }
    }

    static let cases: [Case] = [
        Case(name: "nothing", annotations: [:], rule: "error timeout, 3 attempts"),
        Case(
            name: "every condition",
            annotations: ["proxy-next-upstream": "non_idempotent http_429 http_404 http_403 http_504 http_503 http_502 http_500 invalid_header timeout error"],
            rule: "error timeout invalid_header http_500 http_502 http_503 http_504 http_403 http_404 http_429 non_idempotent, 3 attempts"),
        Case(name: "some", annotations: ["proxy-next-upstream": "error\nhttp_503\n"], rule: "error http_503, 3 attempts"),
        Case(name: "off", annotations: ["proxy-next-upstream": "off"], rule: "never"),
        Case(name: "off beats others", annotations: ["proxy-next-upstream": "error off"], rule: "never"),
        Case(name: "non_idempotent alone", annotations: ["proxy-next-upstream": "non_idempotent"], rule: "never"),
        Case(
            name: "an unknown word", annotations: ["proxy-next-upstream": "error http_418"], rule: "error timeout, 3 attempts",
            warnings: ["\"error http_418\" is dropped, error and timeout count: `http_418` is none of error, timeout,"]),
        Case(name: "empty", annotations: ["proxy-next-upstream": " "], rule: "error timeout, 3 attempts", warnings: ["counts as not set (R39)"]),
        Case(name: "tries", annotations: ["proxy-next-upstream-tries": "5"], rule: "error timeout, 5 attempts"),
        Case(name: "one try", annotations: ["proxy-next-upstream-tries": "1"], rule: "never"),
        Case(
            name: "any number of tries", annotations: ["proxy-next-upstream-tries": "0"], rule: "error timeout, 8 attempts",
            warnings: ["is any number in nginx: 8 attempts"]),
        Case(
            name: "many tries", annotations: ["proxy-next-upstream-tries": "9"], rule: "error timeout, 8 attempts",
            warnings: ["is more than Serin makes: 8 attempts"]),
        Case(
            name: "no number of tries", annotations: ["proxy-next-upstream-tries": "-1"], rule: "error timeout, 3 attempts",
            warnings: ["is not a whole number from 0 on: 3 attempts"]),
        Case(name: "seconds", annotations: ["proxy-next-upstream-timeout": "10"], rule: "error timeout, 3 attempts within 10 s"),
        Case(name: "no limit", annotations: ["proxy-next-upstream-timeout": "0"], rule: "error timeout, 3 attempts"),
        Case(
            name: "no number of seconds", annotations: ["proxy-next-upstream-timeout": "10s"], rule: "error timeout, 3 attempts",
            warnings: ["is not a whole number of seconds from 0 on: no limit"]),
        Case(
            name: "too many seconds", annotations: ["proxy-next-upstream-timeout": "9999999999"], rule: "error timeout, 3 attempts",
            warnings: ["is not a whole number of seconds"]),
    ]

    @Test(arguments: cases, Compatibility.allCases)
    func read(_ test: Case, _ mode: Compatibility) {
        let loaded = Loaded([.main("main", "a/ shop", annotations: test.annotations)], empty: [], settings: "compatibility: \(mode.rawValue)")
        #expect(loaded.snapshot.routes.routes.map(\.retry.description) == [test.rule])
        #expect(loaded.messages.count == test.warnings.count, "\(loaded.messages)")
        for (message, part) in zip(loaded.messages, test.warnings) { #expect(message.contains(part), "\(message)") }
    }

    /// White space that ingress-nginx does not let be.
    @Test(arguments: [" error http_503", "error  http_503", "error http_503  ", "error\r\nhttp_503", "error\u{A0}http_503"], Compatibility.allCases)
    func spaced(_ text: String, _ mode: Compatibility) {
        let loaded = Loaded(
            [.main("main", "a/ shop", annotations: ["proxy-next-upstream": text])], empty: [], settings: "compatibility: \(mode.rawValue)")
        let rule = mode == .scoped ? "error http_503, 3 attempts" : "error timeout, 3 attempts"
        #expect(loaded.snapshot.routes.routes.map(\.retry.description) == [rule])
        #expect(loaded.messages.count == (mode == .scoped ? 0 : 1), "\(loaded.messages)")
        #expect(loaded.messages.allSatisfy { $0.contains("allows no white space in front") }, "\(loaded.messages)")
    }

    /// It is the path's, not the Service's, and not the canary's (R36).
    @Test(arguments: Compatibility.allCases) func r36(_ mode: Compatibility) {
        let loaded = Loaded(
            [
                .main("one", "a/ shop", annotations: ["proxy-next-upstream": "off"]), .main("two", "b/ shop"),
                .canary("next", "b/ next", annotations: ["canary-weight": "1", "proxy-next-upstream": "off"]),
            ], empty: [], settings: "compatibility: \(mode.rawValue)")
        let rules = loaded.snapshot.routes.routes.map { "\($0.host) \($0.retry)" }
        #expect(rules.sorted() == ["a never", "b error timeout, 3 attempts"])
        #expect(loaded.messages.contains { $0.contains("proxy-next-upstream does nothing in a canary") && $0.contains("(R36)") }, "\(loaded.messages)")
    }
}
