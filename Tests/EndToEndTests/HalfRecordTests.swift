import TestCertificates
import Testing

/// TLS origins that say more than they are asked, in records that come in parts: what has come of one may be the beginning of an answer,
/// which would be taken for that to the next request (http-edge duty 39).
@Suite struct HalfRecordTests {
    struct Case: Sendable, CustomTestStringConvertible {
        /// Bytes of the record that come before the next request.
        let part: Int
        let version: String
        /// They come while the connection is idle, not with the answer.
        let isLate: Bool
        var testDescription: String { "\(part) bytes, \(version)\(isLate ? ", late" : "")" }

        static let all = ["TLSv1_2", "TLSv1_3"].flatMap { version in
            [1, 5, 6, 40].flatMap { part in [false, true].map { Case(part: part, version: version, isLate: $0) } }
        }
    }

    @Test(arguments: Case.all) func whatHasBegunIsNobodysAnswer(_ test: Case) throws {
        let folder = try TemporaryFolder()
        let authority = try TestAuthority()
        let pair = try authority.issue("app.test")
        let origin = try ChildProcess(
            try Tools.path(of: "python3"),
            ["-c", Self.script, pair.chainPath, pair.keyPath, test.version, "\(test.part)", test.isLate ? folder.path("go") : ""],
            named: "origin", in: folder)
        let port = try eventually("the origin to listen; \(origin.errors)") { () -> UInt16? in
            if let exit = origin.exit { throw Problem("the origin ended: \(exit)\n\(origin.errors)") }
            return origin.output.hasSuffix("\n") ? UInt16(origin.output.dropLast()) : nil
        }
        let serin = try SerinProcess(TestConfiguration(
            services: ["app": ["127.0.0.1:\(port)"]],
            manifests: [Manifests.ingress("app", service: "app", annotations: ["nginx.ingress.kubernetes.io/backend-protocol": "HTTPS"])]))
        func idle() throws -> Int { try serin.metrics().sum("serin_connections", ["state": "upstream_idle"]) }
        #expect(try serin.client().get().text == "connection 0")
        if test.isLate {
            #expect(try idle() == 1)
            try folder.write("", to: "go")
        }
        try eventually("nobody to have it") { try idle() == 0 }
        #expect(try serin.client().get().text == "connection 1")
    }

    /// Behind the first answer comes the beginning of another one; its end when there is something to read, such as another request.
    private static let script = """
        import os, socket, ssl, sys, threading, time
        chain, key, version, part, late = sys.argv[1:]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
        def serve(number, line):
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            session = context.wrap_bio(incoming, outgoing, server_side=True)
            def until(step):
                while True:
                    try: return step()
                    except ssl.SSLWantReadError:
                        line.sendall(outgoing.read())
                        data = line.recv(65536)
                        if not data: raise EOFError
                        incoming.write(data)
            def answer(text):
                session.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (len(text), text))
                return outgoing.read()
            try:
                until(session.do_handshake)
                head = b""
                while not head.endswith(b"\\r\\n\\r\\n"): head += until(lambda: session.read(65536))
                whole, other = answer(b"connection %d" % number), answer(b"wrong")
                begun = other[:int(part)] if number == 0 else b""
                if late and number == 0:
                    line.sendall(whole)
                    while not os.path.exists(late): time.sleep(0.001)
                    line.sendall(begun)
                else: line.sendall(whole + begun)
                until(lambda: session.read(65536))
                line.sendall(other[len(begun):])
            except (EOFError, OSError): pass
            line.close()
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        for number in range(100):
            threading.Thread(target=serve, args=(number, listener.accept()[0]), daemon=True).start()
        """
}
