import Addressing
import Testing

@Suite struct HostNameTableTests {
    private static let table = HostNameTable([
        ("shop.example.com", 1), ("*.example.com", 2), ("Example.COM", 3), ("*.shop.example.com", 4), ("a", 5), ("*.a", 6),
        ("shop.example.com", 7),
    ])

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let host: String
        let expect: Int?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "its own name, and of twins the first", host: "shop.example.com", expect: 1),
        Case(name: "in any case", host: "SHOP.Example.com", expect: 1),
        Case(name: "with a last dot", host: "shop.example.com.", expect: 1),
        Case(name: "a wildcard", host: "www.example.com", expect: 2),
        Case(name: "a wildcard is for one label", host: "a.b.example.com", expect: nil),
        Case(name: "the longer wildcard", host: "eu.shop.example.com", expect: 4),
        Case(name: "a wildcard is not for its own domain", host: "example.com", expect: 3),
        Case(name: "no label before the dot", host: ".example.com", expect: nil),
        Case(name: "one label", host: "a", expect: 5),
        Case(name: "under one label", host: "b.a", expect: 6),
        Case(name: "the beginning of a name", host: "shop.example", expect: nil),
        Case(name: "more than a name", host: "shop.example.com.org", expect: nil),
        Case(name: "nothing", host: "", expect: nil),
        Case(name: "a dot", host: ".", expect: nil),
        Case(name: "another name", host: "zebra.test", expect: nil),
        Case(name: "far too long", host: String(repeating: "a", count: 300), expect: nil),
    ])
    func finds(_ example: Case) {
        #expect(Self.table.find(Array(example.host.utf8).span) == example.expect)
    }

    @Test func anEmptyOneFindsNothing() {
        #expect(HostNameTable().isEmpty)
        #expect(HostNameTable().find(Array("a".utf8).span) == nil)
    }

    @Test func manyNamesAreAllFound() {
        let names = (0..<1000).map { "host-\($0).example" }
        let table = HostNameTable(names.enumerated().map { (name: $1, value: $0) })
        for (index, name) in names.enumerated() { #expect(table.find(Array(name.utf8).span) == index) }
        #expect(table.find(Array("host-1000.example".utf8).span) == nil)
    }
}
