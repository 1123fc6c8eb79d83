import Foundation

/// Makes a Serin's system calls fail as they rarely do; see Tests/Faults/faults.c.
enum Faults {
    /// The environment that a Serin gets.
    static func variables(_ faults: [String: String], in folder: TemporaryFolder) throws -> [String] {
        let library = folder.path("faults.so")
        // The compiler that this package's own C was built with.
        let compiler = try ChildProcess(
            try Tools.path(of: "clang"), ["-shared", "-fPIC", "-O", "-o", library, Repository.path + "/Tests/Faults/faults.c"],
            named: "clang", in: folder)
        guard try compiler.wait(within: 60) == .exited(0) else { throw Problem("faults.c does not compile:\n\(compiler.errors)") }
        return ["LD_PRELOAD=\(library)"] + faults.map { "\($0.key)=\($0.value)" }
    }

    /// What `FaultFolder` can have fail.
    enum Call: String, Sendable { case accept, socket, send, recv, epoll }
}

/// Faults that begin and end while a Serin runs.
final class FaultFolder {
    let folder: TemporaryFolder

    init(_ folder: TemporaryFolder) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder.path("faults"), withIntermediateDirectories: true)
    }

    var variables: [String] { get throws { try Faults.variables(["FAULT_FOLDER": folder.path("faults")], in: folder) } }

    /// - Parameters:
    ///   - port: at either end of the sockets that it is about; 0: of all.
    ///   - times: 0: until `end`.
    func begin(_ call: Faults.Call, _ error: Int32, port: UInt16 = 0, times: Int = 0) throws {
        try folder.write("\(error) \(port) \(times)\n", to: "faults/\(call.rawValue)")
    }

    func end(_ call: Faults.Call) throws { try FileManager.default.removeItem(atPath: path(of: call)) }

    /// From now on, whoever opens a file of that name waits until `endStall`.
    func stall(opening name: String) throws { try folder.write(name, to: "faults/stall") }

    func endStall() throws { try FileManager.default.removeItem(atPath: folder.path("faults/stall")) }

    /// Returns once somebody waits.
    func waitForStall() throws { try eventually("somebody waits for a file") { folder.exists("faults/stalled") } }

    /// The file that has the call fail.
    func path(of call: Faults.Call) -> String { folder.path("faults/\(call.rawValue)") }
}
