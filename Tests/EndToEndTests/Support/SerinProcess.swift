import Foundation

/// What a test's proxy is configured with. Every address is a loopback port that the kernel chooses.
struct TestConfiguration: Sendable {
    /// Endpoints by Service name.
    var services: [String: [String]] = [:]
    /// Kubernetes documents.
    var manifests: [String] = []
    /// Further top-level lines of serin.yaml.
    var settings = ""
    var listeners = ["127.0.0.1:0"]
    /// Which of them speak TLS.
    var secureListeners: Set<Int> = []
    /// Which of them begin with a PROXY header.
    var announcedListeners: Set<Int> = []
    var admin = "127.0.0.1:0"
    var workers = 1
    /// Names by which the admin address may be called.
    var adminHosts: [String] = []

    /// One route for every host and path, without a canary.
    static func origin(_ origin: RecordingOrigin..., settings: String = "") -> TestConfiguration {
        TestConfiguration(
            services: ["app": origin.map(\.address.description)], manifests: [Manifests.ingress("app", service: "app")], settings: settings)
    }

    /// A stable version "old" and a canary "new".
    static func canary(
        old: [RecordingOrigin], new: [RecordingOrigin], _ annotations: [String: String], settings: String = ""
    ) -> TestConfiguration {
        TestConfiguration(
            services: ["old": old.map(\.address.description), "new": new.map(\.address.description)],
            manifests: [
                Manifests.ingress("shop", service: "old"),
                Manifests.canary("shop-canary", service: "new", annotations),
            ],
            settings: settings)
    }

    /// One Ingress of ingress-nginx's mode, whose admission may refuse it, for the Service "old" or "new".
    static func admitted(
        _ old: RecordingOrigin, _ new: RecordingOrigin, _ service: String, _ annotations: [String: String]
    ) -> TestConfiguration {
        TestConfiguration(
            services: ["old": [old.address.description], "new": [new.address.description]],
            manifests: [Manifests.ingress("app", host: "a.test", service: service, annotations: annotations)],
            settings: "canary: {compatibility: ingress-nginx}")
    }

    /// The configuration file.
    var text: String {
        var lines = ["listeners:"] + listeners.enumerated().map { "  - {address: \"\($1)\", tls: \(secureListeners.contains($0)), proxyProtocol: \(announcedListeners.contains($0))}" }
        lines += ["admin: {address: \"\(admin)\", hosts: [\(adminHosts.joined(separator: ", "))]}", "workers: \(workers)", "manifests: [manifests/]"]
        if !services.isEmpty {
            lines.append("services:")
            lines += services.sorted { $0.key < $1.key }.map { service in
                "  \(service.key): [" + service.value.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
            }
        }
        return (lines + [settings, ""]).joined(separator: "\n")
    }

    func write(to folder: TemporaryFolder) throws {
        try folder.write(manifests.joined(separator: "\n---\n"), to: "manifests/all.yaml")
        try folder.write(text, to: SerinProcess.file)
    }
}

/// The real binary, running.
final class SerinProcess {
    static let file = "serin.yaml"

    let folder: TemporaryFolder
    let process: ChildProcess
    /// Where clients connect, in the order of the configuration.
    let listeners: [TestAddress]
    let admin: TestAddress

    var address: TestAddress { listeners[0] }
    var url: String { "http://\(address)" }
    var adminURL: String { "http://\(admin)" }

    convenience init(
        _ configuration: TestConfiguration, folder: TemporaryFolder? = nil, named name: String = "serin", passing sockets: [TestSocket] = [],
        variables: [String] = [], program: String? = nil
    ) throws {
        let folder = try folder ?? TemporaryFolder()
        try configuration.write(to: folder)
        try self.init(in: folder, named: name, passing: sockets, variables: variables, program: program)
    }

    /// With the configuration that is in the folder already.
    init(
        in folder: TemporaryFolder, named name: String = "serin", passing sockets: [TestSocket] = [], variables: [String] = [],
        program: String? = nil
    ) throws {
        self.folder = folder
        process = try ChildProcess(
            try program ?? Self.executable(), ["run", "-c", Self.file], named: name, in: folder, passing: sockets, variables: variables)
        (listeners, admin) = try Self.addresses(of: process)
    }

    /// One that `launch` has started.
    init(_ process: ChildProcess, in folder: TemporaryFolder) throws {
        self.folder = folder
        self.process = process
        (listeners, admin) = try Self.addresses(of: process)
    }

