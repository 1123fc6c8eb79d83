import HTTP1
import Testing

/// Accept-Encoding, as far as gzip is concerned (RFC 9110 12.5.3).
@Suite struct ContentCodingsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let value: String
        let gzip: Bool
        var testDescription: String { value.isEmpty ? "(empty)" : value }

        init(_ value: String, _ gzip: Bool) {
            self.value = value
            self.gzip = gzip
        }
    }

    @Test(arguments: [
        Case("gzip", true), Case("GZip", true), Case("x-gzip", true), Case("gzip, deflate, br", true), Case("br,gzip", true),
        Case("br ,\tgzip ;q=0.1 , x", true), Case("gzip;q=1", true), Case("gzip;q=1.000", true), Case("gzip;Q=0.5", true),
        Case("gzip;q=0.001", true), Case("gzip;q=1.", true), Case("gzip; q=0.8", true),
        Case("*", true), Case("*;q=0.1", true), Case("br, *", true), Case("identity;q=0, *", true),
        Case("identity;q=0, gzip;q=0.001", true), Case("identity;q=0.5, gzip;q=0.5", true), Case("identity;q=0.4, gzip;q=0.5", true),
        Case("gzip;q=0, gzip;q=0.5", true), Case(",, gzip,,", true), Case("gzip;q=0.5, *;q=0", true),
        Case("", false), Case(" ", false), Case(",", false), Case("identity", false), Case("br", false), Case("deflate", false),
        Case("gzip;q=0", false), Case("gzip;q=0.0", false), Case("gzip;q=0.000", false), Case("gzip;q=0, *", false),
        Case("*;q=0", false), Case("identity;q=0", false), Case("identity, gzip;q=0.5", false), Case("identity;q=0.6, gzip;q=0.5", false),
        Case("identity, *;q=0.5", false), Case("gzipped", false), Case("gzi", false), Case("x-gzip2", false), Case("g zip", false),
        // What is no weight is no consent.
        Case("gzip;q=2", false), Case("gzip;q=1.5", false), Case("gzip;q=-1", false), Case("gzip;q=", false), Case("gzip;q", false),
        Case("gzip;", false), Case("gzip;x=1", false), Case("gzip;q=0.1234", false), Case("gzip;q=0,5", false), Case("gzip;q=.5", false),
        Case("gzip;q=1;q=0", false), Case("gzip;q = 1", false), Case("gzip;q=a", false), Case("gzip;q=1.a", false),
    ])
    func prefers(_ test: Case) {
        var codings = ContentCodings()
        codings.add(Array(test.value.utf8).span)
        #expect(codings.prefersGzip == test.gzip)
    }

    /// Several fields are one list.
    @Test(arguments: [(["br", "gzip"], true), (["gzip", "identity"], true), (["gzip;q=0.5", "identity"], false), (["identity;q=0", "br"], false), ([], false)])
    func severalFields(_ values: [String], _ gzip: Bool) {
        var codings = ContentCodings()
        for value in values { codings.add(Array(value.utf8).span) }
        #expect(codings.prefersGzip == gzip)
    }
}
