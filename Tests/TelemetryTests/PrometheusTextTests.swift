import Telemetry
import Testing

@Suite("Prometheus text")
struct PrometheusTextTests {
    @Test("the whole document")
    func golden() {
        let written = Self.lines(of: Fixtures.busyWorker())
        // Line by line first: a difference is then named instead of shown as two documents.
        for (line, expected) in zip(written, Self.document) { #expect(line == expected) }
        #expect(written == Self.document)
    }

    @Test("each family is announced once, before its series, and none has a stray name")
    func families() {
        var announced: [String] = []
        for line in Self.lines(of: Fixtures.busyWorker()) where !line.isEmpty && !line.hasPrefix("# HELP") {
            if line.hasPrefix("# TYPE ") {
                let name = String(line.split(separator: " ")[2])
                #expect(!announced.contains(name))
                announced.append(name)
            } else {
                #expect(line.hasPrefix(announced.last ?? "?"), "\(line)")
            }
        }
        #expect(announced.count == 62)
    }

    @Test("without requests the table has no series, and the histograms are there from the start")
    func idle() {
        var metrics = Metrics(reasonLabels: ["stable"])
        _ = metrics.rows(of: ["shop/web z.example /"])
        let lines = Self.lines(of: metrics)
        #expect(!lines.contains { $0.hasPrefix("serin_requests_total{") })
        for version in ["none", "stable", "canary"] {
            #expect(lines.contains("serin_request_duration_seconds_bucket{version=\"\(version)\",le=\"+Inf\"} 0"))
            #expect(lines.contains("serin_request_duration_seconds_sum{version=\"\(version)\"} 0"))
        }
    }

    @Test("rows come in the order of their labels' bytes, whatever the order of binding")
    func order() {
        var metrics = Metrics(reasonLabels: ["stable"])
        for row in metrics.rows(of: ["b", "Z", "a/2", "a", "é", "a/10"]) {
            metrics.recordRequest(row: row, version: .stable, reason: 0, statusClass: 2, durationNanoseconds: 1)
        }
        let routes = Self.lines(of: metrics)
            .filter { $0.hasPrefix("serin_requests_total{") }
            .map { String($0.split(separator: "\"")[1]) }
        #expect(routes == ["Z", "a", "a/10", "a/2", "b", "é"])
    }

    struct Label: Sendable, CustomTestStringConvertible {
        let name: String
        let value: String
        let escaped: String
        var testDescription: String { name }
    }

    static let labels = [
        Label(name: "plain", value: "default/web a.example /", escaped: "default/web a.example /"),
        Label(name: "quote", value: "a\"b", escaped: #"a\"b"#),
        Label(name: "backslash", value: #"^/v\d+"#, escaped: #"^/v\\d+"#),
        Label(name: "line feed", value: "a\nb", escaped: #"a\nb"#),
        Label(name: "backslash before quote", value: #"\""#, escaped: #"\\\""#),
        Label(name: "line feed in a grapheme of two bytes", value: "a\r\nb", escaped: "a\r\\nb"),
        Label(name: "braces, comma and UTF-8 stay", value: "{a=é,}", escaped: "{a=é,}"),
    ]

    @Test("label values are escaped", arguments: labels)
    func escaping(_ label: Label) {
        var metrics = Metrics(reasonLabels: ["stable"])
        let row = metrics.rows(of: [label.value])[0]
        metrics.recordRequest(row: row, version: .canary, reason: 0, statusClass: 2, durationNanoseconds: 1)
        let expected = "serin_requests_total{route=\"\(label.escaped)\",version=\"canary\",reason=\"stable\",code=\"2xx\"} 1"
        #expect(Self.lines(of: metrics).contains(expected))
    }

    /// Split at line feeds only, the empty piece after the last one included.
    static func lines(of metrics: Metrics) -> [String] {
        PrometheusText.render(metrics, process: Fixtures.process())
            .split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
