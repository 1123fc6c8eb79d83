import Glibc
import TestCertificates
import Testing

/// What TLS connections go through behind their handshake: hurried clients, long bodies, ends.
@Suite struct TLSConnectionTests {
    // MARK: Requests

    @Test func requestsFollowEachOtherOnOneConnection() throws {
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                try connection.answer(String(request.head.startLine.split(separator: " ")[1]), to: request)
            }
        }
        try TLSProxy(origin).python("""
            connection = connect()
            for index in range(50): expect(ask(connection, "/one/%d" % index)[2], b"/one/%d" % index)
            connection.sendall(b"".join(request("/pipelined/%d" % index) for index in range(50)))
            reader = Reader(connection)
            for index in range(50): expect(reader.response()[2], b"/pipelined/%d" % index)
            # Each in a record of its own, and cut anywhere.
            text = b"".join(request("/cut/%d" % index) for index in range(20))
            for start in range(0, len(text), 17): connection.sendall(text[start:start + 17])
            for index in range(20): expect(reader.response()[2], b"/cut/%d" % index)
            """)
    }

    /// More of them than a connection may have read in its turn; none is forgotten.
    @Test func theShortestRecordsAreAllRead() throws {
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() { try connection.answer("\(request.body.count)", to: request) }
        }
        try TLSProxy(origin).python("""
            count = 5000
            text = b"POST / HTTP/1.1\\r\\nHost: shop.test\\r\\nContent-Length: %d\\r\\n\\r\\n" % count + b"x" * count
            for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
                bare = Bare(context(version))
                for start in range(len(text)): bare.session.write(text[start:start + 1])
                bare.flush()
                data = b""
                while b"%d" % count not in data.partition(b"\\r\\n\\r\\n")[2]: data += bare.read()
                assert data.startswith(b"HTTP/1.1 200 OK"), data
            """)
    }

    /// A handshake has its own time, also in a process that stops.
    @Test func aHandshakeUnderWayIsFinished() throws {
        let proxy = try TLSProxy(try RecordingOrigin.named("app"))
        try proxy.python("""
            idle = connect()
            expect(ask(idle)[0], 200)
            def stop():
                os.kill(int(args[0]), signal.SIGTERM)
                expect(idle.recv(1), b"")
            bare = Bare(halfway=stop)
            bare.session.write(request())
            bare.flush()
            data = b""
            while not data.endswith(b"app\\n"): data += bare.read()
            assert b"Connection: close" in data, data
            """, "\(proxy.serin.process.pid)")
        #expect(try proxy.serin.process.wait() == .exited(0))
    }

    /// The time for a request runs, whatever is sent that is none (http-edge duty 45).
    @Test(arguments: [["new"], ["kept"]])
    func bytesThatAreNoRequestGiveNoTime(_ arguments: [String]) throws {
        let proxy = try TLSProxy(try RecordingOrigin.named("app"), settings: "timeouts: {clientHeader: 1s, clientKeepAlive: 1s}")
        try proxy.python("""
            import select
            bare = Bare()
            if args[0] == "kept":
                bare.session.write(request())
                bare.flush()
                data = b""
                while not data.endswith(b"app\\n"): data += bare.read()
            bare.session.write(b"x" * 200)
            sent, is_closed = 0, False
            try:
                for byte in bare.outgoing.read():
                    bare.line.sendall(bytes([byte]))
                    sent += 1
                    while not is_closed and select.select([bare.line], [], [], 0.1)[0]: is_closed = bare.line.recv(65536) == b""
                    if is_closed: break
            except OSError: is_closed = True
            assert is_closed, "%d bytes were waited for" % sent
            """, arguments[0])
        let kind = arguments == ["new"] ? "client_header" : "client_keep_alive"
        #expect(try proxy.serin.metrics().sum("serin_timeouts_total", ["kind": kind]) == 1)
    }

    @Test func longBodiesBothWaysWithSlowReaders() throws {
        let size = 2 << 20
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(request.body.count)\r\n\r\n")
                // Slowly, in pieces that are no multiple of a record.
                for start in stride(from: 0, to: request.body.count, by: 100_003) {
                    try connection.send(Array(request.body[start..<min(start + 100_003, request.body.count)]))
                }
            }
        }
        let proxy = try TLSProxy(origin, settings: "limits: {body: 16MiB}")
        try proxy.python("""
            import hashlib, random
            size = int(args[0])
            body = random.Random(7).randbytes(size)
            for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
                line = raw()
                line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 131072)
                connection = context(version).wrap_socket(line, server_hostname="shop.test")
                for piece in [3000, 65536]:
                    connection.sendall(b"POST / HTTP/1.1\\r\\nHost: shop.test\\r\\nContent-Length: %d\\r\\n\\r\\n" % size)
                    for start in range(0, size, piece * 20): connection.sendall(body[start:start + piece * 20])
                    time.sleep(0.2)
                    data = b""
                    while b"\\r\\n\\r\\n" not in data: data += connection.recv(1000)
                    found = bytearray(data.split(b"\\r\\n\\r\\n", 1)[1])
                    while len(found) < size:
                        more = connection.recv(piece)
                        assert more, "cut"
                        found += more
                    assert bytes(found) == body, "another body"
            """, "\(size)")
        #expect(origin.requests.count == 4)
    }

    @Test func webSocketsAreTunnelled() throws {
        let origin = try RecordingOrigin { connection in
            guard try connection.readHead() != nil else { return }
            try connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
            while true {
                let bytes = try connection.read(5)
                try connection.send(bytes.reversed())
                if bytes == Array("leave".utf8) { return }
            }
        }
        try TLSProxy(origin).python("""
            connection = connect()
            connection.sendall(request("/", extra="Connection: upgrade\\r\\nUpgrade: websocket\\r\\n"))
            reader = Reader(connection)
            status, fields, _ = reader.response()
            expect(status, 101)
            expect(fields["upgrade"], "websocket")
            for word in [b"hello", b"world", b"leave"]:
                connection.sendall(word)
                expect(reader.take(5), word[::-1])
            # Not just the connection's end: the word that says that nothing was cut off.
            expect(connection.recv(100), b"")
            """)
    }

    // MARK: Ends

    @Test func theEndIsAlwaysSaid() throws {
        let proxy = try TLSProxy(try .named("app"), settings: "timeouts: {clientKeepAlive: 200ms}")
        // `suppress_ragged_eofs=False`: an end without close_notify is an exception.
        try proxy.python("""
            for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
                connection = connect(using=context(version))
                expect(ask(connection, extra="Connection: close\\r\\n")[1]["connection"], "close")
                expect(connection.recv(100), b"")
                idle = connect(using=context(version))
                expect(ask(idle)[0], 200)
                expect(idle.recv(100), b"")
                bad = connect(using=context(version))
                bad.sendall(b"no request\\r\\n\\r\\n")
                expect(Reader(bad).response()[0], 400)
                expect(bad.recv(100), b"")
            """)
    }

    @Test func anEndWithoutAWordStillGetsItsAnswer() throws {
        try TLSProxy(try .named("app")).python("""
            for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
                connection = connect(using=context(version))
                connection.sendall(request())
                socket.socket.shutdown(connection, socket.SHUT_WR)
                expect(Reader(connection).response()[2], b"app\\n")
            """)
    }

    /// A request that is cut off is none, whoever cut it.
    @Test func aRequestThatIsCutOffIsNotPassedOn() throws {
        let origin = try RecordingOrigin.named("app")
        try TLSProxy(origin).python("""
            for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
                connection = connect(using=context(version))
                connection.sendall(b"GET / HTTP/1.1\\r\\nHost: shop.test\\r\\nX: ")
                connection.close()
            expect(ask(connect())[0], 200)
            """)
        #expect(origin.requests.count == 1)
    }

    /// An answer that the origin did not finish must not look whole: without its last chunk, or without a goodbye where the
    /// connection's end is all that shows an answer's end.
    @Test func anAnswerThatWasCutShowsIt() throws {
        let origin = try RecordingOrigin { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        }
        try TLSProxy(origin).python("""
            def everything(version):
                connection = connect()
                connection.sendall(b"GET / HTTP/%s\\r\\nHost: shop.test\\r\\n\\r\\n" % version)
                data = b""
                try:
                    while True:
                        more = connection.recv(1000)
                        if not more: return data, True
                        data += more
                except (ssl.SSLEOFError, ConnectionError): return data, False
            data, _ = everything(b"1.1")
            assert data.endswith(b"\\r\\n5\\r\\nhello\\r\\n"), data
            data, said_goodbye = everything(b"1.0")
            assert not said_goodbye, data
            """)
    }

    /// Nor one that is cut when the time to stop is over, or at once.
    @Test(arguments: [1, 2]) func anAnswerThatAStopCutsShowsIt(_ signals: Int) throws {
        let gate = Gate()
        let origin = try RecordingOrigin { connection in
            guard try connection.readRequest() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\n\r\nhello")
            try gate.wait()
        }
        let proxy = try TLSProxy(origin, settings: "shutdownTimeout: \(signals == 1 ? "300ms" : "1h")")
        let folder = try TemporaryFolder()
        let client = try Python.start("""
            connection, data = connect(), b""
            connection.sendall(b"GET / HTTP/1.0\\r\\nHost: shop.test\\r\\n\\r\\n")
            while not data.endswith(b"hello"): data += connection.recv(1000)
            open(args[0], "w").close()
            try: assert False, connection.recv(1000)
            except (ssl.SSLEOFError, ConnectionError): pass
            """, proxy.secure, proxy.authority, [folder.path("half")], in: folder)
        try eventually("half of an answer; \(client.errors)") { client.exit != nil || folder.exists("half") }
        proxy.serin.process.signal(SIGTERM)
        if signals == 2 {
            try proxy.serin.waitForLog("stopping")
            proxy.serin.process.signal(SIGTERM)
        }
        #expect(try client.wait(within: 60) == .exited(0), "\(client.errors)")
        #expect(try proxy.serin.process.wait() == .exited(0))
        #expect(proxy.serin.process.errors.contains("requests cut when the time to stop was over: 1"), "\(proxy.serin.process.errors)")
        gate.open()
    }

    @Test func aGracefulStopFinishesWhatRuns() throws {
        let gate = Gate()
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                if request.head.startLine.contains("/slow") { try gate.wait() }
                try connection.answer("app\n", to: request)
            }
        }
        let proxy = try TLSProxy(origin)
        let folder = try TemporaryFolder()
        let client = try Python.start("""
            idle, busy, handshaking = connect(), connect(), raw()
            expect(ask(idle)[0], 200)
            busy.sendall(request("/slow"))
            open(args[0], "w").close()
            expect(idle.recv(100), b"")
            expect(handshaking.recv(100), b"")
            open(args[1], "w").close()
            status, fields, body = Reader(busy).response()
            expect((status, fields["connection"], body), (200, "close", b"app\\n"))
            expect(busy.recv(100), b"")
            """, proxy.secure, proxy.authority, [folder.path("asked"), folder.path("idle-closed")], in: folder)
        try eventually("the requests; \(client.errors)") { client.exit != nil || folder.exists("asked") }
        _ = try origin.requests(2)
        proxy.serin.process.signal(SIGTERM)
        try eventually("the idle ones to be closed; \(client.errors)") { client.exit != nil || folder.exists("idle-closed") }
        gate.open()
        #expect(try client.wait(within: 60) == .exited(0), "\(client.errors)")
        #expect(try proxy.serin.process.wait() == .exited(0))
    }
}
