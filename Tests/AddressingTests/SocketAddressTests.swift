import Addressing
import Testing

@Suite struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1:80", SocketAddress.ipv4(address: 0x7F00_0001, port: 80)),
        ("0.0.0.0:0", .ipv4(address: 0, port: 0)),
        ("255.255.255.255:65535", .ipv4(address: .max, port: 65535)),
        ("[::1]:80", .ipv6(high: 0, low: 1, port: 80, scope: 0)),
        ("[::]:8080", .ipv6(high: 0, low: 0, port: 8080, scope: 0)),
        ("[fe80::1%2]:443", .ipv6(high: 0xFE80_0000_0000_0000, low: 1, port: 443, scope: 2)),
        ("[fe80::1%4294967295]:443", .ipv6(high: 0xFE80_0000_0000_0000, low: 1, port: 443, scope: .max)),
        ("unix:/run/serin.sock", .unix(path: "/run/serin.sock")),
        ("unix:/a b:80", .unix(path: "/a b:80")),
    ])
    func readsAndWrites(_ text: String, _ address: SocketAddress) {
        #expect(SocketAddress(text) == address)
        #expect(address.description == text)
    }

    @Test(arguments: [
        "", ":", ":80", "80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:080", "127.0.0.1:+80",
        "127.0.0.1:80 ", " 127.0.0.1:80", "127.0.0.1:80:80", "localhost:80", "127.1:80", "::1:80", "[::1]", "[::1]:",
        "[::1:80", "::1]:80", "[]:80", "[127.0.0.1]:80", "[fe80::1%]:80", "[fe80::1%0]:80", "[fe80::1%eth0]:80",
        "[fe80::1%4294967296]:80", "[fe80::1%02]:80", "[%1]:80", "[::1]x:80", "127.0.0.1:100000", "127.0.0.1:8٠",
        "unix:", "unix:relative", "unix:/nul\0", "UNIX:/a", "unix:/" + String(repeating: "a", count: 107),
    ])
    func refuses(_ text: String) {
        #expect(SocketAddress(text) == nil)
    }

    @Test func takesTheLongestPathTheKernelTakes() {
        let path = "/" + String(repeating: "a", count: SocketAddress.maximumPathLength - 1)
        #expect(SocketAddress("unix:" + path) == .unix(path: path))
    }

    @Test func knowsItsParts() throws {
        let address = try #require(SocketAddress("[2001:db8::5]:99"))
        #expect(address.port == 99)
        #expect(address.ipAddress == IPAddress("2001:db8::5"))
        #expect(SocketAddress(.v4(1), port: 2) == .ipv4(address: 1, port: 2))
        let unix = SocketAddress.unix(path: "/a")
        #expect(unix.port == nil)
        #expect(unix.ipAddress == nil)
    }

    @Test(arguments: [
        ("127.0.0.1:1", true), ("127.255.0.9:1", true), ("128.0.0.1:1", false), ("[::1]:1", true), ("[::2]:1", false),
        ("0.0.0.0:1", false), ("[::]:1", false), ("unix:/a", true),
    ])
    func knowsLoopback(_ text: String, _ loopback: Bool) throws {
        #expect(try #require(SocketAddress(text)).isLoopback == loopback)
    }
}
