import Testing

/// Serin gives a client the cookie that its weight sticks to, and says what it decided, over the wire.
@Suite struct StickyCookieTests {
    @Test func bothVersionsStick() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(.canary(
            old: [old], new: [new],
            [
                "serin.dev/canary-weight": "50", "serin.dev/canary-hash-cookie": "Serin-ID",
                "serin.dev/canary-hash-cookie-max-age": "session", "serin.dev/canary-hash-cookie-samesite": "strict",
            ]))
        let client = try serin.client()
        var count = 0
        for _ in 0..<60 {
            let first = try client.get()
            let cookie = try #require(first["Set-Cookie"])
            let pair = cookie.prefix { $0 != ";" }
            #expect(pair.hasPrefix("Serin-ID=") && pair.utf8.count == 41)
            #expect(cookie.dropFirst(pair.count) == "; Path=/; SameSite=Strict; HttpOnly")
            for _ in 0..<3 {
                let again = try client.get(fields: ["Cookie: a=b; \(pair)"])
                #expect(again.text == first.text)
                #expect(again["Set-Cookie"] == nil)
            }
            if first.text == "new\n" { count += 1 }
        }
        // Half of 60 with a standard deviation of 3.9, here more than five of them.
        #expect((9...51).contains(count), "\(count)")
    }

    @Test func theDecisionShows() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(.canary(
            old: [old], new: [new],
            [
                "canary-by-header": "X-Canary", "serin.dev/canary-request-header": "x-release: canary",
                "serin.dev/canary-response-header": "x-version", "serin.dev/canary-response-cookie": "arm=b",
            ]))
        let client = try serin.client()
        let canary = try client.get(fields: ["X-Canary: always"])
        #expect(canary["x-version"] == "canary")
        #expect(canary["Set-Cookie"] == "arm=b; Path=/; SameSite=Lax")
        #expect(new.requests.map { $0["x-release"] } == ["canary"])
        let stable = try client.get(fields: ["X-Release: canary"])
        #expect(stable["x-version"] == "stable")
        #expect(stable["Set-Cookie"] == "arm=; Path=/; Max-Age=0; SameSite=Lax")
        #expect(old.requests.map { $0["x-release"] } == [nil])
    }
}
