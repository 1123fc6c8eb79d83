import Testing

/// `canary-shield` over the wire: clients see stable's answers, the metrics both.
@Suite struct ShieldTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// What the canary answers; nil is that nobody listens.
        let answer: String?
        let code: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "503", answer: "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", code: "5xx"),
        Case(name: "500", answer: "HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n", code: "5xx"),
        Case(name: "nonsense", answer: "nonsense\r\n\r\n", code: "5xx"),
        Case(name: "nobody", answer: nil, code: "5xx"),
    ], ["scoped", "ingress-nginx"]) func stableAnswers(_ test: Case, _ mode: String) throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.answering(test.answer ?? "")
        if test.answer == nil { new.stop() }
        let serin = try SerinProcess(.canary(
            old: [old], new: [new],
            ["canary-by-header": "X", "serin.dev/canary-shield": "true", "serin.dev/canary-shield-statuses": "500"],
            settings: "canary: {compatibility: \(mode)}"))
        let client = try serin.client()
        for _ in 0..<5 {
            let answer = try client.get(fields: ["X: always"])
            #expect(answer.status == 200 && answer.text == "old\n")
        }
        let metrics = try serin.metrics()
        #expect(metrics.requests(["version": "canary", "reason": "header", "code": test.code]) == 5)
        #expect(metrics.requests(["version": "stable", "reason": "shield", "code": "2xx"]) == 5)
        #expect(metrics.sum("serin_canary_requests_total", ["code": test.code]) == 5 && metrics.sum("serin_canary_requests_total") == 5)
    }

    @Test func aPostIsAnsweredAsItIs() throws {
        let old = try RecordingOrigin.named("old")
        let new = try RecordingOrigin.answering("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n")
        let serin = try SerinProcess(.canary(old: [old], new: [new], ["canary-by-header": "X", "serin.dev/canary-shield": "true"]))
        #expect(try serin.client().exchange("POST / HTTP/1.1\r\nHost: test\r\nX: always\r\nContent-Length: 0\r\n\r\n").status == 503)
        #expect(old.requests.isEmpty)
    }
}
