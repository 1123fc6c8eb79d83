import Foundation
import TestCertificates
import Testing

/// gzip, as clients that others have written read it: curl and Python's zlib.
@Suite struct CompressionTests {
    private static let text = String(repeating: "{\"name\": \"The quick brown fox\", \"number\": 12345},\n", count: 1300)

    /// A proxy that compresses JSON of an origin that does what it is told.
    private static func proxy(
        _ origin: TestAddress, settings: String = "gzip: on", annotations: [String: String] = [:]
    ) throws -> SerinProcess {
        try SerinProcess(TestConfiguration(
            services: ["app": [origin.description]],
            manifests: [Manifests.ingress("app", service: "app", annotations: annotations)], settings: settings))
    }

    private static func answering(_ fields: String, _ body: String = text) throws -> RecordingOrigin {
        try .answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\(fields)\r\n\(body)")
    }

    private static let length = "Content-Length: \(text.utf8.count)\r\n"

    @Test func curlGetsWhatTheOriginSaid() throws {
        let origin = try Self.answering(Self.length + "ETag: \"v1\"\r\nAccept-Ranges: bytes\r\n")
        let serin = try Self.proxy(origin.address)
        let answer = try Curl.run("--compressed", serin.url + "/data")
        #expect(answer.status == 200 && answer.body == Self.text)
        for line in ["Content-Encoding: gzip", "Vary: Accept-Encoding", "ETag: W/\"v1\"", "Transfer-Encoding: chunked"] {
            #expect(answer.trace.contains("< \(line)\r"), "\(line)")
        }
        #expect(!answer.trace.contains("< Content-Length") && !answer.trace.contains("< Accept-Ranges"))
        let plain = try Curl.run(serin.url + "/data")
        #expect(plain.body == Self.text && plain.trace.contains("< Vary: Accept-Encoding\r") && plain.trace.contains("< ETag: \"v1\"\r"))
        #expect(!plain.trace.contains("Content-Encoding"))
        let old = try Curl.run("--http1.0", "--compressed", serin.url + "/data")
        #expect(old.body == Self.text && old.trace.contains("< Content-Encoding: gzip") && !old.trace.contains("Transfer-Encoding"))
        let head = try Curl.run("--head", "--compressed", serin.url + "/data")
        #expect(head.trace.contains("< Content-Encoding: gzip\r") && head.trace.contains("< ETag: W/\"v1\"\r"))
        #expect(!head.trace.contains("< Content-Length") && head.status == 200)
        let metrics = try serin.metrics()
        #expect(metrics.sum("serin_gzip_responses_total") == 2)
        #expect(metrics.sum("serin_gzip_input_bytes_total") == 2 * Self.text.utf8.count)
        #expect((100..<10_000).contains(metrics.sum("serin_gzip_output_bytes_total")))
    }

    @Test func offByDefaultAndByAnnotation() throws {
        let origin = try Self.answering(Self.length)
        for serin in [
            try Self.proxy(origin.address, settings: ""), try Self.proxy(origin.address, annotations: ["serin.dev/gzip": "off"]),
        ] {
            let answer = try Curl.run("--compressed", serin.url + "/")
            #expect(answer.body == Self.text && !answer.trace.contains("< Content-Encoding") && !answer.trace.contains("< Vary"))
        }
    }

    @Test(arguments: [
        (["serin.dev/gzip": "on"], true), (["serin.dev/gzip": "true", "serin.dev/gzip-level": "9"], true),
        (["serin.dev/gzip": "on", "serin.dev/gzip-types": "text/css, text/html"], false),
        (["serin.dev/gzip": "on", "serin.dev/gzip-types": "application/*"], true),
        (["serin.dev/gzip": "on", "serin.dev/gzip-min-length": "1000000"], false), (["serin.dev/gzip-level": "9"], false),
    ])
    func annotations(_ annotations: [String: String], isCompressed: Bool) throws {
        let origin = try Self.answering(Self.length)
        let serin = try Self.proxy(origin.address, settings: "", annotations: annotations)
        let answer = try withExtendedLifetime(origin) { try Curl.run("--compressed", serin.url + "/") }
        #expect(answer.body == Self.text && answer.trace.contains("< Content-Encoding: gzip") == isCompressed)
    }

    @Test func aReloadTurnsItOn() throws {
        let origin = try Self.answering(Self.length)
        var configuration = TestConfiguration.origin(origin)
        let serin = try SerinProcess(configuration)
        #expect(try !Curl.run("--compressed", serin.url).trace.contains("< Content-Encoding"))
        configuration.settings = "gzip: {level: 6, minLength: 1KiB, types: [application/json], memory: 8MiB}"
        #expect(try serin.reload(configuration).status == 200)
        let answer = try Curl.run("--compressed", serin.url)
        #expect(answer.body == Self.text && answer.trace.contains("< Content-Encoding: gzip"))
    }

