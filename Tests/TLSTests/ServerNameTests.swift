import Testing
@testable import TLS

@Suite struct ServerNameTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let expect: String?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "one name", bytes: [0, 7, 0, 0, 4] + Array("a.bc".utf8), expect: "a.bc"),
        Case(name: "what follows the name is no matter", bytes: [0, 9, 0, 0, 4] + Array("a.bc".utf8) + [1, 2], expect: "a.bc"),
        Case(name: "nothing", bytes: [], expect: nil),
        Case(name: "an empty list", bytes: [0, 0], expect: nil),
        Case(name: "a list that says it is longer", bytes: [0, 8, 0, 0, 4] + Array("a.bc".utf8), expect: nil),
        Case(name: "a list that says it is shorter", bytes: [0, 6, 0, 0, 4] + Array("a.bc".utf8), expect: nil),
        Case(name: "another type", bytes: [0, 7, 1, 0, 4] + Array("a.bc".utf8), expect: nil),
        Case(name: "an empty name", bytes: [0, 3, 0, 0, 0], expect: nil),
        Case(name: "a name that reaches beyond the end", bytes: [0, 7, 0, 255, 255] + Array("a.bc".utf8), expect: nil),
    ])
    func isRead(_ example: Case) {
        let range = ServerNameExtension.hostName(in: example.bytes.span)
        #expect(range.map { String(decoding: example.bytes[$0], as: UTF8.self) } == example.expect)
    }

    @Test(arguments: [
        Case(name: "the only one", bytes: [8] + Array("http/1.1".utf8), expect: "http/1.1"),
        Case(name: "the second", bytes: [2] + Array("h2".utf8) + [8] + Array("http/1.1".utf8), expect: "http/1.1"),
        Case(name: "others", bytes: [2] + Array("h2".utf8) + [8] + Array("http/1.0".utf8), expect: nil),
        Case(name: "only the beginning of it", bytes: [7] + Array("http/1.".utf8), expect: nil),
        Case(name: "cut off", bytes: [8] + Array("http/1.".utf8), expect: nil),
        Case(name: "empty names", bytes: [0, 0, 0], expect: nil),
        Case(name: "nothing", bytes: [], expect: nil),
    ])
    func protocolsAreFound(_ example: Case) {
        let range = ProtocolList.find("http/1.1", in: example.bytes.span)
        #expect(range.map { String(decoding: example.bytes[$0], as: UTF8.self) } == example.expect)
    }
}
