import Foundation
import Glibc
import Synchronization
import Testing

/// Origins that die, freeze, come back and break off: the client gets one complete answer or a visible cut, never a mix of two.
@Suite struct FaultTests {
    private static func start(_ origin: OriginProcess, settings: String = "") throws -> SerinProcess {
        try SerinProcess(TestConfiguration(
            services: ["app": [origin.address.description]], manifests: [Manifests.ingress("app", service: "app")], settings: settings))
    }

    @Test(arguments: ["/whole", "/chunked"])
    func aKilledOriginIsACutAndItsSuccessorServes(_ target: String) throws {
        let origin = try OriginProcess()
        let serin = try Self.start(origin)
        let client = try serin.client()
        #expect(try client.get(target).text == OriginProcess.body(of: target))
        let half = try serin.client()
        try half.send("GET /half HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try half.readHead()["Content-Length"] == "\(OriginProcess.body(of: "/half").utf8.count)")
        try origin.kill()
        let rest = try half.readToEnd()
        #expect(rest.count < OriginProcess.body(of: "/half").utf8.count, "cut, and visibly")
        #expect(try client.get(target).status == 502, "the idle connection is gone, and nobody listens")
        let successor = try origin.successor()
        #expect(try client.get(target).text == OriginProcess.body(of: target))
        try successor.kill()
    }

    @Test func aFrozenOriginIsTooSlowAndItsLateAnswersReachNobody() throws {
        let origin = try OriginProcess()
        let serin = try Self.start(origin, settings: "timeouts: {upstreamResponse: 200ms}")
        let client = try serin.client()
        #expect(try client.get("/whole/before").status == 200)
        try origin.freeze()
        #expect(try client.get("/whole/frozen").status == 504)
        #expect(try client.exchange("POST /whole/post HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx").status == 504)
        origin.thaw()
        // Now it answers all that lay in its sockets, on connections that nobody reads any more.
        for index in 0..<20 {
            let target = "/whole/\(index)"
            let answer = try eventually("an answer in time") { () -> Response? in
                let answer = try client.get(target)
                return answer.status == 200 ? answer : nil
            }
            #expect(answer.text == OriginProcess.body(of: target))
        }
        #expect(origin.posts.count <= 1, "a POST is not sent twice")
    }

    struct Break: Sendable, CustomTestStringConvertible {
        let name: String
        let sent: String
        var resets = true
        /// Nil is a visible cut.
        var status: Int?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Break(name: "reset before a byte", sent: "", status: 502),
        Break(name: "reset within the status line", sent: "HTTP/1.1 20", status: 502),
        Break(name: "reset within the fields", sent: "HTTP/1.1 200 OK\r\nContent-Le", status: 502),
        Break(name: "closed within the fields", sent: "HTTP/1.1 200 OK\r\nContent-Le", resets: false, status: 502),
        Break(name: "reset within a length", sent: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nsome"),
        Break(name: "closed within a length", sent: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nsome", resets: false),
        Break(name: "reset within a chunk", sent: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nsome"),
        Break(name: "closed before the last chunk", sent: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n", resets: false),
        Break(name: "reset behind an interim response", sent: "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n", status: 502),
    ])
    func anAnswerThatBreaksOff(_ test: Break) throws {
        let gate = Gate()
        let origin = try RecordingOrigin { connection in
            guard let request = try connection.readRequest() else { return }
            guard request.head.startLine.contains("/bad") else { return try connection.answer("good\n", to: request) }
            try connection.send(test.sent)
            // What is on its way is not overtaken by the reset.
            if test.status == nil { try gate.wait() }
            if test.resets { connection.socket.reset() }
        }
        let serin = try SerinProcess(.origin(origin))
        let client = try serin.client()
        try client.send("POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx")
        if let status = test.status {
            if test.sent.contains("103") { #expect(try client.readHead().startLine == "HTTP/1.1 103 Early Hints") }
            #expect(try client.readResponse(to: "POST").status == status)
            #expect(try client.get().text == "good\n")
        } else {
            try eventually("the beginning") { client.socket.isReadable }
            gate.open()
            #expect(throws: (any Error).self) { try client.readResponse(to: "POST") }
            #expect(try serin.client().get().text == "good\n")
        }
        #expect(origin.requests.count { $0.method == "POST" } == 1, "tried once")
    }

    // MARK: Flapping

    /// Killed, frozen and started again while clients ask without a pause.
    @Test func aFlappingOriginNeverMixesAnswers() throws {
        var origin = try OriginProcess()
        let serin = try Self.start(origin, settings: "timeouts: {upstreamResponse: 300ms, upstreamConnect: 300ms}")
        let crowd = DoubtfulClients(serin.address, count: 6)
        for round in 0..<10 {
            try crowd.waitForMore(40)
            if round % 2 == 0 {
                try origin.kill()
                try crowd.waitForMore(10)
                origin = try origin.successor()
            } else {
                try origin.freeze()
                try crowd.waitForMore(10)
                origin.thaw()
            }
        }
        try crowd.waitForMore(40)
        try crowd.stop()
        #expect(crowd.faults.isEmpty, "\(crowd.faults.prefix(5))")
        #expect(crowd.whole > 0)
        let posts = origin.posts
        #expect(Set(posts).count == posts.count, "a POST was sent twice")
        #expect(try serin.client().get("/whole").text == OriginProcess.body(of: "/whole"))
    }
}

/// Clients that take an answer, an error of the proxy's own, or a visible cut for granted, and nothing else.
private final class DoubtfulClients: Sendable {
    private struct State {
        var whole = 0
        var outcomes = 0
        var faults: [String] = []
        var isStopped = false
        var running = 0
    }

    private let state = Mutex(State())
    private let address: TestAddress

    init(_ address: TestAddress, count: Int) {
        self.address = address
        state.withLock { $0.running = count }
        for index in 0..<count {
            Thread { [self] in
                run(index)
                state.withLock { $0.running -= 1 }
            }.start()
        }
    }

    var whole: Int { state.withLock { $0.whole } }
    var faults: [String] { state.withLock { $0.faults } }

    func waitForMore(_ count: Int) throws {
        let before = state.withLock { $0.outcomes }
        try eventually("\(count) more outcomes", within: 60) { state.withLock { $0.outcomes >= before + count || !$0.faults.isEmpty } }
    }

    func stop() throws {
        state.withLock { $0.isStopped = true }
        try eventually("the clients to end", within: 60) { state.withLock { $0.running == 0 } }
    }

    private func run(_ index: Int) {
        var connection: RawClient?
        var number = 0
        while !state.withLock({ $0.isStopped }) {
            number += 1
            let target = "/\(number % 2 == 0 ? "whole" : "chunked")/\(index)-\(number)"
            let request = number % 3 == 0
                ? "POST \(target) HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody" : "GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n"
            do {
                let client = try connection ?? RawClient(address)
                connection = client
                note(try client.exchange(request), to: target)
            } catch {
                note(error, for: target)
                connection = nil
            }
        }
    }

    private func note(_ answer: Response, to target: String) {
        let isOwn = [502, 503, 504].contains(answer.status) && answer.text.hasPrefix("\(answer.status) ")
        let isWhole = answer.status == 200 && answer.text == OriginProcess.body(of: target)
        state.withLock { state in
            state.outcomes += 1
            if isWhole { state.whole += 1 }
            if !isOwn, !isWhole { state.faults.append("\(answer.status) to \(target): \(answer.text.prefix(60))") }
        }
    }

    private func note(_ error: any Error, for target: String) {
        let fault: String? = switch error {
        case let cut as MessageReader.Cut:
            OriginProcess.body(of: target).utf8.starts(with: cut.received) ? nil : "not the beginning of \(target)"
        case TestSocket.Failure.failed: nil
        case let problem as Problem: problem.description.contains(" ended") ? nil : "\(problem)"
        default: "\(error)"
        }
        state.withLock { state in
            state.outcomes += 1
            if let fault { state.faults.append("\(target): \(fault)") }
        }
    }
}
