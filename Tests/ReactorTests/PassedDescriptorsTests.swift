@testable import Reactor
import Testing

@Suite struct PassedDescriptorsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let variables: [String: String]
        /// The numbers of those descriptors that are pipes.
        var pipes: [Int32: Int64] = [:]
        /// `3 web` and so on.
        var descriptors: [String] = []
        var isUpgrade = false
        var testDescription: String { name }
    }

    private static let pid: Int32 = 70

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
            name: "an upgrade", variables: ["SERIN_UPGRADE_PIPE": "81", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "listener:ready"],
            pipes: [4: 81], descriptors: ["3 listener", "4 ready"], isUpgrade: true),
        Case(name: "an upgrade's environment without its descriptors", variables: ["SERIN_UPGRADE_PIPE": "81", "LISTEN_FDS": "2"]),
        Case(name: "with another pipe", variables: ["SERIN_UPGRADE_PIPE": "81", "LISTEN_FDS": "2"], pipes: [3: 82, 4: 82]),
        Case(name: "with the pipe elsewhere", variables: ["SERIN_UPGRADE_PIPE": "81", "LISTEN_FDS": "2"], pipes: [3: 81, 5: 81]),
        Case(name: "with a count of none", variables: ["SERIN_UPGRADE_PIPE": "81", "LISTEN_FDS": "0"], pipes: [2: 81]),
        Case(name: "with a pipe that is no number", variables: ["SERIN_UPGRADE_PIPE": "pipe", "LISTEN_FDS": "1"], pipes: [3: 0]),
        Case(
            name: "an upgrade's trace in the environment of a service", variables: ["SERIN_UPGRADE_PIPE": "81", "LISTEN_PID": "70", "LISTEN_FDS": "1"],
            descriptors: ["3 "]),
    ])
    func reads(_ test: Case) {
        let passed = PassedDescriptors(pid: Self.pid, pipeNumber: { test.pipes[$0] }) { test.variables[$0] }
        #expect(passed.descriptors.map { "\($0.fd) \($0.name)" } == test.descriptors)
        #expect(passed.isUpgrade == test.isUpgrade)
    }

    @Test func readsWhatItWrites() throws {
        var environment = ["LISTEN_PID": "70", "LISTEN_FDS": "9"]
        let (pipe, other) = try ReadinessPipe.make()
        defer { ReadinessPipe.tell(other) }
        for (name, value) in PassedDescriptors.variables(names: ["listener", "admin", "ready"], pipe) { environment[name] = value }
        let passed = PassedDescriptors(pid: Self.pid, pipeNumber: { $0 == 5 ? ReadinessPipe.number(of: other) : nil }) { environment[$0] }
        #expect(passed.isUpgrade)
        #expect(passed.descriptors.map { "\($0.fd) \($0.name)" } == ["3 listener", "4 admin", "5 ready"])
        #expect(environment["LISTEN_PID"] == nil, "it names a process that is not meant")
    }

    @Test func pipesAreToldApart() throws {
        let (one, otherEnd) = try ReadinessPipe.make(), (two, _) = try ReadinessPipe.make()
        #expect(ReadinessPipe.number(of: one.fd) == one.number && ReadinessPipe.number(of: otherEnd) == one.number)
        #expect(one.number != two.number && one.number > 0)
        let file = try LogFile("/dev/null")
        #expect(ReadinessPipe.number(of: file.release()) == nil)
        #expect(ReadinessPipe.number(of: 987_654) == nil, "it is not open")
    }
}
