import Foundation
import Testing

extension LoadTests {
    /// nginx as the origin, and wrk as the client: peers that nobody here has written.
    @Suite(.serialized) struct NginxTests {
        private static func start(_ nginx: Nginx, workers: Int = 1) throws -> SerinProcess {
            try SerinProcess(TestConfiguration(
                services: ["app": [nginx.address.description]], manifests: [Manifests.ingress("app", service: "app")],
                settings: "limits: {body: 0}", workers: workers))
        }

        @Test func itsConnectionsAreKept() throws {
            let nginx = try Nginx("location / { return 200 \"$connection\\n\"; }")
            let serin = try Self.start(nginx)
            let client = try serin.client()
            let connections = try (0..<50).map { _ in try client.get().text }
            #expect(Set(connections).count == 1, "nginx saw one connection")
        }

        @Test func whatItCompressesStaysCompressed() throws {
            let nginx = try Nginx("gzip on; gzip_types *; gzip_min_length 1; location / { }")
            let text = String(repeating: "The quick brown fox. ", count: 5000)
            try nginx.folder.write(text, to: "www/fox.txt")
            let serin = try Self.start(nginx)
            // nginx chunks what it compresses on the fly.
            let response = try serin.client().get("/fox.txt", fields: ["Accept-Encoding: gzip"])
            #expect(response.status == 200)
            #expect(response["Content-Encoding"] == "gzip")
            #expect(response["Transfer-Encoding"] == "chunked")
            #expect(response.body.starts(with: [0x1F, 0x8B]) && response.body.count < text.utf8.count / 10)
            #expect(try Curl.run("--compressed", serin.url + "/fox.txt").body == text)
            let plain = try serin.client().get("/fox.txt")
            #expect(plain["Content-Encoding"] == nil)
            #expect(plain.text == text)
        }

        @Test func rangesAndConditionsPass() throws {
            let nginx = try Nginx("location / { }")
            try nginx.folder.write("0123456789", to: "www/digits.txt")
            let serin = try Self.start(nginx)
            let client = try serin.client()
            let part = try client.get("/digits.txt", fields: ["Range: bytes=2-4"])
            #expect(part.status == 206)
            #expect(part.text == "234")
            let tag = try #require(part["ETag"])
            #expect(try client.get("/digits.txt", fields: ["If-None-Match: \(tag)"]).status == 304)
            #expect(try client.exchange("HEAD /digits.txt HTTP/1.1\r\nHost: a\r\n\r\n", method: "HEAD")["Content-Length"] == "10")
            #expect(try client.get("/nothing").status == 404)
        }

        @Test func aLongFileArrivesWhole() throws {
            let nginx = try Nginx("location / { }")
            var bytes = Data()
            // Blocks of a length that no buffer has.
            for block in 0..<200 { bytes.append(Data(repeating: UInt8(block), count: 99_991)) }
            try FileManager.default.createDirectory(atPath: nginx.folder.path("www"), withIntermediateDirectories: true)
            try bytes.write(to: URL(fileURLWithPath: nginx.folder.path("www/long")))
            let serin = try Self.start(nginx)
            let answer = try Curl.run(serin.url + "/long")
            #expect(answer.status == 200)
            #expect(answer.bytes == bytes)
        }

        @Test func underLoadNothingFails() throws {
            let nginx = try Nginx.named("app")
            let serin = try Self.start(nginx, workers: 2)
            let result = try Wrk(serin.url + "/", connections: 128, threads: 2, seconds: 3).result()
            #expect(result.socketErrors == 0, "\(result.report)")
            #expect(result.badStatuses == 0, "\(result.report)")
            #expect(result.requests > 500, "\(result.report)")
            let metrics = try serin.metrics()
            #expect(metrics.requests(["code": "2xx"]) >= result.requests)
            #expect(metrics.requests(["code": "5xx"]) == 0)
            #expect(try serin.stop() == .exited(0))
        }

        @Test func aConnectionForEachRequestNeitherFailsNorLeaks() throws {
            let nginx = try Nginx.named("app")
            let serin = try Self.start(nginx, workers: 2)
            let result = try Wrk(serin.url + "/", connections: 32, seconds: 2, fields: ["Connection: close"]).result()
            #expect(result.socketErrors == 0 && result.badStatuses == 0, "\(result.report)")
            try eventually("all clients to be gone") { try serin.metrics().sum("serin_connections", ["state": "client"]) == 0 }
        }
    }
}
