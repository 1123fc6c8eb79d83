@testable import Reactor
import Testing

@Suite struct PassedDescriptorsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let variables: [String: String]
        /// `3 web` and so on.
        var descriptors: [String] = []
        var isUpgrade = false
        var testDescription: String { name }
    }

    private static let pid: Int32 = 70, parent: Int32 = 60

    @Test(arguments: [
        Case(name: "nothing", variables: [:]),
        Case(name: "one without a name", variables: ["LISTEN_PID": "70", "LISTEN_FDS": "1"], descriptors: ["3 "]),
        Case(
            name: "names", variables: ["LISTEN_PID": "70", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "web::admin"],
            descriptors: ["3 web", "4 ", "5 admin"]),
        Case(
            name: "too few names", variables: ["LISTEN_PID": "70", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "web"],
            descriptors: ["3 web", "4 "]),
        Case(
            name: "too many names", variables: ["LISTEN_PID": "70", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "a:b:c"], descriptors: ["3 a"]),
        Case(name: "for another process", variables: ["LISTEN_PID": "71", "LISTEN_FDS": "1"]),
        Case(name: "for nobody", variables: ["LISTEN_FDS": "1"]),
        Case(name: "no count", variables: ["LISTEN_PID": "70"]),
        Case(name: "a count of none", variables: ["LISTEN_PID": "70", "LISTEN_FDS": "0"]),
        Case(name: "a negative count", variables: ["LISTEN_PID": "70", "LISTEN_FDS": "-1"]),
        Case(name: "a count that is no number", variables: ["LISTEN_PID": "70", "LISTEN_FDS": "1x"]),
        Case(name: "a count without measure", variables: ["LISTEN_PID": "70", "LISTEN_FDS": "2147483647"]),
        Case(name: "a count that does not fit", variables: ["LISTEN_PID": "70", "LISTEN_FDS": "99999999999999999999"]),
        Case(
            name: "an upgrade", variables: ["SERIN_UPGRADE_PID": "60", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "listener:ready"],
            descriptors: ["3 listener", "4 ready"], isUpgrade: true),
        Case(name: "an upgrade by another parent", variables: ["SERIN_UPGRADE_PID": "61", "LISTEN_FDS": "2"]),
        Case(name: "an upgrade's trace in a later environment", variables: ["SERIN_UPGRADE_PID": "70", "LISTEN_FDS": "2"]),
    ])
    func reads(_ test: Case) {
        let passed = PassedDescriptors(pid: Self.pid, parent: Self.parent) { test.variables[$0] }
        #expect(passed.descriptors.map { "\($0.fd) \($0.name)" } == test.descriptors)
        #expect(passed.isUpgrade == test.isUpgrade)
    }

    @Test func readsWhatItWrites() {
        var environment = ["LISTEN_PID": "70", "LISTEN_FDS": "9"]
        for (name, value) in PassedDescriptors.variables(names: ["listener", "admin", "ready"]) { environment[name] = value }
        let passed = PassedDescriptors(pid: Self.pid, parent: ProcessID.own) { environment[$0] }
        #expect(passed.isUpgrade)
        #expect(passed.descriptors.map { "\($0.fd) \($0.name)" } == ["3 listener", "4 admin", "5 ready"])
        #expect(environment["LISTEN_PID"] == nil, "it names a process that is not meant")
    }
}
