import Glibc
import Synchronization
import Testing

/// Pooled connections that have something to say before they are asked again.
@Suite struct PoolTests {
    /// What comes of idle connections to the origin while Serin does not look.
    enum Event: String, Sendable, CaseIterable { case response, end }

    struct Case: Sendable, CustomTestStringConvertible {
        let event: Event
        let clients: Int
        var testDescription: String { "\(event) on each of \(clients)" }

        /// The second number makes more events than are fetched at a time.
        static let all = Event.allCases.flatMap { event in [100, 300].map { Case(event: event, clients: $0) } }
    }

    /// Connections that a worker keeps to an endpoint.
    private static let pooled = 256

    /// Whatever order events come in, no request goes out on a connection of which one is there (http-edge duties 39 and 44).
    @Test(arguments: Case.all)
    func whatIsUnreadIsNobodysAnswer(_ test: Case) throws {
        let connections = Mutex<[OriginConnection]>([])
        let all = Gate()
        let origin = try RecordingOrigin { connection in
            connections.withLock { $0.append(connection) }
            defer { connections.withLock { $0.removeAll { $0 === connection } } }
            while let request = try connection.readRequest() {
                // So that each request has a connection of its own.
                try all.wait()
                try connection.answer(request.text, to: request)
            }
        }
        let serin = try SerinProcess(.origin(origin))
        let clients = try (0..<test.clients).map { _ in try serin.client() }
        for client in clients { try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst") }
        _ = try origin.requests(test.clients)
        all.open()
        for client in clients { #expect(try client.readResponse(to: "POST").text == "first") }
        try eventually("the rest to be closed") { connections.withLock { $0.count } <= Self.pooled }

        try serin.process.freeze()
        for (index, client) in clients.enumerated() {
            let body = "right \(index)"
            try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
        for connection in connections.withLock({ $0 }) {
            switch test.event {
            case .response: try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong")
            case .end: connection.socket.shutdownWrite()
            }
        }
        serin.process.signal(SIGCONT)
        for (index, client) in clients.enumerated() {
            let response = try client.readResponse(to: "POST")
            #expect(response.status == 200 && response.text == "right \(index)")
        }
    }
}
