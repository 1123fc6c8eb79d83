import Addressing
import Server
import Testing
@testable import Server

/// What `serin explain` and `POST /v1/explain` take.
@Suite struct QuestionTests {
    typealias Question = Explanation.Question

    struct URLCase: Sendable, CustomTestStringConvertible {
        let url: String
        let authority: String
        let target: String
        var testDescription: String { url }
    }

    @Test(arguments: [
        URLCase(url: "http://www.example.com/a/b?c=d", authority: "www.example.com", target: "/a/b?c=d"),
        URLCase(url: "HTTPS://www.example.com:8443", authority: "www.example.com:8443", target: "/"),
        URLCase(url: "www.example.com", authority: "www.example.com", target: "/"),
        URLCase(url: "www.example.com?x", authority: "www.example.com", target: "/?x"),
        URLCase(url: "www.example.com/?to=http://other.example/", authority: "www.example.com", target: "/?to=http://other.example/"),
        URLCase(url: "www.example.com/a%2Fb/../c#part", authority: "www.example.com", target: "/a%2Fb/../c"),
        URLCase(url: "[::1]:8080/x", authority: "[::1]:8080", target: "/x"),
    ])
    func urls(_ test: URLCase) throws {
        let question = try Question(url: test.url)
        #expect(question.authority == test.authority)
        #expect(question.target == test.target)
    }

    @Test(arguments: ["", "http://", "/path", "?x", "#x", "ftp://www.example.com/", "http://a.example/\r\nX: y", "a.example/\u{7F}"])
    func noURLs(_ url: String) {
        #expect(throws: Question.Malformed.self) { try Question(url: url) }
    }

    struct Body: Sendable, CustomTestStringConvertible {
        let name: String
        let json: String
        var method = "GET"
        var fields: [String] = []
        var client: String?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Body(name: "the least", json: #"{"url":"a.example/"}"#),
        Body(name: "a method", json: #"{"url":"a.example/","method":"DELETE"}"#, method: "DELETE"),
        Body(name: "an object of headers", json: #"{"url":"a.example/","headers":{"b":"1","a":""}}"#, fields: ["b: 1", "a: "]),
        Body(
            name: "pairs of headers, one twice", json: #"{"url":"a.example/","headers":[["Cookie","a=b"],["cookie","c=d:e"]]}"#,
            fields: ["Cookie: a=b", "cookie: c=d:e"]),
        Body(name: "no headers", json: #"{"url":"a.example/","headers":[]}"#),
        Body(name: "a client", json: #"{"url":"a.example/","clientIP":"2001:db8::1"}"#, client: "2001:db8::1"),
        Body(name: "a tab in a value", json: #"{"url":"a.example/","headers":{"a":"b\tc"}}"#, fields: ["a: b\tc"]),
    ])
    func bodies(_ test: Body) throws {
        let question = try Question(json: Array(test.json.utf8))
        #expect(question.authority == "a.example" && question.target == "/")
        #expect(question.method == test.method)
        #expect(question.fields == test.fields)
        #expect(question.client == test.client.flatMap { IPAddress($0) })
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        let json: String
        let says: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Fault(name: "nothing", json: "", says: "not JSON: at byte 0"),
        Fault(name: "not JSON", json: "{url: 1}", says: "not JSON: at byte 1"),
        Fault(name: "not an object", json: "[]", says: "the body is an object, not an array"),
        Fault(name: "no URL", json: "{}", says: "`url` is missing"),
        Fault(name: "a URL that is none", json: #"{"url":"/x"}"#, says: "names no host"),
        Fault(name: "a URL of another kind", json: #"{"url":7}"#, says: "`url` is a string, not a number"),
        Fault(name: "an unknown name", json: #"{"url":"a/","clientIp":"::1"}"#, says: "unknown name \"clientIp\"; there are method, url, headers, clientIP"),
        Fault(name: "a method that is null", json: #"{"url":"a/","method":null}"#, says: "`method` is a string, not null"),
        Fault(name: "a method that is none", json: #"{"url":"a/","method":"GET /x"}"#, says: "the method is a token"),
        Fault(name: "an empty method", json: #"{"url":"a/","method":""}"#, says: "the method is a token"),
        Fault(name: "headers of another kind", json: #"{"url":"a/","headers":"a: b"}"#, says: "`headers` is an object or an array, not a string"),
        Fault(name: "a header of three", json: #"{"url":"a/","headers":[["a","b","c"]]}"#, says: "[name, value], not an array"),
        Fault(name: "a header that is no pair", json: #"{"url":"a/","headers":["a: b"]}"#, says: "[name, value], not a string"),
        Fault(name: "a value of another kind", json: #"{"url":"a/","headers":{"a":["b"]}}"#, says: "`headers` is a string, not an array"),
        Fault(name: "a name of nothing", json: #"{"url":"a/","headers":{"":"b"}}"#, says: "is not the name of a field"),
        Fault(name: "a name with a colon", json: #"{"url":"a/","headers":{"a:b":"c"}}"#, says: "is not the name of a field"),
        Fault(name: "a line break in a value", json: #"{"url":"a/","headers":{"a":"b\r\nc: d"}}"#, says: "a field is one line"),
        Fault(name: "an address that is none", json: #"{"url":"a/","clientIP":"me"}"#, says: "\"me\" is not an IP address"),
    ])
    func faults(_ test: Fault) throws {
        let malformed = #expect(throws: Question.Malformed.self) { try Question(json: Array(test.json.utf8)) }
        #expect(malformed?.description.contains(test.says) == true, "\(malformed?.description ?? "")")
    }
}
