import Testing

/// The cookie of Alibaba ACK's releases, over the wire; what they decide is in `RuleCases`.
@Suite struct ReleaseTests {
    @Test func theWeightPinsItsClients() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(TestConfiguration(
            services: ["old": [old.address.description], "new": [new.address.description]],
            manifests: [Manifests.release("shop", old: "old", new: "new", ["service-weight": "new: 50, old: 50"])]))
        let client = try serin.client()
        var count = 0
        for _ in 0..<40 {
            let answer = try client.get()
            if answer.text == "new\n" { count += 1 }
            let cookie = try #require(answer["Set-Cookie"])
            let service = answer.text == "new\n" ? "new" : "old"
            // The name is the MD5 of the host, which is none, and the path.
            #expect(cookie == "6666cd76f96956469e7be39d750cc7d9=default-\(service)-80; Path=/; Max-Age=28800; HttpOnly")
            let again = try client.get(fields: ["Cookie: " + cookie.prefix { $0 != ";" }])
            #expect(again.text == answer.text)
            #expect(again["Set-Cookie"] == nil)
        }
        #expect(abs(count - 20) <= 4, "\(count)")
    }
}
