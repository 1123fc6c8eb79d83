import Routing
import Testing

@Suite struct EndpointAddressTests {
    @Test(arguments: [
        (.ipv4(0x7F00_0001, port: 80), "127.0.0.1:80"),
        (.ipv4(0xFFFF_FF00, port: 65535), "255.255.255.0:65535"),
        (.ipv6(high: 0, low: 1, port: 80), "[::1]:80"),
        (.ipv6(high: 0, low: 0, port: 80), "[::]:80"),
        (.ipv6(high: 0x2001_0DB8_0000_0000, low: 0, port: 1), "[2001:db8::]:1"),
        (.ipv6(high: 0x2001_0DB8_0000_0001, low: 0x0000_0000_0000_0001, port: 1), "[2001:db8:0:1::1]:1"),
        (.ipv6(high: 0x2001_0000_0000_0001, low: 0x0001_0000_0000_0001, port: 1), "[2001::1:1:0:0:1]:1"),
        (.ipv6(high: 0x0001_0000_0002_0003, low: 0x0004_0005_0006_0007, port: 1), "[1:0:2:3:4:5:6:7]:1"),
        (.unix(path: "/run/app.sock"), "unix:/run/app.sock"),
        (.name(host: "app.internal", port: 8080), "app.internal:8080"),
    ] as [(EndpointAddress, String)]) func description(address: EndpointAddress, expected: String) {
        #expect(address.description == expected)
    }

    @Test func aWeightIsAtLeastOne() {
        #expect(Endpoint(address: .unix(path: "/s"), weight: 0).weight == 1)
        #expect(Endpoint(address: .unix(path: "/s")).labels.isEmpty)
    }
}
