import Foundation
import Testing

extension LoadTests {
    /// One worker, and connections that could keep it busy for ever (http-edge duty 53).
    @Suite struct FairnessTests {
        /// Answers JSON without end, which compresses so well that no client's socket is ever full.
        private static func origin(counting sent: Counter) throws -> RecordingOrigin {
            let block = Array(String(repeating: "{\"name\": \"The quick brown fox\", \"number\": 12345},\n", count: 1300).utf8)
            return try RecordingOrigin { connection in
                _ = try connection.readRequest()
                try connection.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000000000\r\n\r\n")
                while true {
                    try connection.send(block)
                    sent.add(block.count)
                }
            }
        }

        private static func proxy(_ origin: RecordingOrigin, settings: String = "") throws -> SerinProcess {
            var configuration = TestConfiguration(
                services: ["app": [origin.address.description]], manifests: [Manifests.ingress("app", service: "app")],
                settings: "gzip: {level: 9}\n\(settings)")
            configuration.workers = 1
            return try SerinProcess(configuration)
        }

        private static func beginDownloads(_ count: Int, from serin: SerinProcess) throws -> [RawClient] {
            let clients = try (0..<count).map { _ in
                let client = try serin.client()
                try client.send("GET / HTTP/1.1\r\nHost: test\r\nAccept-Encoding: gzip\r\n\r\n")
                return client
            }
            for client in clients { #expect(try client.readHead().all("Content-Encoding") == ["gzip"]) }
            return clients
        }

        /// How much others get done meanwhile tells how long an answer took, on any machine.
        @Test func whoAsksForLittleIsNotHeldUp() throws {
            let sent = Counter()
            let origin = try Self.origin(counting: sent)
            let serin = try Self.proxy(origin)
            let asker = try serin.client()
            let downloads = try Self.beginDownloads(20, from: serin)
            var amounts: [Int] = []
            for _ in 0..<15 {
                let before = sent.value
                #expect(try asker.exchange("OPTIONS / HTTP/1.1\r\nHost: test\r\nMax-Forwards: 0\r\n\r\n", method: "OPTIONS").status == 200)
                amounts.append(sent.value - before)
            }
            amounts.sort()
            // It was 340 MB when each went on for as long as it could.
            #expect(amounts[amounts.count / 2] < 24 << 20, "\(amounts)")
            withExtendedLifetime(downloads) {}
        }

        /// Busy without a pause, they are never at rest, where deadlines are seen to.
        @Test func whoIsBusyHasDeadlinesAllTheSame() throws {
            let origin = try Self.origin(counting: Counter())
            let serin = try Self.proxy(origin, settings: "timeouts: {upstreamConnect: 100ms, request: 1s}")
            let downloads = try Self.beginDownloads(8, from: serin)
            try eventually("the end of all") {
                try serin.metrics().sum("serin_upstream_failures_total", ["reason": "request_timeout"]) == downloads.count
            }
        }
    }
}
