import Testing
@testable import Routing

/// `upstream-hash-by` (R32).
@Suite struct HashTemplateTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let parts: [HashTemplate.Part]
        var testDescription: String { "R32 \(text)" }
    }

    @Test(arguments: [
        Case(text: "$request_uri", parts: [.requestURI]),
        Case(text: "$uri", parts: [.path]),
        Case(text: "${document_uri}", parts: [.path]),
        Case(text: "$args", parts: [.query]),
        Case(text: "$query_string", parts: [.query]),
        Case(text: "$arg_user", parts: [.value(.query("user"))]),
        Case(text: "$host", parts: [.host]),
        Case(text: "$http_x_user", parts: [.value(.header("X-User"))]),
        Case(text: "$cookie_Sid", parts: [.value(.cookie("sid"))]),
        Case(text: "$remote_addr", parts: [.clientAddress]),
        Case(text: "$binary_remote_addr", parts: [.clientAddressBytes]),
        Case(text: "$scheme$request_method", parts: [.scheme, .method]),
        Case(text: "a-$host/${arg_id}b$", parts: []),
        Case(text: "a-$host/${arg_id}b", parts: [.text(utf8("a-")), .host, .text(utf8("/")), .value(.query("id")), .text(utf8("b"))]),
        Case(text: "constant", parts: [.text(utf8("constant"))]),
    ])
    func parsed(_ test: Case) throws {
        guard !test.parts.isEmpty else {
            #expect(throws: HashTemplate.Malformed.strayDollar) { try HashTemplate(test.text) }
            return
        }
        let template = try HashTemplate(test.text)
        #expect(template.parts == test.parts)
        #expect(template.description == test.text)
        #expect(template.isConstant == !test.text.contains("$"))
    }

    @Test(arguments: [
        ("$nothing", HashTemplate.Malformed.unknownVariable("$nothing")), ("${upstream_addr}", .unknownVariable("$upstream_addr")),
        ("$http_", .unknownVariable("$http_")), ("$arg_", .unknownVariable("$arg_")), ("$Host", .unknownVariable("$Host")),
        ("$", .strayDollar), ("$$host", .strayDollar), ("${host", .strayDollar), ("${}", .strayDollar), ("$-", .strayDollar),
    ])
    func refused(_ text: String, _ fault: HashTemplate.Malformed) {
        #expect(throws: fault) { try HashTemplate(text) }
    }
}
