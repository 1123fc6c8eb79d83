import Foundation
import Testing

/// Which endpoint answers, over the wire (R32), in both modes.
@Suite struct BalancingTests {
    private static let prefix = "nginx.ingress.kubernetes.io/"
    private static let origins = ["a", "b", "c"]

    private static func serin(
        _ mode: String, _ annotations: [String: String], _ origins: [RecordingOrigin], more: [String] = []
    ) throws -> SerinProcess {
        let full = Dictionary(uniqueKeysWithValues: annotations.map { (prefix + $0.key, $0.value) })
        return try SerinProcess(TestConfiguration(
            services: ["app": origins.map(\.address.description), "next": origins.map(\.address.description)],
            manifests: [Manifests.ingress("app", service: "app", annotations: full)] + more,
            settings: "canary: {compatibility: \(mode)}"))
    }

    /// One endpoint for each key, and the one that `explain` names.
    @Test(arguments: ["scoped", "ingress-nginx"]) func r32Hash(_ mode: String) throws {
        let origins = try Self.origins.map { try RecordingOrigin.named($0) }
        let serin = try Self.serin(mode, ["upstream-hash-by": "$arg_user"], origins)
        let client = try serin.client()
        var met: Set<String> = []
        for user in 0..<12 {
            let answers = try (0..<3).map { try client.get("/\($0)?user=\(user)").text }
            #expect(Set(answers).count == 1, "user \(user): \(answers)")
            met.formUnion(answers)
            let explained = try serin.ask("/v1/explain", method: "POST", body: #"{"url":"http://x/9?user=\#(user)"}"#).text
            let named = origins.indices.first { explained.contains(#""endpoint":"\#(origins[$0].address)""#) }
            #expect(named.map { Self.origins[$0] + "\n" } == answers[0], "\(explained)")
            #expect(explained.contains(#""balancing":"hash of $arg_user""#), "\(explained)")
        }
        #expect(met.count > 1)
    }

    /// An endpoint that is gone gives its keys to the next, without a failure; the other keys stay.
    @Test(arguments: ["scoped", "ingress-nginx"]) func r32AnEndpointGoes(_ mode: String) throws {
        let origins = try Self.origins.map { try RecordingOrigin.named($0) }
        let serin = try Self.serin(mode, ["upstream-hash-by": "$http_user"], origins)
        let before = try (0..<20).map { try serin.client().get(fields: ["User: \($0)"]).text }
        let index = try #require(Self.origins.firstIndex { before.contains($0 + "\n") })
        origins[index].stop()
        let gone = Self.origins[index] + "\n"
        for user in 0..<20 {
            let now = try serin.client().get(fields: ["User: \(user)"])
            #expect(now.status == 200 && now.text != gone)
            if before[user] != gone { #expect(now.text == before[user]) }
        }
    }

    @Test(arguments: ["scoped", "ingress-nginx"]) func r32Groups(_ mode: String) throws {
        let origins = try ["a", "b", "c", "d"].map { try RecordingOrigin.named($0) }
        let serin = try Self.serin(
            mode, ["upstream-hash-by": "$arg_user", "upstream-hash-by-subset": "true", "upstream-hash-by-subset-size": "2"], origins)
        let client = try serin.client()
        for user in 0..<4 {
            let answers = Set(try (0..<40).map { _ in try client.get("/?user=\(user)").text })
            #expect(answers.count == 2, "user \(user): \(answers)")
        }
    }

    /// The endpoint that takes its time is asked far less often than its turn would be.
    @Test(arguments: ["scoped", "ingress-nginx"]) func r32EWMA(_ mode: String) throws {
        let slow = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                usleep(400_000)
                try connection.answer("slow\n", to: request)
            }
        }
        let origins = [slow] + (try Self.origins.map { try RecordingOrigin.named($0) })
        let serin = try Self.serin(mode, ["load-balance": "ewma"], origins)
        let client = try serin.client()
        for _ in 0..<200 { #expect(try client.get().status == 200) }
        #expect((1...25).contains(slow.requests.count), "\(slow.requests.count) of 200, a quarter in turn")
        for origin in origins { #expect(!origin.requests.isEmpty) }
        let explained = try serin.ask("/v1/explain", method: "POST", body: #"{"url":"http://x/"}"#).text
        #expect(explained.contains(#""balancing":"ewma""#) && explained.contains("the one that lately answered faster"), "\(explained)")
    }

    /// A canary is balanced as its own Ingress says (R36).
    @Test(arguments: ["scoped", "ingress-nginx"]) func r36Canary(_ mode: String) throws {
        let origins = try Self.origins.map { try RecordingOrigin.named($0) }
        let serin = try Self.serin(
            mode, [:], origins,
            more: [Manifests.canary("next", service: "next", ["canary-by-header": "X", "upstream-hash-by": "$host"])])
        let client = try serin.client()
        #expect(Set(try (0..<9).map { _ in try client.get().text }).count == 3)
        #expect(Set(try (0..<9).map { _ in try client.get(fields: ["X: always"]).text }).count == 1)
        let routes = try serin.ask("/v1/routes").text
        #expect(routes.contains(#""balancing":"hash of $host""#) && routes.contains(#""balancing":"round robin""#), "\(routes)")
    }
}
