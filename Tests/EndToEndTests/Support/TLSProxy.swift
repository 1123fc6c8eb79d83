import Foundation
import TestCertificates

/// A proxy with a plain and a TLS listener, and certificates of an authority of its own.
final class TLSProxy {
    let authority: TestAuthority
    let serin: SerinProcess
    /// It stops when nobody has it.
    private let origin: RecordingOrigin
    var configuration: TestConfiguration

    var plain: TestAddress { serin.listeners[0] }
    var secure: TestAddress { serin.listeners[1] }

    /// - Parameters:
    ///   - hosts: names of hosts by their Secret's names; the certificate is for these.
    ///   - manifests: further ones.
    ///   - tls: further keys below `tls:`, each a line.
    ///   - annotations: of the Ingresses.
    ///   - isAnnounced: connections to the TLS listener begin with a PROXY header.
    ///   - faults: what its system calls come to.
    init(
        _ origin: RecordingOrigin, authority: TestAuthority? = nil, hosts: [String: [String]] = ["shop-tls": ["shop.test"]],
        also manifests: [String] = [], tls: [String] = [], settings: String = "", annotations: [String: String] = [:], workers: Int = 1,
        isAnnounced: Bool = false, faults: FaultFolder? = nil
    ) throws {
        self.origin = origin
        let authority = try authority ?? TestAuthority()
        self.authority = authority
        configuration = TestConfiguration.origin(origin)
        configuration.listeners = ["127.0.0.1:0", "127.0.0.1:0"]
        configuration.secureListeners = [1]
        if isAnnounced { configuration.announcedListeners = [1] }
        configuration.workers = workers
        configuration.settings = (tls.isEmpty ? "" : "tls:\n" + tls.map { "  \($0)\n" }.joined()) + settings
        configuration.manifests = try hosts.sorted { $0.key < $1.key }.flatMap { name, hosts in
            [Manifests.secret(name, try authority.issue(hosts))]
                + hosts.enumerated().map { index, host in
                    Manifests.ingress("\(name)-\(index)", host: host, service: "app", annotations: annotations)
                        + "  tls: [{hosts: [\"\(host)\"], secretName: \(name)}]\n"
                }
        } + manifests
        serin = try SerinProcess(configuration, folder: faults?.folder ?? TemporaryFolder(), variables: faults?.variables ?? [])
    }

    /// The arguments with which curl finds `host` here and trusts its certificate.
    func curl(_ host: String, _ path: String, plainly: Bool = false) -> [String] {
        let port = plainly ? plain.port : secure.port
        return ["--cacert", authority.certificatePath, "--resolve", "\(host):\(port):127.0.0.1", "\(plainly ? "http" : "https")://\(host):\(port)\(path)"]
    }

    @discardableResult
    func python(_ script: String, _ arguments: String...) throws -> String {
        let process = try Python.start(script, secure, authority, arguments)
        let exit = try process.wait(within: 60)
        guard exit == .exited(0) else {
            throw Problem("the client failed:\n\(process.output)\(process.errors)\nserin wrote:\n\(serin.process.errors)")
        }
        return process.output
    }

    /// openssl s_client with nothing to say; what it printed.
    func openssl(_ arguments: [String], host: String? = "shop.test") throws -> (output: String, isConnected: Bool) {
        let process = try ChildProcess(
            try Tools.path(of: "openssl"),
            ["s_client", "-connect", "127.0.0.1:\(secure.port)", "-CAfile", authority.certificatePath] + arguments
                + (host.map { ["-servername", $0] } ?? ["-noservername"]),
            named: "s_client", in: try TemporaryFolder())
        let exit = try process.wait()
        return (process.output + process.errors, exit == .exited(0))
    }
}

extension Manifests {
    /// A Secret of type kubernetes.io/tls, as kubectl writes it.
    static func secret(_ name: String, _ pair: TestAuthority.Pair, namespace: String = "default") -> String {
        let (chain, key) = (Data(pair.chain.utf8).base64EncodedString(), Data(pair.key.utf8).base64EncodedString())
        return """
            apiVersion: v1
            kind: Secret
            metadata: {name: \(name), namespace: \(namespace)}
            type: kubernetes.io/tls
            data:
              tls.crt: \(chain)
              tls.key: \(key)

            """
    }
}
