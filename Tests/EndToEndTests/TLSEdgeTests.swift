import TestCertificates
import Testing

/// Bytes that come while Serin has no use for those before them: part of a record is read and waits in TLS, the next one in the
/// kernel, which says so once.
@Suite struct TLSEdgeTests {
    private static let versions = ["TLSv1_2", "TLSv1_3"]

    /// The rest of a request comes while the one before it is being answered.
    @Test(arguments: versions) func theRestOfARequestIsReadWhenItsTurnComes(_ version: String) throws {
        let gate = Gate()
        let origin = try RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                if request.head.startLine.contains("/held") { try gate.wait() }
                if request.head.startLine.contains("/open") { gate.open() }
                try connection.answer("\(request.body.count)", to: request)
            }
        }
        try TLSProxy(origin, settings: "timeouts: {clientBody: 10s}").python("""
            connection = connect(using=context(getattr(ssl.TLSVersion, args[0])))
            other = connect()
            def pass_turns():
                # What was sent before the first of them is read before the second is answered.
                for _ in range(2): expect(ask(other)[0], 200)
            connection.sendall(request("/held") + b"POST / HTTP/1.1\\r\\nHost: shop.test\\r\\nContent-Length: 8100\\r\\n\\r\\n" + b"x" * 8000)
            pass_turns()
            connection.sendall(b"y" * 100)
            pass_turns()
            expect(ask(other, "/open")[0], 200)
            reader = Reader(connection)
            expect(reader.response()[2], b"0")
            status, _, body = reader.response()
            expect((status, body), (200, b"8100"))
            """, version)
    }

    /// The rest of an answer comes while its client does not read. Over unix sockets, since the kernel holds little for them, and
    /// tells the origin whether what it has sent is read.
    @Test(arguments: versions) func theRestOfAnAnswerIsReadWhenThereIsRoom(_ version: String) throws {
        let authority = try TestAuthority()
        let pair = try authority.issue("app.test")
        let folder = try TemporaryFolder()
        let client = folder.path("client.sock"), origin = folder.path("origin.sock")
        var configuration = TestConfiguration(
            services: ["app": ["unix:" + origin]],
            manifests: [Manifests.ingress("app", host: "shop.test", service: "app", annotations: Manifests.annotations(["backend-protocol": "HTTPS"]))],
            settings: "timeouts: {upstreamResponse: 10s}")
        configuration.listeners.append("unix:" + client)
        let serin = try SerinProcess(configuration, folder: folder)
        try Python.run("""
            import fcntl, struct, termios
            client_path, origin_path, chain, key, version = args
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(origin_path)
            listener.listen()
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(30)
            client.connect(client_path)
            client.sendall(request())
            server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.minimum_version = server.maximum_version = getattr(ssl.TLSVersion, version)
            server.load_cert_chain(chain, key)
            origin = server.wrap_socket(listener.accept()[0], server_side=True)
            while b"\\r\\n\\r\\n" not in origin.recv(65536): pass
            other = raw()
            def is_read():
                # What was sent before the first turn is read before the second ends, if it is read at all.
                for _ in range(2): expect(ask(other, host="nobody.test")[0], 404)
                return struct.unpack("i", fcntl.ioctl(origin.fileno(), termios.TIOCOUTQ, bytes(4)))[0] == 0
            origin.sendall(b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n")
            count = 0
            while is_read():
                origin.sendall(b"%x\\r\\n" % 10000 + b"x" * 10000 + b"\\r\\n")
                count += 1
                assert count < 1000, "there is no end to it"
            origin.sendall(b"0\\r\\n\\r\\n")
            is_read()
            answer = bytearray()
            while not answer.endswith(b"\\r\\n0\\r\\n\\r\\n"):
                more = client.recv(65536)
                assert more, "cut after %d bytes" % len(answer)
                answer += more
            expect(answer.partition(b"\\r\\n\\r\\n")[2].count(b"x"), count * 10000)
            """, serin.address, authority, client, origin, pair.chainPath, pair.keyPath, version)
    }
}
