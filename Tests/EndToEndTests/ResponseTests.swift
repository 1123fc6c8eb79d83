import Testing

/// What a client gets of an origin's response.
@Suite struct ResponseTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        /// The origin's bytes.
        let answer: String
        let status: Int
        var body = ""
        var fields: [String: String] = [:]
        var absent: [String] = []
        var persists = true
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(
            name: "with a length", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nhi", status: 200, body: "hi",
            fields: ["Content-Length": "2", "X-A": "b"], absent: ["Connection", "Transfer-Encoding"]),
        Case(
            name: "chunked", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhi\r\n1\r\n!\r\n0\r\nX-T: 1\r\n\r\n",
            status: 200, body: "hi!", fields: ["Transfer-Encoding": "chunked"], absent: ["Content-Length"]),
        Case(
            name: "until the end, which a client of HTTP/1.1 gets chunked", answer: "HTTP/1.1 200 OK\r\n\r\nhi", status: 200, body: "hi",
            fields: ["Transfer-Encoding": "chunked"], absent: ["Content-Length"]),
        Case(name: "from HTTP/1.0", answer: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi"),
        Case(name: "204 has no body", answer: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, absent: ["Transfer-Encoding", "Content-Length"]),
        Case(
            name: "304 has no body but may tell its length", answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: \"x\"\r\n\r\n",
            status: 304, fields: ["Content-Length": "7", "ETag": "\"x\""]),
        Case(
            name: "the answer to HEAD", request: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", answer: "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",
            status: 200, fields: ["Content-Length": "99"]),
        Case(
            name: "hop-by-hop fields stay here",
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=1\r\nProxy-Connection: x\r\n\r\n",
            status: 200, absent: ["X-Hop", "Keep-Alive", "Proxy-Connection", "Connection"]),
        Case(
            name: "an origin's close is its own", answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status: 200,
            absent: ["Connection"]),
        Case(name: "a Date is kept", answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDate: then\r\n\r\n", status: 200, fields: ["Date": "then"]),
        Case(name: "a status nobody knows", answer: "HTTP/1.1 599 Odd\r\nContent-Length: 0\r\n\r\n", status: 599),
        Case(
            name: "HTTP/1.0 clients get the end of the connection",
            request: "GET / HTTP/1.0\r\nHost: a\r\n\r\n", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            status: 200, body: "hi", fields: ["Connection": "close"], absent: ["Transfer-Encoding", "Content-Length"], persists: false),
        Case(
            name: "HTTP/1.0 clients keep no connection, even if they ask",
            request: "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            status: 200, body: "hi", fields: ["Connection": "close"], persists: false),
        Case(
            name: "a client that wants to close", request: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi", fields: ["Connection": "close"], persists: false),
        Case(name: "no answer", answer: "", status: 502),
        Case(name: "half a head", answer: "HTTP/1.1 200 OK\r\nContent-", status: 502),
        Case(name: "no HTTP", answer: "SSH-2.0-OpenSSH_9\r\n\r\n", status: 502),
        Case(name: "two lengths", answer: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhi", status: 502),
        Case(name: "a coding nobody asked for", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", status: 502),
        Case(name: "an upgrade nobody asked for", answer: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", status: 502),
    ])
    func isPassedOn(_ test: Case) throws {
        let origin = try RecordingOrigin { connection in
            // One answer a connection, so that all framings have their end.
            if try connection.readRequest() != nil { try connection.send(test.answer) }
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        for _ in 0..<(test.persists ? 2 : 1) {
            let response = try client.exchange(test.request, method: String(test.request.prefix { $0 != " " }))
            #expect(response.status == test.status)
            if test.status < 500 { #expect(response.text == test.body) }
            for (name, value) in test.fields { #expect(response[name] == value, "\(response.head)") }
            for name in test.absent { #expect(response[name] == nil, "\(response.head)") }
            #expect(response["Date"] != nil)
        }
        if !test.persists { #expect(try client.isClosed()) }
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() throws {
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() { try connection.answer(request.head.startLine + request.text + "\n", to: request) }
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        var requests = "", expected: [String] = []
        for index in 0..<40 {
            let body = index % 3 == 0 ? String(repeating: "b", count: index) : ""
            let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
            requests += "\(body.isEmpty ? "GET" : "PUT") /\(index) HTTP/1.1\r\nHost: a\r\n\(length)\r\n\(body)"
            expected.append("\(body.isEmpty ? "GET" : "PUT") /\(index) HTTP/1.1\(body)\n")
        }
        try client.send(requests)
        var answers: [String] = []
        for _ in 0..<40 { answers.append(try client.readResponse().text) }
        #expect(answers == expected)
    }

    enum Meanwhile: String, CaseIterable { case anotherRequest, theEnd }

    /// What arrives while an answer is awaited announces itself once; it must not be forgotten when the answer is out.
    @Test(arguments: Meanwhile.allCases)
    func whatComesDuringARequestIsSeenAfterIt(_ meanwhile: Meanwhile) throws {
        let gate = Gate()
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                try gate.wait()
                try connection.answer(request.head.startLine, to: request)
            }
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        try client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try origin.requests(1)
        switch meanwhile {
        case .anotherRequest: try client.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
        case .theEnd: client.socket.shutdownWrite()
        }
        // Answered by the same worker, which has taken notice of the first client by then.
        #expect(try serin.client().exchange("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n").status == 405)
        gate.open()
        #expect(try client.readResponse().text == "GET /1 HTTP/1.1")
        switch meanwhile {
        case .anotherRequest: #expect(try client.readResponse().text == "GET /2 HTTP/1.1")
        case .theEnd: #expect(try client.isClosed())
        }
    }

    @Test func aRequestMayComeByteByByte() throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        for byte in "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".utf8 { try client.send([byte]) }
        #expect(try client.readResponse().text == "app\n")
        #expect(try origin.requests(1)[0].text == "abc")
    }

    @Test func interimResponsesPass() throws {
        let origin = try RecordingOrigin.answering(
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let hints = try client.readHead()
        #expect(hints.startLine == "HTTP/1.1 103 Early Hints")
        #expect(hints["Link"] == "</a.css>")
        #expect(try client.readResponse().text == "hi")
        let old = try serin.client()
        #expect(try old.exchange("GET / HTTP/1.0\r\nHost: a\r\n\r\n").text == "hi", "HTTP/1.0 knows none")
    }

    @Test func curlGetsItsContinue() throws {
        let origin = try RecordingOrigin { connection in
            guard let head = try connection.readHead(), head["Expect"] == "100-continue" else { return }
            try connection.send("HTTP/1.1 100 Continue\r\n\r\n")
            let body = try connection.read(5)
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
            try connection.send(body)
        }
        let serin = try SerinProcess(.origin(origin))
        let answer = try Curl.run("-H", "Expect: 100-continue", "--expect100-timeout", "20", "-d", "hello", serin.url + "/")
        #expect(answer.status == 200)
        #expect(answer.body == "hello")
        #expect(answer.trace.contains("HTTP/1.1 100 Continue"), "\(answer.trace)")
    }

    @Test func aRefusedExpectationSparesTheBody() throws {
        let origin = try RecordingOrigin { connection in
            _ = try connection.readHead()
            try connection.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")
            _ = try connection.readToEnd()
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        let response = try client.exchange("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        #expect(response.status == 401)
        #expect(response.text == "no")
        #expect(try client.isClosed(), "what it sends now would not be a request")
    }

    @Test func anAnswerMayComeBeforeTheRequestIsWhole() throws {
        let origin = try RecordingOrigin { connection in
            _ = try connection.readHead()
            try connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
            connection.socket.shutdownWrite()
            _ = try connection.readToEnd()
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nbeginning")
        let response = try client.readResponse()
        #expect(response.status == 403)
        #expect(response.text == "no")
        #expect(try client.isClosed(), "the rest of the request is not read as another one")
    }
}

extension ResponseTests {
    struct Cut: Sendable, CustomTestStringConvertible {
        let name: String
        let head: String
        var resets = false
        var testDescription: String { name }
    }

    @Test(arguments: [
        Cut(name: "within a length", head: "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome"),
        Cut(name: "within a chunk", head: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nsome"),
        Cut(name: "between chunks", head: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n"),
        Cut(name: "by a reset", head: "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome", resets: true),
        Cut(name: "by a reset, where the end is the end", head: "HTTP/1.1 200 OK\r\n\r\nsome", resets: true),
    ])
    func aBodyThatBreaksOffDoesNotLookWhole(_ test: Cut) throws {
        let gate = Gate()
        let origin = try RecordingOrigin { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send(test.head)
            try gate.wait()
            if test.resets { connection.socket.reset() }
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try eventually("the beginning") { client.socket.isReadable }
        gate.open()
        #expect(throws: (any Error).self) { try client.readResponse() }
        try serin.waitForLog("upstream")
    }
}
