import Foundation
import Testing

/// Bytes in which two recipients could see different requests: judged by what the origin got, byte for byte, and not by the
/// status alone. In all texts `|` stands for a line end.
@Suite struct SmugglingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let sent: String
        var statuses = [400]
        var closes = true
        /// Without the fields that the proxy adds.
        var seen: [String] = []
        var testDescription: String { name }
    }

    /// What must never become a request of its own unless it is one.
    private static let smuggled = "GET /smuggled HTTP/1.1|Host: a||"
    private static let post = "POST / HTTP/1.1|Host: a|"
    private static let chunked = post + "Transfer-Encoding: chunked||"

    @Test(arguments: heads + chunks) func isRefusedWithAllThatFollows(_ test: Case) throws { try Self.play(test) }

    @Test(arguments: understood) func goesOnAsItWasUnderstood(_ test: Case) throws { try Self.play(test) }

    // MARK: Refused

    static let heads = [
        Case(name: "CL.TE", sent: post + "Content-Length: 6|Transfer-Encoding: chunked||0||" + smuggled),
        Case(name: "TE.CL", sent: post + "Transfer-Encoding: chunked|Content-Length: 4||23|" + smuggled + "|0||"),
        Case(name: "two lengths", sent: post + "Content-Length: 0|Content-Length: 35||" + smuggled),
        Case(name: "two equal lengths", sent: post + "Content-Length: 35|Content-Length: 35||" + smuggled),
        Case(name: "a list of lengths", sent: post + "Content-Length: 0, 35||" + smuggled),
        Case(name: "a signed length", sent: post + "Content-Length: +35||" + smuggled),
        Case(name: "a length in hexadecimal", sent: post + "Content-Length: 0x23||" + smuggled),
        Case(name: "a length of no digits", sent: post + "Content-Length: ||" + smuggled),
        Case(name: "a blank before the colon of a length", sent: post + "Content-Length : 35||" + smuggled),
        Case(name: "a blank before the colon of a coding", sent: post + "Content-Length: 5|Transfer-Encoding : chunked||0||" + smuggled),
        Case(name: "a folded coding", sent: post + "Content-Length: 5|Transfer-Encoding:| chunked||0||" + smuggled),
        Case(name: "a coding after another", sent: post + "Transfer-Encoding: gzip, chunked||0||" + smuggled),
        Case(name: "a coding before another", sent: post + "Transfer-Encoding: chunked, identity||0||" + smuggled),
        Case(name: "two lines of coding", sent: post + "Transfer-Encoding: chunked|Transfer-Encoding: x||0||" + smuggled),
        Case(name: "a coding nobody knows", sent: post + "Transfer-Encoding: xchunked||0||" + smuggled, statuses: [501]),
        Case(name: "a coding in HTTP/1.0", sent: "POST / HTTP/1.0|Host: a|Transfer-Encoding: chunked||0||" + smuggled),
        Case(name: "a bare LF between fields", sent: post + "X: y\nContent-Length: 35||" + smuggled),
        Case(name: "a bare LF before the blank line", sent: "GET / HTTP/1.1|Host: a\n|" + smuggled),
        Case(name: "a bare LF as the blank line", sent: "GET / HTTP/1.1|Host: a|\n" + smuggled),
        Case(name: "a bare CR between fields", sent: post + "X: y\rContent-Length: 35||" + smuggled),
        Case(name: "NUL within a field", sent: post + "X: y\0|Content-Length: 35||" + smuggled),
        Case(name: "a field without a name", sent: post + ": x|Content-Length: 35||" + smuggled),
        Case(name: "a field without a colon", sent: post + "Content-Length 35||" + smuggled),
        Case(name: "a blank before the first field", sent: "GET / HTTP/1.1| Host: a||" + smuggled),
        Case(name: "two Hosts", sent: "GET / HTTP/1.1|Host: a|Host: b||" + smuggled),
        Case(name: "a fragment", sent: "GET /#| HTTP/1.1|Host: a||" + smuggled),
        Case(name: "two requests in a target", sent: "GET /x HTTP/1.1 GET /smuggled HTTP/1.1|Host: a||" + smuggled),
        Case(name: "HTTP/0.9", sent: "GET /|" + smuggled),
    ]

    private static let badChunks: KeyValuePairs<String, String> = [
        "a sign": "+23|\(smuggled)|0||", "a prefix": "0x23|\(smuggled)|0||", "a blank before": " 23|\(smuggled)|0||",
        "an underscore": "2_3|\(smuggled)|0||", "no size": "|\(smuggled)|0||", "2^64 and more": "10000000000000023|\(smuggled)|0||",
        "a size that ends with LF": "23\n\(smuggled)|0||", "a size that ends with CR": "23\r\(smuggled)|0||",
        "data beyond the size": "5|helloX|0||\(smuggled)", "no line end behind the data": "5|hello0||\(smuggled)",
        "an extension that ends with LF": "5;a=b\nhello|0||\(smuggled)", "LF within an extension": "5;\n23|hello|0||\(smuggled)",
        "a quoted line end": "5;a=\"|\"|hello|0||\(smuggled)", "NUL within an extension": "5;a\0|hello|0||\(smuggled)",
        "the last chunk ends with LF": "0\n|\(smuggled)", "the blank line ends with LF": "0|\n\(smuggled)",
        "a trailer with a blank before its colon": "0|X : y||\(smuggled)", "a folded trailer": "0| X: y||\(smuggled)",
        "a bare CR within a trailer": "0|X: y\rZ: 1||\(smuggled)",
    ]

    static let chunks = badChunks.map { Case(name: "chunks: \($0.key)", sent: chunked + $0.value) }

    // MARK: Understood

    private static let get = "GET / HTTP/1.1|Host: a||"

    static let understood = [
        Case(
            name: "a request as the body of a GET", sent: "GET / HTTP/1.1|Host: a|Content-Length: 35||" + smuggled, statuses: [200],
            closes: false, seen: ["GET / HTTP/1.1|Host: a|Content-Length: 35||" + smuggled]),
        Case(
            name: "a request as the body of a DELETE", sent: "DELETE / HTTP/1.1|Host: a|Transfer-Encoding: chunked||23|\(smuggled)|0||",
            statuses: [200], closes: false, seen: ["DELETE / HTTP/1.1|Host: a|Transfer-Encoding: chunked||23|\(smuggled)|0||"]),
        Case(
            name: "extensions and trailers stay here", sent: chunked + "005;a=\"b;\"|hello|000;c|Host: b|Content-Length: 35||" + get,
            statuses: [200, 200], closes: false, seen: [chunked + "5|hello|0||", get]),
        Case(
            name: "a coding in capitals and blanks", sent: post + "tRANSFER-eNCODING:\t CHUNKED \t||5|hello|0||", statuses: [200],
            closes: false, seen: [chunked + "5|hello|0||"]),
        Case(
            name: "a length with zeros", sent: post + "Content-Length: 0005||hello" + get, statuses: [200, 200], closes: false,
            seen: [post + "Content-Length: 5||hello", get]),
        Case(
            name: "no length is no body", sent: post + "|" + get, statuses: [200, 200], closes: false,
            seen: [post + "|", get]),
        Case(
            name: "a length that Connection names", sent: post + "Connection: Content-Length, Host|Content-Length: 35||" + smuggled,
            statuses: [200], closes: false, seen: [post + "Content-Length: 35||" + smuggled]),
        Case(
            name: "a coding that Connection names", sent: post + "Connection: Transfer-Encoding|Transfer-Encoding: chunked||5|hello|0||",
            statuses: [200], closes: false, seen: [chunked + "5|hello|0||"]),
        Case(
            name: "a length with an underscore", sent: post + "Content_Length: 33|Content-Length: 0||" + get, statuses: [200, 200],
            closes: false, seen: [post + "Content-Length: 0||", get]),
        Case(
            name: "nothing behind Connection: close", sent: "GET / HTTP/1.1|Host: a|Connection: close||" + smuggled, statuses: [200],
            seen: [get]),
        Case(name: "nothing behind HTTP/1.0", sent: "GET / HTTP/1.0|Host: a||" + smuggled, statuses: [200], seen: [get]),
        Case(
            name: "h2c is no upgrade",
            sent: "GET / HTTP/1.1|Host: a|Connection: Upgrade, HTTP2-Settings|Upgrade: h2c|HTTP2-Settings: AAMAAABk||PRI * HTTP/2.0||SM||",
            statuses: [200, 505], seen: [get]),
        Case(
            name: "an upgrade that the origin declines goes on as HTTP",
            sent: "GET / HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: websocket||" + get, statuses: [200, 200], closes: false,
            seen: ["GET / HTTP/1.1|Host: a|Connection: upgrade|Upgrade: websocket||", get]),
        Case(
            name: "the authority of an absolute form wins", sent: "GET http://a/x HTTP/1.1|Host: b||", statuses: [200], closes: false,
            seen: ["GET /x HTTP/1.1|Host: a||"]),
        Case(
            name: "an encoded line end stays encoded", sent: "GET /%0d%0aX:%20y?%0d%0aX:y HTTP/1.1|Host: a||", statuses: [200],
            closes: false, seen: ["GET /%0d%0aX:%20y?%0d%0aX:y HTTP/1.1|Host: a||"]),
        Case(name: "a blank line before each", sent: "|" + get + "|" + get, statuses: [200, 200], closes: false, seen: [get, get]),
        Case(name: "a good request and a bad one", sent: get + "GET / HTTP/1.1|Host : a||" + smuggled, statuses: [200, 400], seen: [get]),
    ]

    // MARK: Playing

    /// What the proxy adds, and what an upstream connection is told.
    private static let own = [
        "X-Request-ID", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto",
        "X-Forwarded-Scheme", "X-Scheme",
    ]

    private static func bytes(_ text: String) -> [UInt8] { Array(text.replacing("|", with: "\r\n").utf8) }

    private static func text(_ request: RecordedRequest) -> String {
        let lines = String(decoding: request.bytes, as: UTF8.self).components(separatedBy: "\r\n")
        return lines.filter { line in !own.contains { line.hasPrefix($0 + ":") } }.joined(separator: "|")
    }

    private static func play(_ test: Case) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        try client.send(bytes(test.sent))
        let answers = try test.statuses.map { _ in try client.readResponse() }
        #expect(answers.map(\.status) == test.statuses)
        #expect((answers.last?["Connection"] == "close") == test.closes)
        if test.closes { #expect(try client.isClosed()) } else { #expect(try client.get("/after", host: "a").status == 200) }
        // By the worker that has read the rest, if it did.
        #expect(try serin.client().get("/after", host: "a").status == 200)
        let seen = origin.requests.filter { !$0.head.startLine.contains("/after") }
        #expect(seen.map(text) == test.seen)
        let strayed = origin.requests.filter { !$0.surplus.isEmpty }
        #expect(strayed.isEmpty)
    }

    // MARK: Mutations

    /// A coding that is nearly one, beside a length: whatever is made of it, the origin gets one request with one framing, or none.
    @Test(arguments: ["0||GET /smuggled HTTP/1.1|Host: a||", "1|Z|Q"])
    func aNearlyCodedBodyIsNeverTwoRequests(_ body: String) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let content = Self.bytes(body)
        let length = body.hasPrefix("0") ? content.count : 4
        for line in Self.mutations {
            let before = origin.requests.count
            let client = try serin.client()
            try client.send(Array("POST / HTTP/1.1\r\n".utf8) + line + Array("\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n".utf8) + content)
            client.socket.shutdownWrite()
            let answer = String(decoding: try client.readToEnd(), as: UTF8.self)
            let seen = origin.requests[before...]
            let name = "\(String(decoding: line, as: UTF8.self).debugDescription): \(answer.prefix(40))"
            #expect(answer.hasPrefix("HTTP/1.1 "), "\(name)")
            guard let request = seen.first else { continue }
            #expect(seen.count == 1 && request.head.startLine == "POST / HTTP/1.1", "\(name)")
            #expect(request.head.all("Content-Length") == ["\(length)"] && request.head.all("Transfer-Encoding").isEmpty, "\(name)")
            #expect(request.body == Array(content.prefix(length)) && request.surplus.isEmpty, "\(name)")
        }
        #expect(try serin.client().get(host: "a").status == 200)
    }

    /// A byte that does not belong there, in each place of the line; and other spellings.
    private static let mutations: [[UInt8]] = {
        let strange = Array(UInt8.min...32) + [127, 128, 160, 255] + Array("\"'(),/:;<=>?@[\\]_`{|}~.-x0".utf8)
        let places = [("", "Transfer-Encoding: chunked"), ("Transfer", "Encoding: chunked"), ("Transfer-Encoding", ": chunked"),
            ("Transfer-Encoding:", "chunked"), ("Transfer-Encoding: chun", "ked"), ("Transfer-Encoding: chunked", "")]
        let spellings = [
            "Transfer-Encoding: identity", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Transfer-Encoding:\r\n chunked", "Transfer-Encoding: \r\n\tchunked",
            "X: y\nTransfer-Encoding: chunked", "X: y\rTransfer-Encoding: chunked", "X: y\r\n\rTransfer-Encoding: chunked",
            "Transfer-Encoding\r\n: chunked", "Transfer_Encoding: chunked", "Content-Encoding: chunked", "TE: chunked",
        ]
        return places.flatMap { before, behind in strange.map { Array(before.utf8) + [$0] + Array(behind.utf8) } } + spellings.map { Array($0.utf8) }
    }()
}
