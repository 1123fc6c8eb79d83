import Addressing
import Testing

/// The PROXY protocol's headers, whole and as they grow byte by byte.
@Suite struct ProxyHeaderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let expect: Expectation
        var testDescription: String { name }

        init(_ name: String, _ bytes: [UInt8], _ expect: Expectation) {
            self.name = name
            self.bytes = bytes
            self.expect = expect
        }

        init(_ line: String, _ expect: Expectation) {
            self.init(line, Array(line.replacing("|", with: "\r\n").utf8), expect)
        }
    }

    enum Expectation: Sendable {
        /// `192.0.2.1:1>192.0.2.2:2`.
        case ends(String)
        case nobody
        case malformed
        case incomplete
    }

    private static func text(_ ends: ConnectionEnds) -> String {
        "\(SocketAddress(ends.source, port: ends.sourcePort))>\(SocketAddress(ends.destination, port: ends.destinationPort))"
    }

    static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]
    static let four: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 2, 0x30, 0x39, 0, 80]
    static let six: [UInt8] = [0x20, 1, 0xD, 0xB8] + Array(repeating: 0, count: 11) + [1] + [0x20, 1, 0xD, 0xB8]
        + Array(repeating: 0, count: 11) + [2, 0xFF, 0xFF, 1, 0xBB]

    /// Version 2: command, family and protocol, what follows.
    private static func binary(_ command: UInt8, _ kind: UInt8, _ rest: [UInt8], length: Int? = nil) -> [UInt8] {
        let length = length ?? rest.count
        return signature + [command, kind, UInt8(length >> 8), UInt8(length & 255)] + rest
    }

    static let lines: [Case] = [
        Case("PROXY TCP4 192.0.2.1 198.51.100.2 12345 80|", .ends("192.0.2.1:12345>198.51.100.2:80")),
        Case("PROXY TCP4 255.255.255.255 0.0.0.0 0 65535|", .ends("255.255.255.255:0>0.0.0.0:65535")),
        Case("PROXY TCP6 2001:db8::1 2001:db8:0:0:0:0:0:2 1 443|", .ends("[2001:db8::1]:1>[2001:db8::2]:443")),
        Case("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535|",
             .ends("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535>[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535")),
        Case("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2|", .ends("[::ffff:192.0.2.1]:1>[::1]:2")),
        Case("PROXY UNKNOWN|", .nobody),
        Case("PROXY UNKNOWN ffff::1 whatever there is|", .nobody),
        Case("PROXY|", .malformed), Case("PROXY |", .malformed), Case("PROXY  TCP4 192.0.2.1 198.51.100.2 1 2|", .malformed),
        Case("PROXY TCP4 192.0.2.1 198.51.100.2 1 2 |", .malformed), Case("PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3|", .malformed),
        Case("PROXY TCP4 192.0.2.1 198.51.100.2 1|", .malformed), Case("PROXY TCP4 192.0.2.1 198.51.100.2 1 |", .malformed),
        Case("PROXY TCP4 192.0.2.1  198.51.100.2 1 2|", .malformed), Case("PROXY TCP4 192.0.2.01 198.51.100.2 1 2|", .malformed),
        Case("PROXY TCP4 ::1 ::2 1 2|", .malformed), Case("PROXY TCP6 192.0.2.1 198.51.100.2 1 2|", .malformed),
        Case("PROXY TCP6 ::1%1 ::2 1 2|", .malformed), Case("PROXY TCP6 [::1] ::2 1 2|", .malformed),
        Case("PROXY TCP4 192.0.2.1 198.51.100.2 65536 2|", .malformed), Case("PROXY TCP4 192.0.2.1 198.51.100.2 01 2|", .malformed),
        Case("PROXY TCP4 192.0.2.1 198.51.100.2 -1 2|", .malformed), Case("PROXY TCP4 192.0.2.1 198.51.100.2 1 2x|", .malformed),
        Case("PROXY TCP5 192.0.2.1 198.51.100.2 1 2|", .malformed), Case("PROXY tcp4 192.0.2.1 198.51.100.2 1 2|", .malformed),
        Case("PROXY UDP4 192.0.2.1 198.51.100.2 1 2|", .malformed), Case("PROXY UNKNOW|", .malformed),
        Case("PROXY TCP4 192.0.2.1 198.51.100.2 1 2\n", .malformed), Case("proxy TCP4 192.0.2.1 198.51.100.2 1 2|", .malformed),
        Case("PROXY\tTCP4 192.0.2.1 198.51.100.2 1 2|", .malformed), Case("GET / HTTP/1.1|", .malformed), Case("\n", .malformed),
        Case("\u{16}\u{3}\u{1}", .malformed), Case("PROXY TCP4 192.0.2.1 198.51.100.2 1 2\r", .incomplete), Case("P", .incomplete),
        // The longest line is 107 bytes, its end included.
        Case("UNKNOWN of 107 bytes", Array(("PROXY UNKNOWN " + String(repeating: "x", count: 91) + "\r\n").utf8), .nobody),
        Case("UNKNOWN of 108 bytes", Array(("PROXY UNKNOWN " + String(repeating: "x", count: 92) + "\r\n").utf8), .malformed),
        Case("a line without an end", Array(("PROXY UNKNOWN " + String(repeating: "x", count: 200)).utf8), .malformed),
    ]

    static let binaries: [Case] = [
        Case("IPv4", binary(0x21, 0x11, four), .ends("192.0.2.1:12345>198.51.100.2:80")),
        Case("IPv6", binary(0x21, 0x21, six), .ends("[2001:db8::1]:65535>[2001:db8::2]:443")),
        Case("IPv4 with TLVs", binary(0x21, 0x11, four + [3, 0, 4, 1, 2, 3, 4, 0xE0, 0, 1, 7]), .ends("192.0.2.1:12345>198.51.100.2:80")),
        Case("TLVs are not looked at", binary(0x21, 0x11, four + [3, 0xFF, 0xFF, 1]), .ends("192.0.2.1:12345>198.51.100.2:80")),
        Case("as long as it may be", binary(0x21, 0x11, four + Array(repeating: 0, count: 4080 - 12)), .ends("192.0.2.1:12345>198.51.100.2:80")),
        Case("too long", binary(0x21, 0x11, four, length: 4081), .malformed),
        Case("LOCAL", binary(0x20, 0, []), .nobody), Case("LOCAL with addresses", binary(0x20, 0x11, four), .nobody),
        Case("LOCAL of a kind that nobody knows", binary(0x20, 0xFF, [1, 2, 3]), .nobody),
        Case("unspecified", binary(0x21, 0, []), .nobody), Case("unspecified with something", binary(0x21, 0, [1, 2, 3]), .nobody),
        Case("datagrams", binary(0x21, 0x12, four), .nobody), Case("a unix socket", binary(0x21, 0x31, Array(repeating: 0, count: 216)), .nobody),
        Case("too short for IPv4", binary(0x21, 0x11, Array(four.dropLast())), .malformed),
        Case("too short for IPv6", binary(0x21, 0x21, Array(six.dropLast())), .malformed),
        Case("another family", binary(0x21, 0x41, four), .malformed), Case("another protocol", binary(0x21, 0x13, four), .malformed),
        Case("another command", binary(0x22, 0x11, four), .malformed), Case("version 1", binary(0x11, 0x11, four), .malformed),
        Case("version 3", binary(0x31, 0x11, four), .malformed), Case("broken signature", [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 13, 0x21], .malformed),
        Case("blank lines", [13, 10, 71], .malformed), Case("not all of it", binary(0x21, 0x11, four, length: 13), .incomplete),
        Case("nothing", [], .incomplete), Case("the signature alone", signature, .incomplete),
    ]

    @Test(arguments: lines + binaries) func parse(_ test: Case) {
        let whole = ProxyHeader.parse(test.bytes.span)
        switch (test.expect, whole) {
        case (.malformed, .malformed), (.incomplete, .incomplete): break
        case (.nobody, .complete(nil, let length)): #expect(length == test.bytes.count)
        case (.ends(let expected), .complete(let ends?, let length)):
            #expect(length == test.bytes.count && Self.text(ends) == expected)
        default: Issue.record("\(whole)")
        }
        // What is there first never says otherwise, and what follows is not looked at.
        var last = ProxyHeader.Progress.incomplete
        for count in 0...test.bytes.count {
            let progress = ProxyHeader.parse(test.bytes.span.extracting(first: count))
            if last != .incomplete {
                #expect(progress == last, "after \(count) bytes")
            } else if progress != .incomplete, progress != .malformed {
                #expect(count == test.bytes.count)
            }
            last = progress
        }
        #expect(last == whole)
        if whole != .incomplete { #expect(ProxyHeader.parse((test.bytes + [80, 82, 79]).span) == whole) }
    }

    @Test(arguments: [
        ("192.0.2.1", "198.51.100.2", "192.0.2.1:54321>198.51.100.2:80"), ("2001:db8::1", "::2", "[2001:db8::1]:54321>[::2]:80"),
        ("192.0.2.1", "::2", "[::ffff:192.0.2.1]:54321>[::2]:80"), ("::1", "192.0.2.1", "[::1]:54321>[::ffff:192.0.2.1]:80"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "255.255.255.255", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:54321>[::ffff:255.255.255.255]:80"),
    ], ProxyHeader.Version.allCases)
    func whatIsWrittenIsRead(_ addresses: (source: String, destination: String, expect: String), _ version: ProxyHeader.Version) throws {
        let ends = ConnectionEnds(
            source: try #require(IPAddress(addresses.source)), sourcePort: 54_321,
            destination: try #require(IPAddress(addresses.destination)), destinationPort: 80)
        let bytes = Self.write(ends, version)
        guard case .complete(let read?, bytes.count) = ProxyHeader.parse(bytes.span) else {
            Issue.record("\(bytes)")
            return
        }
        #expect(Self.text(read) == addresses.expect)
    }

    @Test func theBytesAreThoseOfTheSpecification() throws {
        let ends = ConnectionEnds(
            source: .v4(0xC000_0201), sourcePort: 12_345, destination: .v4(0xC633_6402), destinationPort: 80)
        #expect(String(decoding: Self.write(ends, .v1), as: UTF8.self) == "PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\r\n")
        #expect(Self.write(ends, .v2) == Self.signature + [0x21, 0x11, 0, 12] + Self.four)
        #expect(String(decoding: Self.write(nil, .v1), as: UTF8.self) == "PROXY UNKNOWN\r\n")
        #expect(Self.write(nil, .v2) == Self.signature + [0x21, 0, 0, 0])
        for port: UInt16 in [0, 9, 10, 99, 100, 9999, 10_000, 65_535] {
            let ends = ConnectionEnds(source: .v4(0), sourcePort: port, destination: .v4(1), destinationPort: port)
            #expect(String(decoding: Self.write(ends, .v1), as: UTF8.self) == "PROXY TCP4 0.0.0.0 0.0.0.1 \(port) \(port)\r\n")
        }
    }

    private static func write(_ ends: ConnectionEnds?, _ version: ProxyHeader.Version) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xEE, count: ProxyHeader.maximumWrittenLength)
        var space = bytes.mutableSpan
        let count = ProxyHeader.write(ends, as: version, into: &space)
        return Array(bytes.prefix(count))
    }
}
