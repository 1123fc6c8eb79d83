import Foundation
import Glibc

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
    /// What comes behind the certificates that it issues: its own and so on, but not the root.
    private let chain: String

    public init() throws {
        folder = try Self.makeFolder()
        chain = ""
        try request(
            ["-subj", "/CN=Test authority", "-addext", "basicConstraints=critical,CA:TRUE"], Self.newKey(.ecdsa), name: "ca", days: 3650)
    }

    /// One that is vouched for by another.
    public init(below parent: TestAuthority, name: String) throws {
        let folder = try Self.makeFolder()
        let certificate = folder.appendingPathComponent("ca.pem").path
        try Self.openssl(
            ["req", "-x509", "-nodes", "-days", "3650", "-CA", parent.path("ca.pem"), "-CAkey", parent.path("ca.key"), "-subj", "/CN=\(name)",
             "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", folder.appendingPathComponent("ca.key").path, "-out", certificate]
                + Self.newKey(.ecdsa))
        chain = try String(contentsOfFile: certificate, encoding: .utf8) + parent.chain
        self.folder = folder
    }

    private static func makeFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("serin-authority-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
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
        if !chain.isEmpty { try (text(name + ".pem") + chain).write(toFile: path(name + ".pem"), atomically: true, encoding: .utf8) }
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

    public enum Verdict: String, Sendable {
        case good = "V", revoked = "R", unknown
    }

    /// What it says of a certificate (OCSP, DER).
    /// - Parameters:
    ///   - days: until the next answer; nil: it does not say.
    ///   - signer: who signs in its place.
    public func respond(
        about pair: Pair, _ verdict: Verdict = .good, days: Int? = 7, signedBy signer: TestAuthority? = nil
    ) throws -> [UInt8] {
        issued += 1
        let (index, response) = (path("index-\(issued)"), path("response-\(issued)"))
        let serial = try Self.serial(of: pair.chainPath)
        let revoked = verdict == .revoked ? "200101000000Z" : ""
        let line = verdict == .unknown ? "" : "\(verdict.rawValue)\t491231235959Z\t\(revoked)\t\(serial)\tunknown\t/CN=any\n"
        try line.write(toFile: index, atomically: true, encoding: .utf8)
        let signer = signer ?? self
        try Self.openssl(
            ["ocsp", "-index", index, "-CA", path("ca.pem"), "-issuer", path("ca.pem"), "-cert", pair.chainPath, "-noverify",
             "-rsigner", signer.path("ca.pem"), "-rkey", signer.path("ca.key"), "-respout", response]
                + (days.map { ["-ndays", "\($0)"] } ?? []))
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: response)))
    }

    public enum Period: Sendable {
        case now, over, yetToCome
    }

    /// Its list of the certificates that it has taken back (PEM), with the time in which the list counts.
    public func list(_ period: Period = .now, revoking pairs: [Pair] = []) throws -> String {
        try list(serials: pairs.map { try Self.serial(of: $0.chainPath) }, period)
    }

    /// The same, of an authority below it.
    public func list(revoking authority: TestAuthority) throws -> String {
        try list(serials: [Self.serial(of: authority.certificatePath)], .now)
    }

    private func list(serials: [String], _ period: Period) throws -> String {
        issued += 1
        let (index, settings, list) = (path("index-\(issued)"), path("settings-\(issued)"), path("list-\(issued)"))
        try serials.map { "R\t491231235959Z\t200101000000Z\t\($0)\tunknown\t/CN=any\n" }.joined()
            .write(toFile: index, atomically: true, encoding: .utf8)
        try "[ca]\ndefault_ca = own\n[own]\ndatabase = \(index)\ndefault_md = sha256\n".write(toFile: settings, atomically: true, encoding: .utf8)
        let time = switch period {
        case .now: ["-crldays", "7"]
        case .over: ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200108000000Z"]
        case .yetToCome: ["-crl_lastupdate", "20490101000000Z", "-crl_nextupdate", "20490108000000Z"]
        }
        try Self.openssl(
            ["ca", "-config", settings, "-gencrl", "-cert", path("ca.pem"), "-keyfile", path("ca.key"), "-out", list] + time)
        return try String(contentsOfFile: list, encoding: .utf8)
    }

    private static func serial(of certificate: String) throws -> String {
        try openssl(["x509", "-in", certificate, "-noout", "-serial"]).trimming("serial=")
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

    /// What it prints: little, or nothing.
    @discardableResult
    private static func openssl(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let (errors, output) = (Pipe(), Pipe())
        process.standardError = errors
        process.standardOutput = output
        try process.run()
        let said = read(errors)
        let printed = read(output)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(description: said) }
        return printed
    }

    /// To its end. FileHandle takes a signal that comes meanwhile for a fatal error.
    private static func read(_ pipe: Pipe) -> String {
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            // The kernel writes at most `count` bytes.
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(pipe.fileHandleForReading.fileDescriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += bytes.prefix(count)
        }
    }
}

extension String {
    fileprivate func trimming(_ prefix: String) -> String {
        trimmingCharacters(in: .whitespacesAndNewlines).replacingOccurrences(of: prefix, with: "")
    }
}
