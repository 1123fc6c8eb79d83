import HTTP1

/// The X-Forwarded lines that are the same for every request to one listener, ready to copy.
struct ForwardedLines {
    private var port: UInt16 = 0
    private var isTLS = false
    private var bytes: [UInt8] = []

    func append(to output: inout ByteBuffer) {
        output.append(bytes.span)
    }

    /// Makes them those of another listener, if they are not that already.
    mutating func prepare(port: UInt16, isTLS: Bool) {
        guard bytes.isEmpty || port != self.port || isTLS != self.isTLS else { return }
        self.port = port
        self.isTLS = isTLS
        let scheme = isTLS ? "https" : "http"
        bytes = Array("""
            X-Forwarded-Port: \(port)\r
            X-Forwarded-Proto: \(scheme)\r
            X-Forwarded-Scheme: \(scheme)\r
            X-Scheme: \(scheme)\r

            """.utf8)
    }
}
