import HTTP1

/// Heads of the size that browsers and origins send.
enum HeadParsing {
    private static let request = """
        GET /catalogue/items/42?colour=green HTTP/1.1\r
        Host: www.example.com\r
        User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r
        Accept: text/html,application/xhtml+xml,*/*;q=0.8\r
        Accept-Language: en-GB,en;q=0.5\r
        Accept-Encoding: gzip, deflate\r
        Cookie: session=4f2a9c7d1e8b4f2a; theme=dark\r
        \r\n
        """

    private static let response = """
        HTTP/1.1 200 OK\r
        Date: Thu, 01 Jan 2026 00:00:00 GMT\r
        Content-Type: text/html; charset=utf-8\r
        Content-Length: 4096\r
        Cache-Control: max-age=60\r
        ETag: "4f2a9c7d"\r
        \r\n
        """

    static func measureRequest() -> Measurement {
        let bytes = Array(request.utf8)
        var parser = RequestParser()
        return Measurement {
            var complete = 0
            for _ in 0 ..< Measurement.operations {
                parser.reset()
                if parser.parse(bytes.span) == .complete(length: bytes.count) { complete += 1 }
            }
            return complete
        }
    }

    static func measureResponse() -> Measurement {
        let bytes = Array(response.utf8)
        var parser = ResponseParser()
        return Measurement {
            var complete = 0
            for _ in 0 ..< Measurement.operations {
                parser.reset()
                if parser.parse(bytes.span, answering: .get) == .complete(length: bytes.count) { complete += 1 }
            }
            return complete
        }
    }
}
