import Exchange
import HTTP1
import Testing

/// One conversation through the machine: what happens, and what must come of it.
///
/// Texts are in `wire` form: `|` is a line end. The fields that the proxy adds to every message (Date, X-Request-ID,
/// X-Forwarded-* and the like) are left out of them; `RewriteTests` looks at those.
struct Script: Sendable, CustomTestStringConvertible {
    enum Step: Sendable {
        /// The client sends; it stops; its connection breaks.
        case client(String), clientCloses, clientFails
        /// The upstream sends; it stops; its connection breaks; it takes no more and says so; its connection breaks, as a write shows.
        case upstream(String), upstreamCloses, upstreamResets, upstreamStopsReading, upstreamBreaks
        /// How many bytes the side still takes; all by default.
        case clientTakes(Int), upstreamTakes(Int)
        /// What the next connects come to.
        case connects([MachineHarness.Connect])
        /// What a pending connect comes to.
        case connected(MachineHarness.Connect)
        /// Seconds.
        case wait(Int)
        case drains, cut
        /// `BufferPool.limit`; 0 is that other requests have all there is.
        case memory(Int)
    }

    struct End: Equatable, Sendable, CustomStringConvertible {
        var status: UInt16
        var failure: Failure?
        var attempts = 1
        /// Body bytes of the request and of the response.
        var received = 0, sent = 0

        /// - Parameter sent: what an answer of the proxy's own says by default, 0 for an upstream's.
        init(_ status: UInt16, _ failure: Failure? = nil, attempts: Int = 1, received: Int = 0, sent: Int? = nil) {
            let isOwn = status == 301 || status == 302 || failure != nil && status >= 400 && status != 499
            self.status = status
            self.failure = failure
            self.attempts = attempts
            self.received = received
            self.sent = sent ?? (isOwn ? "\(status) \(ReasonPhrase.of(status))\n".utf8.count : 0)
        }

        init(_ summary: Summary) {
            self.init(
                summary.status, summary.failure, attempts: summary.attempts,
                received: summary.requestBodyBytes, sent: summary.responseBodyBytes)
        }

        var description: String {
            "\(status) \(failure?.description ?? "-") attempts \(attempts) received \(received) sent \(sent)"
        }
    }

    /// What became of the client's connection.
    enum Left: Equatable, Sendable { case open, closed, aborted }

    let name: String
    var world = World()
    let steps: [Step]
    var toClient = ""
    var toUpstreams: [String] = []
    var ends: [End]
    var left = Left.open
    /// Of each connection to an upstream that was given back, whether for reuse.
    var reusable: [Bool]?
    /// Of each connect, whether it had to be a fresh one.
    var fresh: [Bool]?

    var testDescription: String { name }
}

extension Script {
    /// Plays it with reads and writes of at most `chunk` bytes and compares.
    func play(chunk: Int) {
        let harness = MachineHarness(world)
        harness.chunk = chunk
        for step in steps {
            harness.take(step)
            harness.drive()
        }
        #expect(text(harness.toClient).without(Self.ownAnswerFields) == toClient, "to the client")
        let received = harness.upstreams.map { text($0.received).without(Self.ownRequestFields) }
        #expect(received == toUpstreams, "to the upstreams")
        #expect(harness.summaries.map { End($0) } == ends, "summaries")
        #expect(harness.left == left, "the client's connection")
        #expect(harness.problems == [])
        if let reusable { #expect(harness.reusable == reusable, "upstream connections given back") }
        if let fresh { #expect(harness.demands == fresh, "demands for a fresh connection") }
    }

    private static let ownAnswerFields = ["Date: Sun, 06 Nov 1994 08:49:37 GMT"]
    private static let ownRequestFields = [
        "X-Request-ID:", "X-Real-IP:", "X-Forwarded-For:", "X-Forwarded-Host:", "X-Forwarded-Port:", "X-Forwarded-Proto:",
        "X-Forwarded-Scheme:", "X-Scheme:",
    ]
}

extension String {
    /// The text without the lines that begin with one of `prefixes`.
    fileprivate func without(_ prefixes: [String]) -> String {
        split(separator: "|", omittingEmptySubsequences: false)
            .filter { line in !prefixes.contains { line.hasPrefix($0) } }
            .joined(separator: "|")
    }
}

extension MachineHarness {
    var left: Script.Left {
        switch ending {
        case nil, .keepAlive: .open
        case .close, .refuse: .closed
        case .abort: .aborted
        }
    }

    var reusable: [Bool] {
        upstreams.compactMap { upstream in
            if case .released(let reusable) = upstream.state { reusable } else { nil }
        }
    }

    func take(_ step: Script.Step) {
        switch step {
        case .client(let text): clientWire.put(wire(text))
        case .clientCloses: clientWire.end = .closed
        case .clientFails: clientFails()
        case .upstream(let text): upstreamSends(wire(text))
        case .upstreamCloses: upstreamEnds(.closed)
        case .upstreamResets: upstreamEnds(.failed)
        case .upstreamStopsReading: upstreamStopsReading()
        case .upstreamBreaks: upstreamStopsReading(reset: true)
        case .clientTakes(let count): clientTakes = count
        case .upstreamTakes(let count): upstreamTakes = count
        case .connects(let next): connects = next
        case .connected(let how): finishConnect(how)
        case .wait(let seconds): wait(.seconds(seconds))
        case .drains: context.isDraining = true
        case .cut: cut()
        case .memory(let limit): context.pool.limit = limit
        }
    }

    private func upstreamSends(_ bytes: [UInt8]) {
        guard let current else {
            Issue.record("no upstream is connected that could send")
            return
        }
        upstreams[current].wire.put(bytes)
    }

    private func upstreamEnds(_ end: Wire.End) {
        guard let current else {
            Issue.record("no upstream is connected that could end")
            return
        }
        upstreams[current].wire.end = end
    }
}

/// An answer of the proxy's own, as it is seen by the client.
func own(_ status: String, closes: Bool = true, extra: String = "", body: Bool = true) -> String {
    "HTTP/1.1 \(status)|Content-Type: text/plain; charset=utf-8|Content-Length: \(status.utf8.count + 1)|\(extra)"
        + (closes ? "Connection: close||" : "|") + (body ? "\(status)|" : "")
}
