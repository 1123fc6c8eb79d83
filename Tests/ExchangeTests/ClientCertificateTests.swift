@testable import Exchange
import Routing
import Testing

/// When what is said of clients' certificates is written, and how long it is kept.
@Suite struct ClientCertificateTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var demand = ClientRule.Demand.required
        var passes = false
        var verdict = ClientCertificate.Verdict.good
        let status: Int
        /// The parts that are written for two requests.
        let written: [String]
        var testDescription: String { name }
    }

    /// What has been written so far.
    private final class Parts {
        var written: [String] = []

        func part(_ name: String) -> [UInt8] {
            written.append(name)
            return Array(name.utf8)
        }
    }

    @Test(arguments: [
        Case(name: "refused", passes: true, verdict: .bad(isOnlyUnknown: true), status: 400, written: []),
        Case(name: "let in", status: 200, written: ["subject", "issuer"]),
        Case(name: "let in, and passed on", passes: true, status: 200, written: ["subject", "issuer", "pem"]),
        Case(name: "of any authority", demand: .optionalWithoutAuthority, verdict: .bad(isOnlyUnknown: true), status: 200, written: ["subject", "issuer"]),
        Case(name: "not looked at", demand: .off, passes: true, status: 200, written: ["subject", "issuer", "pem"]),
    ])
    func isWrittenOnceWhereItIsNeeded(_ test: Case) {
        let harness = Self.harness(ClientRule(test.demand, identity: 7, passesCertificate: test.passes))
        let parts = Parts()
        harness.presented = ClientCertificate(
            test.verdict, subject: parts.part("subject"), issuer: parts.part("issuer"), pem: parts.part("pem"))
        #expect(parts.written == [])
        for _ in 0..<2 where harness.isOpen {
            harness.take(.client("GET / HTTP/1.1|Host: a.test||"))
            harness.drive()
            if test.status == 200 { harness.take(.upstream("HTTP/1.1 200 OK|Content-Length: 0||")) }
            harness.drive()
        }
        #expect(harness.problems == [])
        #expect(Int(Message(harness.toClient).head.dropFirst(9).prefix(3)) == test.status)
        #expect(parts.written == test.written)
        for upstream in harness.upstreams {
            let passed = text(upstream.received).split(separator: "|").filter { $0.hasPrefix("ssl-client-") && !$0.hasPrefix("ssl-client-verify") }
            #expect(passed.map { String($0.split(separator: " ")[1]) } == test.written)
        }
    }

    /// Machines wait for other clients for as long as the process runs.
    @Test func isNotKeptByAMachineAtRest() {
        let harness = Self.harness(ClientRule(.required, identity: 7))
        harness.presented = ClientCertificate(.good)
        weak let certificate = harness.presented
        harness.take(.client("GET / HTTP/1.1|Host: a.test||"))
        harness.drive()
        harness.take(.upstream("HTTP/1.1 200 OK|Content-Length: 0||"))
        harness.drive()
        #expect(!harness.isAttached)
        #expect(certificate != nil)
        harness.presented = nil
        #expect(certificate == nil)
    }

    private static func harness(_ rule: ClientRule) -> MachineHarness {
        var world = World()
        world.isTLS = true
        let routes = world.snapshot().routes.routes.count
        world.https.rules = Array(repeating: [.looksAtClients], count: routes)
        for route in 0..<routes { world.https.clientRules[route] = rule }
        let harness = MachineHarness(world)
        harness.client.certificate = 7
        return harness
    }
}