    /// Starts the binary with any arguments, in `folder`.
    static func launch(
        _ arguments: [String], in folder: TemporaryFolder, named name: String = "serin", at place: String? = nil
    ) throws -> ChildProcess {
        try ChildProcess(try executable(), arguments, named: name, in: folder, at: place)
    }

    /// What the process prints once it accepts.
    static func addresses(of process: ChildProcess) throws -> (listeners: [TestAddress], admin: TestAddress) {
        try eventually("serin to listen; it wrote\n\(process.output)\(process.errors)", within: 60) {
            let lines = process.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            func addresses(_ word: String) -> [TestAddress] {
                lines.filter { $0.hasPrefix(word + " ") }.compactMap { TestAddress(announced: $0.dropFirst(word.count + 1)) }
            }
            if let admin = addresses("admin").first { return (addresses("listening"), admin) }
            if let exit = process.exit { throw Problem("serin did not start: \(exit)\n\(process.errors)") }
            return nil
        }
    }

    /// The binary of the build that these tests belong to, which lies beside them; or another one, by `SERIN_PROGRAM`
    /// (scripts/test-sanitize).
    static func executable() throws -> String {
        if let program = ProcessInfo.processInfo.environment["SERIN_PROGRAM"] { return program }
        let test = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        let besides = [test, CommandLine.arguments[0]].map { URL(fileURLWithPath: $0).deletingLastPathComponent().path }
        for folder in besides + [Repository.path + "/.build/debug"] {
            let candidate = folder + "/serin"
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw Problem("no serin beside \(test): build it with `swift build --build-tests`")
    }

    // MARK: Talking to it

    func client(receiveBuffer: Int32? = nil) throws -> RawClient { try RawClient(address, receiveBuffer: receiveBuffer) }

    /// A request to the admin address on a connection of its own.
    func ask(_ target: String, method: String = "GET", fields: [String] = [], body: String? = nil) throws -> Response {
        let client = try RawClient(admin)
        let host = fields.contains { $0.hasPrefix("Host:") } ? [] : ["Host: \(admin)"]
        let length = body.map { ["Content-Length: \($0.utf8.count)"] } ?? []
        let lines = ["\(method) \(target) HTTP/1.1"] + host + fields + length + ["Connection: close"]
        return try client.exchange(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""), method: method)
    }

    func metrics() throws -> Metrics { Metrics(text: try ask("/metrics").text) }

    /// One that has had an answer, and sent a blank line since, which has been read (RFC 9112 section 2.2).
    func clientAfterABlankLine() throws -> RawClient {
        let client = try client()
        _ = try client.get()
        let before = try metrics().sum("serin_client_received_bytes_total")
        try client.send("\r\n")
        try eventually("the blank line is read") { try metrics().sum("serin_client_received_bytes_total") == before + 2 }
        return client
    }

    /// Writes another configuration and has it loaded; returns the answer.
    func reload(_ configuration: TestConfiguration) throws -> Response {
        try configuration.write(to: folder)
        return try reload()
    }

    func reload() throws -> Response { try ask("/v1/reload", method: "POST") }

    /// Stops it gracefully; returns how it ended.
    func stop() throws -> ChildProcess.Exit {
        process.signal(SIGTERM)
        return try process.wait()
    }

    /// Waits for a line of the log.
    func waitForLog(_ text: String) throws {
        try eventually("the log line “\(text)” in\n\(process.errors)") { process.errors.contains(text) }
    }
}

/// A scrape.
struct Metrics: Sendable {
    let text: String

    /// The sum of all samples of a series whose labels include these.
    func sum(_ name: String, _ labels: [String: String] = [:]) -> Int {
        let wanted = labels.map { "\($0.key)=\"\($0.value)\"" }
        return text.split(separator: "\n").reduce(0) { sum, line in
            let rest = line.dropFirst(name.count)
            guard line.hasPrefix(name), rest.hasPrefix(" ") || rest.hasPrefix("{"), wanted.allSatisfy({ line.contains($0) }),
                  let value = line.split(separator: " ").last.flatMap({ Double($0) })
            else { return sum }
            return sum + Int(value)
        }
    }

    func requests(_ labels: [String: String] = [:]) -> Int { sum("serin_requests_total", labels) }
}

/// The files that these tests lie among.
enum Repository {
    static let path: String = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url.path
    }()
}
