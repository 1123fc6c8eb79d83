import Addressing
import TestSupport
import Testing

@Suite struct IPAddressTests {
    /// Text read, number, text written (RFC 5952).
    @Test(arguments: [
        ("1.2.3.4", IPAddress.v4(0x0102_0304), "1.2.3.4"),
        ("0.0.0.0", .v4(0), "0.0.0.0"),
        ("255.255.255.255", .v4(.max), "255.255.255.255"),
        ("100.20.3.0", .v4(0x6414_0300), "100.20.3.0"),
        ("::", .v6(high: 0, low: 0), "::"),
        ("::1", .v6(high: 0, low: 1), "::1"),
        ("1::", .v6(high: 1 << 48, low: 0), "1::"),
        ("0:0:0:0:0:0:0:1", .v6(high: 0, low: 1), "::1"),
        ("2001:DB8::A", .v6(high: 0x2001_0DB8_0000_0000, low: 0xA), "2001:db8::a"),
        ("2001:db8:0:0:1:0:0:1", .v6(high: 0x2001_0DB8_0000_0000, low: 0x0001_0000_0000_0001), "2001:db8::1:0:0:1"),
        ("2001:0:0:1:0:0:0:1", .v6(high: 0x2001_0000_0000_0001, low: 1), "2001:0:0:1::1"),
        ("2001:db8::1:1:1:1:1", .v6(high: 0x2001_0DB8_0000_0001, low: 0x0001_0001_0001_0001), "2001:db8:0:1:1:1:1:1"),
        ("1:2:3:4:5:6:7::", .v6(high: 0x0001_0002_0003_0004, low: 0x0005_0006_0007_0000), "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", .v6(high: 0x0000_0002_0003_0004, low: 0x0005_0006_0007_0008), "0:2:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:7:8", .v6(high: 0x0001_0002_0003_0004, low: 0x0005_0006_0007_0008), "1:2:3:4:5:6:7:8"),
        ("1:0:0:4:5:0:0:0", .v6(high: 0x0001_0000_0000_0004, low: 0x0005_0000_0000_0000), "1:0:0:4:5::"),
        ("::ffff:192.0.2.1", .v6(high: 0, low: 0xFFFF_C000_0201), "::ffff:192.0.2.1"),
        ("::ffff:0:0", .v6(high: 0, low: 0xFFFF_0000_0000), "::ffff:0.0.0.0"),
        ("::192.0.2.1", .v6(high: 0, low: 0xC000_0201), "::c000:201"),
        ("64:ff9b::192.0.2.33", .v6(high: 0x0064_FF9B_0000_0000, low: 0xC000_0221), "64:ff9b::c000:221"),
        ("1:2:3:4:5:6:1.2.3.4", .v6(high: 0x0001_0002_0003_0004, low: 0x0005_0006_0102_0304), "1:2:3:4:5:6:102:304"),
        (
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .v6(high: .max, low: .max),
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        ),
    ])
    func readsAndWrites(_ text: String, _ address: IPAddress, _ written: String) {
        #expect(IPAddress(text) == address)
        #expect(address.description == written)
        #expect(IPAddress(written) == address)
    }

    @Test(arguments: [
        "", ".", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "1..2.3", "1.2.3.", ".1.2.3", "1.2.3.4 ",
        "0x1.2.3.4", "1.2.3.-4", "1.2.3.1000", ":", ":::", ":1", "1:", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1::2::3", "1:::2", "12345::", "::g", "::1%1", "[::1]", "::1.2.3",
        "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4::", "::1.2.3.256", "::01.2.3.4", "1:2:3:4:5:6:7:", "::1:",
    ])
    func refuses(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("::ffff:192.0.2.1", "192.0.2.1"), ("::fffe:c000:201", "::fffe:c000:201"), ("192.0.2.1", "192.0.2.1"), ("::1", "::1"),
    ])
    func unmapsIPv4(_ text: String, _ unmapped: String) throws {
        #expect(try #require(IPAddress(text)).unmapped.description == unmapped)
    }

    /// Whatever it writes it reads again, and it stays within the space it asks for.
    @Test(arguments: [11, 12] as [UInt64])
    func readsWhatItWrites(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<5000 {
            // Zero groups are rare in random numbers: mask some out.
            var parts: [UInt64] = [0, 0]
            for part in 0..<2 {
                for _ in 0..<4 {
                    parts[part] = parts[part] << 16 | (Bool.random(using: &random) ? 0 : random.next() >> UInt64.random(in: 48...63, using: &random))
                }
            }
            for address in [IPAddress.v6(high: parts[0], low: parts[1]), .v4(UInt32(truncatingIfNeeded: random.next()))] {
                try #require(IPAddress(address.description) == address)
            }
        }
    }

    @Test(arguments: [13] as [UInt64])
    func noiseNeverTraps(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("0123456789abcdefF:::::...%[]x".utf8)
        var read = 0
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...24, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            guard let address = IPAddress(text.span) else { continue }
            read += 1
            #expect(IPAddress(address.description) == address)
        }
        #expect(read > 0)
    }
}
