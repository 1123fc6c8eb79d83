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
}
