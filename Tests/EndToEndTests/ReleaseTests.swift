import Testing

/// Alibaba ACK's releases: two Services on one path of one Ingress, over the wire.
@Suite struct ReleaseTests {
    private static func configuration(
        old: [RecordingOrigin], new: [RecordingOrigin], _ annotations: [String: String]
    ) -> TestConfiguration {
        return TestConfiguration(
            services: ["old": old.map(\.address.description), "new": new.map(\.address.description)],
            manifests: [Manifests.release("shop", old: "old", new: "new", annotations)])
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let match: String
        var target = "/"
        var fields: [String] = []
        var hasNew = true
        var hasOld = true
        let version: String
        var testDescription: String { name }
    }

    private static let header = #"new: header("Foo", /bar|rab/)"#
    private static let cookie = #"new: cookie("Foo", /rab/)"#
    private static let query = #"new: query("foo", /bar/)"#
    private static let exact = #"new: header("App", "tomcat")"#

    @Test(arguments: [
        Case(name: "header", match: header, fields: ["Foo: bar"], version: "new"),
        Case(name: "header, other", match: header, fields: ["Foo: baar"], version: "old"),
        Case(name: "cookie", match: cookie, fields: ["Cookie: Foo=rab"], version: "new"),
        Case(name: "cookie, other", match: cookie, fields: ["Cookie: Foo=raab"], version: "old"),
        Case(name: "query", match: query, target: "/?foo=bar", version: "new"),
        Case(name: "query, other", match: query, target: "/?foo=baar", version: "old"),
        Case(name: "exact", match: exact, fields: ["App: tomcat"], version: "new"),
        Case(name: "exact, absent", match: exact, version: "old"),
        Case(name: "an absent value is searched as an empty one", match: #"new: header("Foo", /^$/)"#, version: "new"),
        Case(name: "the new one has no endpoint", match: exact, fields: ["App: tomcat"], hasNew: false, version: "old"),
        Case(name: "the old one has no endpoint", match: exact, hasOld: false, version: "new"),
    ])
    func match(_ test: Case) throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(Self.configuration(
            old: test.hasOld ? [old] : [], new: test.hasNew ? [new] : [], ["service-match": test.match]))
        #expect(try serin.client().get(test.target, fields: test.fields).text == test.version + "\n")
    }

    @Test func theWeightPinsItsClients() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(Self.configuration(old: [old], new: [new], ["service-weight": "new: 50, old: 50"]))
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

    @Test func amongThoseThatMatch() throws {
        let old = try RecordingOrigin.named("old"), new = try RecordingOrigin.named("new")
        let serin = try SerinProcess(Self.configuration(
            old: [old], new: [new], ["service-match": Self.exact, "service-weight": "new: 1, old: 1"]))
        let client = try serin.client()
        var count = 0
        for _ in 0..<40 where try client.get(fields: ["App: tomcat"]).text == "new\n" { count += 1 }
        #expect(abs(count - 20) <= 4, "\(count)")
        for _ in 0..<10 {
            let other = try client.get()
            #expect(other.text == "old\n")
            #expect(other["Set-Cookie"] == nil)
        }
    }
}
