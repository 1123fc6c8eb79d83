import Testing

/// Long bodies, slow readers, and the memory they cost.
@Suite struct BodyTests {
    /// What the process may grow by while a body of 200 MB waits: sockets' and relays' buffers, not the body.
    private static let growth = 24 << 10
    private static let size = 200_000_000
    private static let block = [UInt8]((0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31) })

    @Test func aClientThatDoesNotReadCostsNoMemory() throws {
        let sent = Counter()
        let origin = try RecordingOrigin { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.size)\r\n\r\n")
            var left = Self.size
            while left > 0 {
                let count = min(left, Self.block.count)
                try connection.send(Array(Self.block[..<count]))
                left -= count
                sent.add(count)
            }
        }
        let serin = try SerinProcess(.origin(origin))
        let before = try serin.process.residentKilobytes()
        let client = try serin.client(receiveBuffer: 64 << 10)
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readHead()["Content-Length"] == "\(Self.size)")
        // The origin comes to a standstill once every buffer is full.
        try sent.waitForStandstill()
        #expect(sent.value < Self.size / 2, "the origin is held back")
        #expect(try serin.process.residentKilobytes() - before < Self.growth)
        try client.skip(Self.size)
        #expect(try serin.process.residentKilobytes() - before < Self.growth)
    }

    @Test func anOriginThatDoesNotReadCostsNoMemory() throws {
        let gate = Gate()
        let origin = try RecordingOrigin { connection in
            _ = try connection.readHead()
            try gate.wait()
            try connection.skip(Self.size)
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            _ = try connection.readToEnd()
        }
        let serin = try SerinProcess(.origin(origin, settings: "limits: {body: 0}"))
        let before = try serin.process.residentKilobytes()
        let client = try serin.client()
        let sent = Counter()
        let sender = Sender(client.socket, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(Self.size)\r\n\r\n", Self.block, Self.size, sent)
        try eventually("a beginning") { sent.value > 0 }
        try sent.waitForStandstill()
        #expect(sent.value < Self.size / 2, "the client is held back")
        #expect(try serin.process.residentKilobytes() - before < Self.growth)
        gate.open()
        #expect(try client.readResponse(to: "POST").text == "ok")
        try sender.wait()
        #expect(try serin.process.residentKilobytes() - before < Self.growth)
    }

    @Test(arguments: [0, 1, 2047, 16_384, 65_537, 1_000_003])
    func bytesArriveUnchanged(_ count: Int) throws {
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                let isChunked = request["Transfer-Encoding"] != nil
                try connection.send("HTTP/1.1 200 OK\r\n\(isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(request.body.count)")\r\n\r\n")
                guard isChunked else {
                    try connection.send(request.body)
                    continue
                }
                for start in stride(from: 0, to: request.body.count, by: 40_000) {
                    let part = request.body[start..<min(start + 40_000, request.body.count)]
                    try connection.send(Array("\(String(part.count, radix: 16))\r\n".utf8) + part + [13, 10])
                }
                try connection.send("0\r\n\r\n")
            }
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        let body = (0..<count).map { Self.block[$0 % Self.block.count] }
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n")
        try client.send(body)
        #expect(try client.readResponse(to: "POST").body == body)
        try client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in stride(from: 0, to: count, by: 30_000) {
            let part = body[start..<min(start + 30_000, count)]
            try client.send(Array("\(String(part.count, radix: 16))\r\n".utf8) + part + [13, 10])
        }
        try client.send("0\r\n\r\n")
        #expect(try client.readResponse(to: "POST").body == body)
    }

    @Test func aStreamFlowsAsItComes() throws {
        let gates = [Gate(), Gate()]
        let origin = try RecordingOrigin { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
            for (index, gate) in gates.enumerated() {
                try gate.wait()
                try connection.send("data: \(index + 2)\n\n")
            }
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        try client.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
        _ = try client.readHead()
        #expect(try client.readExactly(9) == Array("data: 1\n\n".utf8))
        gates[0].open()
        #expect(try client.readExactly(9) == Array("data: 2\n\n".utf8))
        gates[1].open()
        #expect(try client.readExactly(9) == Array("data: 3\n\n".utf8))
        #expect(try client.isClosed())
    }
}
