import Addressing
import Exchange
@testable import Server
import Testing

@Suite struct FailureLogTests {
    /// By reference, because expectations do not change values.
    private final class Log {
        private var log = FailureLog<FailedUpstream>()

        func isNews(_ subject: FailedUpstream, at second: UInt64) -> Bool { log.isNews(subject, at: second) }
        func takeDue(at second: UInt64) -> [String] { log.takeDue(at: second) }
        func takeAll(at second: UInt64) -> [String] { log.takeAll(at: second) }
    }

    private static func subject(_ endpoint: UInt16, _ failure: Failure = .connectRefused) -> FailedUpstream {
        FailedUpstream(
            service: "default/app:80", endpoint: .ipv4(address: 0x7F00_0001, port: endpoint), failure: failure)
    }

    @Test func noEndpointAndNoKindHidesAnother() {
        let log = Log()
        for _ in 0..<3 { _ = log.isNews(Self.subject(1), at: 100) }
        #expect(log.isNews(Self.subject(2), at: 100))
        #expect(log.isNews(Self.subject(1, .badResponse), at: 100))
        #expect(log.isNews(FailedUpstream(service: "default/app:80", endpoint: nil, failure: .noEndpoint), at: 100))
        #expect(log.isNews(FailedUpstream(service: "default/other:80", endpoint: nil, failure: .noEndpoint), at: 100))
        #expect(!log.isNews(Self.subject(1), at: 109), "it has had its line")
    }

    /// Two Ingresses ask one endpoint for two names, and both fail.
    @Test func noNameHidesAnother() {
        let log = Log()
        func subject(_ name: String) -> FailedUpstream {
            var subject = Self.subject(1, .tlsFailed)
            subject.securityProblem = "127.0.0.1:1 as \(name): wrong_name"
            return subject
        }
        #expect(log.isNews(subject("a.test"), at: 100))
        #expect(log.isNews(subject("b.test"), at: 100))
        #expect(!log.isNews(subject("a.test"), at: 101))
        #expect(log.takeAll(at: 102).allSatisfy { $0.contains(", TLS with 127.0.0.1:1 as a.test: wrong_name: 1 more in 2 s") })
    }

    @Test func whatIsKeptBackIsCounted() {
        let log = Log()
        #expect(log.isNews(Self.subject(1), at: 100))
        for second in UInt64(100)..<105 { _ = log.isNews(Self.subject(1), at: second) }
        #expect(log.takeDue(at: 109).isEmpty)
        #expect(log.takeDue(at: 110) == ["default/app:80 at 127.0.0.1:1: upstream refused the connection: 5 more in 10 s"])
        #expect(!log.isNews(Self.subject(1), at: 111), "the line about the others was just now")
        #expect(log.takeDue(at: 121) == ["default/app:80 at 127.0.0.1:1: upstream refused the connection: 1 more in 11 s"])
        #expect(log.takeDue(at: 131).isEmpty)
        #expect(log.isNews(Self.subject(1), at: 132), "it was quiet for a while")
    }

    @Test func theEndTellsWhatIsLeft() {
        let log = Log()
        for _ in 0..<3 { _ = log.isNews(Self.subject(1), at: 100) }
        #expect(log.takeAll(at: 102) == ["default/app:80 at 127.0.0.1:1: upstream refused the connection: 2 more in 2 s"])
        #expect(log.takeAll(at: 103).isEmpty)
    }

    @Test func theTableIsBounded() {
        let log = Log()
        let reported = (0..<1000).count { log.isNews(Self.subject(UInt16($0 + 1)), at: 100) }
        #expect(reported == FailureLog<FailedUpstream>.capacity)
        #expect(log.takeDue(at: 110) == ["other failures: \(1000 - FailureLog<FailedUpstream>.capacity) in 10 s"])
        #expect(log.isNews(Self.subject(999), at: 111), "there is room again")
    }

    /// They came when the table was full, and it is empty before they are due.
    @Test func latecomersAreNotForgotten() {
        let log = Log()
        for port in 1...FailureLog<FailedUpstream>.capacity { _ = log.isNews(Self.subject(UInt16(port)), at: 100) }
        #expect(!log.isNews(Self.subject(999), at: 105))
        #expect(log.takeDue(at: 110).isEmpty)
        #expect(log.takeDue(at: 115) == ["other failures: 1 in 10 s"])
    }
}
