import Foundation

/// An authority of the test's own, with as many certificates as it needs; made by the openssl command, gone with the object.
public final class TestAuthority {
    /// A certificate with its key, both PEM.
    public struct Pair: Sendable {
        public let chain: String
        public let key: String
        /// Where they are, as long as the authority lives.
        public let chainPath: String
        public let keyPath: String

        public init(chain: String, key: String, chainPath: String = "", keyPath: String = "") {
            self.chain = chain
            self.key = key
            self.chainPath = chainPath
            self.keyPath = keyPath
        }
    }

    public enum Kind: String, Sendable {
        case ecdsa, rsa
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private let folder: URL
    private var issued = 0

    public init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("serin-authority-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try request(
            ["-subj", "/CN=Test authority", "-addext", "basicConstraints=critical,CA:TRUE"], Self.newKey(.ecdsa), name: "ca", days: 3650)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// What clients trust.
    public var certificatePath: String { path("ca.pem") }

    public var certificate: String { get throws { try text("ca.pem") } }

    /// - Parameter names: DNS names and wildcards, in this order; addresses as `IP:127.0.0.1`.
    public func issue(_ names: String..., kind: Kind = .ecdsa, days: Int = 90) throws -> Pair {
        try issue(names, kind: kind, days: days)
    }

    public func issue(_ names: [String], kind: Kind = .ecdsa, days: Int = 90) throws -> Pair {
        issued += 1
        let name = "leaf-\(issued)"
        let list = names.map { $0.contains(":") ? $0 : "DNS:" + $0 }.joined(separator: ",")
        try request(
            ["-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-subj", "/CN=\(names.first ?? "nobody")",
             "-addext", "subjectAltName=\(list)", "-addext", "basicConstraints=critical,CA:FALSE"],
            Self.newKey(kind), name: name, days: days)
        return Pair(
            chain: try text(name + ".pem"), key: try text(name + ".key"), chainPath: path(name + ".pem"), keyPath: path(name + ".key"))
    }

    /// One whose time was over yesterday.
    public func issueExpired(_ name: String) throws -> Pair {
        issued += 1
        let leaf = "leaf-\(issued)"
        try Self.openssl(
            ["req", "-new", "-nodes", "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name)", "-keyout", path(leaf + ".key"), "-out", path(leaf + ".csr")]
                + Self.newKey(.ecdsa))
        try Self.openssl(
            ["x509", "-req", "-in", path(leaf + ".csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-days", "-1",
             "-copy_extensions", "copy", "-out", path(leaf + ".pem")])
        return Pair(
            chain: try text(leaf + ".pem"), key: try text(leaf + ".key"), chainPath: path(leaf + ".pem"), keyPath: path(leaf + ".key"))
    }

    /// A key in the forms that a test wants: `openssl pkey` with these arguments.
    public func convert(_ pair: Pair, _ arguments: String...) throws -> String {
        issued += 1
        let output = path("key-\(issued)")
        try Self.openssl(["pkey", "-in", pair.keyPath, "-out", output] + arguments)
        return try String(contentsOfFile: output, encoding: .utf8)
    }

    /// A self-signed certificate, made of what `openssl req` is told.
    public func selfSigned(_ newKey: [String], subject: String) throws -> Pair {
        issued += 1
        let name = "self-\(issued)"
        try request(["-subj", subject], newKey, name: name, days: 90)
        return Pair(
            chain: try text(name + ".pem"), key: try text(name + ".key"), chainPath: path(name + ".pem"), keyPath: path(name + ".key"))
    }

    private static func newKey(_ kind: Kind) -> [String] {
        switch kind {
        case .ecdsa: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        case .rsa: ["-newkey", "rsa:2048"]
        }
    }

    private func request(_ arguments: [String], _ newKey: [String], name: String, days: Int) throws {
        try Self.openssl(
            ["req", "-x509", "-nodes", "-days", "\(days)", "-keyout", path(name + ".key"), "-out", path(name + ".pem")]
                + newKey + arguments)
    }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    private static func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: String(decoding: said, as: UTF8.self)) }
    }
}