    /// Each event is there for its reader before the next one is sent.
    @Test(arguments: ["Transfer-Encoding: chunked\r\n", ""]) func eventsComeAtOnce(framing: String) throws {
        let origin = try RecordingOrigin { connection in
            guard try connection.readHead() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\(framing)\r\n")
            for number in 0..<10 {
                // The reader says when it has seen the last one, by the other connection.
                let event = "data: \(number)\n\n"
                try connection.send(framing.isEmpty ? event : "\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n")
                guard try number == 9 || connection.read(1) == [UInt8(ascii: "+")] else { return }
            }
            if !framing.isEmpty { try connection.send("0\r\n\r\n") }
        }
        let serin = try Self.proxy(origin.address, settings: "gzip: {types: [text/event-stream]}\nlimits: {body: 0}")
        let script = """
            import zlib
            connection = raw()
            connection.sendall(b"POST / HTTP/1.1\\r\\nHost: a\\r\\nAccept-Encoding: gzip\\r\\nContent-Length: 1000\\r\\n\\r\\n")
            reader = Reader(connection)
            status, fields, _ = reader.response()
            expect(fields["content-encoding"], "gzip")
            inflate, text = zlib.decompressobj(31), b""
            for number in range(10):
                while b"data: %d\\n\\n" % number not in text:
                    while b"\\r\\n" not in reader.rest: reader.more()
                    size, reader.rest = reader.rest.split(b"\\r\\n", 1)
                    text += inflate.decompress(reader.take(int(size, 16)))
                    expect(reader.take(2), b"\\r\\n")
                if number < 9: connection.sendall(b"+")
            expect(text, b"".join(b"data: %d\\n\\n" % number for number in range(10)))
            """
        try Python.run(script, serin.address, TestAuthority())
    }

    /// A cut shows in the framing and in the gzip, to clients of either version.
    @Test(arguments: ["Content-Length: 1000000\r\n", "Transfer-Encoding: chunked\r\n"], ["1.1", "1.0"])
    func aCutStaysACut(framing: String, version: String) throws {
        let origin = try RecordingOrigin { connection in
            guard try connection.readHead() != nil else { return }
            let body = framing.hasPrefix("T") ? "\(String(Self.text.utf8.count, radix: 16))\r\n\(Self.text)\r\n" : Self.text
            try connection.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\(framing)\r\n" + body)
        }
        let serin = try Self.proxy(origin.address)
        let script = """
            import zlib
            connection = raw()
            connection.sendall(b"GET / HTTP/\(version)\\r\\nHost: a\\r\\nAccept-Encoding: gzip\\r\\n\\r\\n")
            data, was_reset = b"", False
            try:
                while True:
                    more = connection.recv(65536)
                    if not more: break
                    data += more
            except ConnectionResetError:
                was_reset = True
            head, body = data.split(b"\\r\\n\\r\\n", 1)
            assert b"Content-Encoding: gzip" in head, head
            if args[0] == "1.1":
                assert b"Transfer-Encoding: chunked" in head and not body.endswith(b"0\\r\\n\\r\\n")
                whole = b""
                while body:
                    size, body = body.split(b"\\r\\n", 1)
                    whole, body = whole + body[:int(size, 16)], body[int(size, 16) + 2:]
                body = whole
            else:
                assert was_reset, "an orderly end would look complete"
            inflate = zlib.decompressobj(31)
            text = inflate.decompress(body)
            assert not inflate.eof, "the gzip looks complete"
            assert text == text[:0] or text.startswith(b'{"name"')
            """
        try Python.run(script, serin.address, TestAuthority(), version)
        try eventually("the failure to be counted") { try serin.metrics().requests(["code": "2xx"]) == 1 }
    }

    @Test(arguments: ["chunked_transfer_encoding on;", "chunked_transfer_encoding off;"]) func nginxAsTheOrigin(chunking: String) throws {
        let nginx = try Nginx("gzip off; \(chunking) types { application/json json; } location / { }")
        try nginx.folder.write(Self.text, to: "www/data.json")
        let serin = try Self.proxy(nginx.address)
        let answer = try Curl.run("--compressed", serin.url + "/data.json")
        #expect(answer.body == Self.text && answer.trace.contains("< Content-Encoding: gzip"))
        let tag = try #require(answer.trace.split(separator: "\r\n").first { $0.contains("ETag: W/") }?.split(separator: " ").last)
        // Conditions and ranges work with the tag that the client was given.
        let again = try Curl.run("--compressed", "-H", "If-None-Match: \(tag)", serin.url + "/data.json")
        #expect(again.status == 304 && again.trace.contains("< ETag: \(tag)\r") && again.trace.contains("< Vary: Accept-Encoding"))
        let part = try Curl.run("--compressed", "-r", "0-9", serin.url + "/data.json")
        #expect(part.status == 206 && part.body == String(Self.text.prefix(10)) && !part.trace.contains("< Content-Encoding"))
        let whole = try Curl.run("--compressed", "-r", "0-9", "-H", "If-Range: \(tag)", serin.url + "/data.json")
        #expect(whole.status == 200 && whole.body == Self.text)
    }

    @Test func throughTLS() throws {
        let origin = try Self.answering(Self.length)
        let proxy = try TLSProxy(origin, settings: "gzip: on")
        let answer = try Curl.run(["--compressed"] + proxy.curl("shop.test", "/"))
        #expect(answer.body == Self.text && answer.trace.contains("< Content-Encoding: gzip"))
    }

    /// Beyond the memory that there is, responses pass as they are.
    @Test func memoryIsBounded() throws {
        let origin = try RecordingOrigin { connection in
            guard try connection.readHead() != nil else { return }
            try connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nbegun")
            _ = try connection.readToEnd()
        }
        let serin = try Self.proxy(origin.address, settings: "gzip: {memory: 1MiB}")
        let clients = try (0..<5).map { _ in try serin.client() }
        for client in clients { try client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n") }
        let heads = try clients.map { try $0.readHead() }
        #expect(heads.count { $0["Content-Encoding"] == "gzip" } == 3, "of a quarter of a MiB each, and a little")
        #expect(heads.allSatisfy { $0["Vary"] == "Accept-Encoding" })
        #expect(try serin.metrics().sum("serin_gzip_overflows_total") == 2)
    }
}
