import Glibc
import TestCertificates
import Testing

/// Handshakes that are slow, broken, too many or no handshakes at all, and what is said about them.
@Suite struct TLSHandshakeTests {
    @Test func plainHTTPIsToldSo() throws {
        let origin = try RecordingOrigin.named("app")
        let proxy = try TLSProxy(origin)
        for method in ["GET", "POST", "PATCH", "options"] {
            let client = try RawClient(proxy.secure)
            try client.send("\(method) / HTTP/1.1\r\nHost: shop.test\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.status == 400)
            #expect(response["Connection"] == "close")
            #expect(response.text == "400 Bad Request: this port speaks HTTPS, the request was HTTP\n")
            #expect(try client.isClosed())
        }
        let client = try RawClient(proxy.secure)
        try client.send("HEAD / HTTP/1.1\r\nHost: shop.test\r\n\r\n")
        let all = String(decoding: try client.readToEnd(), as: UTF8.self)
        #expect(all.hasPrefix("HTTP/1.1 400 ") && all.contains("\r\nContent-Length: 62\r\n"), "\(all)")
        #expect(all.hasSuffix("\r\n\r\n"), "\(all)")
        #expect(origin.requests.isEmpty)
        let metrics = try proxy.serin.metrics()
        #expect(metrics.sum("serin_tls_failures_total", ["reason": "plain_text"]) == 5)
        #expect(metrics.sum("serin_client_errors_total", ["code": "400"]) == 5)
    }

    @Test func aSlowHandshakeEndsWithItsTime() throws {
        let proxy = try TLSProxy(try .named("app"), settings: "timeouts: {tlsHandshake: 300ms}")
        try proxy.python("""
            silent, trickling = raw(), raw()
            client = ssl.MemoryBIO(), ssl.MemoryBIO()
            session = context().wrap_bio(*client, server_hostname="shop.test")
            try: session.do_handshake()
            except ssl.SSLWantReadError: pass
            hello = client[1].read()
            trickling.settimeout(0.05)
            ended = False
            for byte in hello:
                try:
                    trickling.sendall(bytes([byte]))
                    if trickling.recv(100) == b"": ended = True
                except TimeoutError: continue
                except ConnectionError: ended = True
                if ended: break
            assert ended, "a whole handshake's time passed"
            expect(silent.recv(100), b"")
            """)
        try eventually("both to be counted") {
            try proxy.serin.metrics().sum("serin_tls_failures_total", ["reason": "timeout"]) == 2
        }
    }

    @Test func byteByByte() throws {
        try TLSProxy(try .named("app")).python("""
            for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
                line = raw()
                incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                session = context(version).wrap_bio(incoming, outgoing, server_hostname="shop.test")
                def flush():
                    for byte in outgoing.read(): line.sendall(bytes([byte]))
                while True:
                    try:
                        session.do_handshake()
                        break
                    except ssl.SSLWantReadError:
                        flush()
                        incoming.write(line.recv(65536))
                flush()
                for _ in range(2):
                    session.write(request())
                    flush()
                    data = b""
                    while b"app\\n" not in data:
                        try: data += session.read(65536)
                        except ssl.SSLWantReadError: incoming.write(line.recv(65536))
                    assert data.startswith(b"HTTP/1.1 200 OK"), data
            """)
    }

    /// Longer than what is read of a handshake in its turn.
    @Test func aLongMessageInTheShortestRecords() throws {
        try TLSProxy(try .named("app")).python("""
            padding = 60000
            body = b"\\3\\3" + b"x" * 32 + b"\\0" + b"\\0\\2\\xc0\\x2b" + b"\\1\\0"
            body += (padding + 4).to_bytes(2, "big") + b"\\0\\x15" + padding.to_bytes(2, "big") + b"\\0" * padding
            hello = b"\\1" + len(body).to_bytes(3, "big") + body
            line = raw()
            line.sendall(b"".join(b"\\x16\\3\\1\\0\\1" + hello[start:start + 1] for start in range(len(hello))))
            assert line.recv(1) in [b"\\x15", b"\\x16"], "it is answered"
            """)
    }

    @Test func brokenHandshakesHurtNobody() throws {
        let origin = try RecordingOrigin.named("app")
        let proxy = try TLSProxy(origin)
        try proxy.python("""
            outgoing = ssl.MemoryBIO()
            session = context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="shop.test")
            try: session.do_handshake()
            except ssl.SSLWantReadError: pass
            hello = outgoing.read()
            stays = connect()
            for count in list(range(0, 60)) + list(range(60, len(hello), 37)):
                line = raw()
                line.sendall(hello[:count])
                line.close()
            for byte in range(0, len(hello), 3):
                line = raw()
                line.sendall(hello[:byte] + bytes([hello[byte] ^ 0x5A]) + hello[byte + 1:])
                line.close()
            for garbage in [b"\\x16\\x03\\x01\\xff\\xff" + b"\\0" * 300, b"\\x80\\x2e\\x01\\x03\\x01", b"\\x15\\x03\\x01\\x00\\x02\\x02\\x28", b"\\0" * 5]:
                line = raw()
                line.sendall(garbage)
                while line.recv(1000): pass
            expect(ask(stays)[2], b"app\\n")
            expect(ask(connect())[2], b"app\\n")
            """)
        #expect(origin.requests.count == 2)
        #expect(try proxy.serin.metrics().sum("serin_connections", ["state": "client"]) <= 2)
    }

    @Test func manyHandshakesAtOnce() throws {
        try TLSProxy(try .named("app")).python("""
            import threading
            faults = []
            def visit():
                try: expect(ask(connect())[2], b"app\\n")
                except Exception as fault: faults.append(fault)
            threads = [threading.Thread(target=visit) for _ in range(100)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            assert not faults, faults[0]
            """)
    }

    @Test func nothingIsNegotiatedAgain() throws {
        let proxy = try TLSProxy(try .named("app"))
        // s_client begins anew when it reads an R.
        let process = try ChildProcess(
            "/bin/sh",
            ["-c", "printf 'R\\n' | openssl s_client -connect 127.0.0.1:\(proxy.secure.port) -servername shop.test -tls1_2 -CAfile \(proxy.authority.certificatePath)"],
            named: "renegotiation", in: try TemporaryFolder())
        #expect(try process.wait() != .exited(0))
        let said = process.output + process.errors
        #expect(said.contains("RENEGOTIATING"), "\(said)")
        #expect(said.contains("no renegotiation") || said.contains("handshake failure"), "\(said)")
        #expect(try Curl.run(proxy.curl("shop.test", "/")).status == 200)
    }

    /// A flood of half-done ones: of the whole process, however it is spread over the workers.
    @Test(arguments: [1, 3]) func onlySoManyAreUnderWay(_ workers: Int) throws {
        let proxy = try TLSProxy(try .named("app"), settings: "limits: {handshakes: 4}\ntimeouts: {tlsHandshake: 1h}", workers: workers)
        func count(_ name: String) throws -> Int { try proxy.serin.metrics().sum(name) }
        let early = try (0..<2).map { _ in try RawClient(proxy.secure) }
        try eventually("the first ones") { try count("serin_tls_handshakes_under_way") == 2 }
        let folder = try TemporaryFolder()
        let client = try Python.start("""
            stays = connect()
            expect(ask(stays)[0], 200)
            open(args[0], "w").close()
            wait_for(args[1])
            for _ in range(3):
                try: connect()
                except (ssl.SSLError, ConnectionError): continue
                raise Exception("there was room")
            # Who has it behind him goes on.
            expect(ask(stays)[0], 200)
            open(args[2], "w").close()
            wait_for(args[3])
            expect(ask(connect())[0], 200)
            """, proxy.secure, proxy.authority, ["in", "full", "refused", "room"].map(folder.path), in: folder)
        try eventually("somebody to come in; \(client.errors)") { client.exit != nil || folder.exists("in") }
        let late = try (0..<2).map { _ in try RawClient(proxy.secure) }
        try eventually("the last ones") { try count("serin_tls_handshakes_under_way") == 4 }
        #expect(try count("serin_tls_handshakes_refused_total") == 0)
        try folder.write("", to: "full")
        try eventually("the refusals; \(client.errors)") { client.exit != nil || folder.exists("refused") }
        #expect(try count("serin_tls_handshakes_refused_total") == 3)
        #expect(try count("serin_connections_refused_total") == 3)
        #expect(try RawClient(proxy.plain).exchange("GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n").status == 308, "plain text comes in")
        late[0].close()
        try early[0].send("GET / HTTP/1.1\r\n\r\n")
        try eventually("room: one is gone, one has failed") { try count("serin_tls_handshakes_under_way") == 2 }
        try folder.write("", to: "room")
        #expect(try client.wait(within: 60) == .exited(0), "\(client.errors)")
        #expect(try count("serin_tls_handshakes_under_way") == 2)
        withExtendedLifetime((early, late)) {}
    }

    // MARK: Alerts

    @Test func alertsAreCountedByName() throws {
        let proxy = try TLSProxy(try .named("app"))
        try proxy.python("""
            def refused(using, name="shop.test"):
                try: connect(name, using)
                except (ssl.SSLError, ConnectionError): return
                raise Exception("nobody refused")
            # What clients say.
            refused(ssl.create_default_context())
            refused(ssl.create_default_context())
            refused(context(), "other.shop.test")
            # What they are told.
            http2 = context()
            http2.set_alpn_protocols(["h2"])
            refused(http2)
            old = context(verify=False)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
            old.set_ciphers("ALL:@SECLEVEL=0")
            refused(old)
            weak = context(ssl.TLSVersion.TLSv1_2)
            weak.set_ciphers("AES128-GCM-SHA256")
            refused(weak)
            # In the middle of a handshake, by a name and by numbers that nobody has given one; and in the place of one.
            for number in [80, 200, 201, None]:
                line = raw()
                outgoing = ssl.MemoryBIO()
                session = context(ssl.TLSVersion.TLSv1_2).wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="shop.test")
                try: session.do_handshake()
                except ssl.SSLWantReadError: pass
                if number:
                    line.sendall(outgoing.read())
                    line.recv(1)
                line.sendall(bytes([0x15, 3, 3, 0, 2, 2, number or 80]))
                while line.recv(1000): pass
            # An end is no alert.
            connection = connect()
            expect(ask(connection)[0], 200)
            connection.unwrap()
            """)
        let expected: [(direction: String, alert: String, count: Int)] = [
            ("received", "unknown_ca", 3), ("received", "internal_error", 1), ("received", "other", 2),
            ("sent", "no_application_protocol", 1), ("sent", "protocol_version", 1), ("sent", "handshake_failure", 1),
            ("sent", "unexpected_message", 1),
        ]
        for row in expected {
            try eventually("\(row)") {
                try proxy.serin.metrics().sum("serin_tls_alerts_total", ["direction": row.direction, "alert": row.alert]) == row.count
            }
        }
        #expect(try proxy.serin.metrics().sum("serin_tls_alerts_total") == expected.reduce(0) { $0 + $1.count }, "no others")
    }
}
