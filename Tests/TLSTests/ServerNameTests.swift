import Testing
@testable import TLS
@Suite struct PlaceholderTests { @Test func a() { #expect(TLSVersion.tls12.rawValue == "1.2") } }
