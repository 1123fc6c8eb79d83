import Foundation

/// Programs that the tests call; scripts/setup installs them.
enum Tools {
    static func path(of name: String) throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        for folder in path.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin"] {
            let candidate = folder + "/" + name
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw Problem("\(name) is not installed: run `scripts/setup test`")
    }
}

/// curl, as a user would type it.
enum Curl {
    struct Answer: Sendable {
        let exit: ChildProcess.Exit
        /// The last response's; 0 when there was none.
        let status: Int
        let bytes: Data
        /// What went over the line, as `curl -v` tells it.
        let trace: String

        var body: String { String(decoding: bytes, as: UTF8.self) }
    }

    static func run(_ arguments: String...) throws -> Answer { try run(arguments) }

    static func run(_ arguments: [String]) throws -> Answer {
        let folder = try TemporaryFolder()
        let process = try ChildProcess(
            try Tools.path(of: "curl"),
            ["-sv", "--noproxy", "*", "--max-time", "30", "-o", folder.path("body"), "-w", "%{http_code}"] + arguments,
            named: "curl", in: folder)
        let exit = try process.wait(within: 40)
        let bytes = FileManager.default.contents(atPath: folder.path("body")) ?? Data()
        return Answer(exit: exit, status: Int(process.output) ?? 0, bytes: bytes, trace: process.errors)
    }
}

/// The load generator.
final class Wrk {
    struct Result: Sendable {
        let requests: Int
        let socketErrors: Int
        let badStatuses: Int
        let report: String
    }

    private let process: ChildProcess

    init(_ url: String, connections: Int, threads: Int = 1, seconds: Int, fields: [String] = []) throws {
        process = try ChildProcess(
            try Tools.path(of: "wrk"),
            ["-t\(threads)", "-c\(connections)", "-d\(seconds)s"] + fields.flatMap { ["-H", $0] } + [url],
            named: "wrk", in: try TemporaryFolder())
    }

    func result(within seconds: Double = 60) throws -> Result {
        let exit = try process.wait(within: seconds)
        let report = process.output + process.errors
        guard exit == .exited(0) else { throw Problem("wrk ended with \(exit)\n\(report)") }
        let lines = report.split(separator: "\n").map { $0.drop { $0 == " " } }
        func numbers(in line: Substring?) -> [Int] {
            line.map { $0.split { !$0.isNumber }.compactMap { Int($0) } } ?? []
        }
        // "Socket errors: connect 0, read 0, write 0, timeout 0", only printed when there are any.
        let errors = numbers(in: lines.first { $0.hasPrefix("Socket errors") }).reduce(0, +)
        let bad = numbers(in: lines.first { $0.hasPrefix("Non-2xx") }?.drop { $0 != ":" }).first ?? 0
        guard let done = lines.first(where: { $0.contains(" requests in ") }), let requests = numbers(in: done).first else {
            throw Problem("wrk did not say what it did:\n\(report)")
        }
        return Result(requests: requests, socketErrors: errors, badStatuses: bad, report: report)
    }
}

/// A real peer.
final class Nginx {
    let address: TestAddress
    private let process: ChildProcess
    let folder: TemporaryFolder

    /// - Parameters:
    ///   - locations: the inside of its `server` block.
    ///   - listening: more of its `listen` line.
    init(_ locations: String, listening: String = "") throws {
        folder = try TemporaryFolder()
        let program = try Tools.path(of: "nginx")
        // nginx cannot be asked for any free port: one outside of the range that connections get theirs from.
        for attempt in 0..<20 {
            let port = UInt16.random(in: 20_000..<30_000)
            guard (try? TestSocket.listen(on: .ipv4(port: port))) != nil else { continue }
            try folder.write(Self.configuration(locations, listening, port: port, folder: folder.path), to: "nginx.conf")
            let process = try ChildProcess(
                program, ["-p", folder.path, "-e", folder.path("error.log"), "-c", folder.path("nginx.conf")],
                named: "nginx-\(attempt)", in: folder)
            let answers = try eventually("nginx to listen or to end") { () -> Bool? in
                if process.exit != nil { return false }
                return (try? TestSocket.connect(to: .ipv4(port: port))) == nil ? nil : true
            }
            guard answers else {
                guard folder.read("error.log").contains("in use") else {
                    throw Problem("nginx did not start:\n\(process.errors)\(folder.read("error.log"))")
                }
                continue
            }
            address = .ipv4(port: port)
            self.process = process
            return
        }
        throw Problem("found no free port for nginx")
    }

    deinit {
        // Its worker ends with it only when it is asked.
        process.signal(SIGTERM)
        _ = try? process.wait(within: 10)
    }

    /// Answers everything with `name` and a line end.
    static func named(_ name: String) throws -> Nginx { try Nginx("location / { return 200 \"\(name)\\n\"; }") }

    private static func configuration(_ locations: String, _ listening: String, port: UInt16, folder: String) -> String {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder)/\($0);" }
        return """
            daemon off;
            worker_processes 1;
            pid \(folder)/nginx.pid;
            events { worker_connections 2048; }
            http {
              \(temporary.joined(separator: " "))
              access_log off;
              keepalive_requests 1000000;
              server { listen 127.0.0.1:\(port) backlog=1024 \(listening); root \(folder)/www; \(locations) }
            }
            """
    }
}
