import Foundation
import TestCertificates

/// An origin that speaks TLS, in Python. What it answers tells what it saw, each a word of one line:
/// the connection's number, `full` or `resumed`, the name that was asked for, the client certificate's name, and the TLS version.
final class SecureOrigin {
    struct Visit: Equatable, Sendable {
        let connection: Int
        let isResumed: Bool
        /// `-` if there is none.
        let serverName: String
        let client: String
        let version: String

        init(_ text: String) throws {
            let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count == 5, let connection = Int(words[0]) else { throw Problem("the origin said “\(text)”") }
            self.connection = connection
            (isResumed, serverName, client, version) = (words[1] == "resumed", words[2], words[3], words[4])
        }
    }

    let address: TestAddress
    private let process: ChildProcess

    /// - Parameters:
    ///   - clients: who has issued its clients' certificates; nil: none is asked for.
    ///   - version: the only one, `TLSv1_2` or `TLSv1_3`; nil: either.
    ///   - isAnnounced: connections begin with a PROXY header.
    init(_ pair: TestAuthority.Pair, clients: TestAuthority? = nil, version: String? = nil, isAnnounced: Bool = false) throws {
        let folder = try TemporaryFolder()
        let process = try ChildProcess(
            try Tools.path(of: "python3"),
            ["-c", Self.script, pair.chainPath, pair.keyPath, clients?.certificatePath ?? "", version ?? "", isAnnounced ? "1" : ""], named: "origin", in: folder)
        self.process = process
        let port = try eventually("the origin to listen; \(process.errors)") { () -> UInt16? in
            if let exit = process.exit { throw Problem("the origin ended: \(exit)\n\(process.errors)") }
            return process.output.hasSuffix("\n") ? UInt16(process.output.dropLast()) : nil
        }
        address = .ipv4(port: port)
    }

    /// How far a request for `/refused` has come.
    enum Refusal: String {
        /// The first of its body has been read, nothing else will be.
        case asked
        /// More of it has come.
        case busy
        /// It is answered, and its connection at an end.
        case gone
    }

    func awaitRefusal(_ refusal: Refusal) throws {
        try eventually("/refused to be \(refusal); \(process.errors)") { process.output.hasSuffix("\(refusal)\n") }
    }

    func refuse() throws {
        process.signal(SIGUSR1)
        try awaitRefusal(.gone)
    }

    /// `/whole` and `/cut` are answers that end with the connection, one of them without a word of TLS; `/length` has its length and ends so, too;
    /// `/slow` comes piece by piece; `/header` is the PROXY header; `/refused` has its answer, and the connection its end, when `refuse` says
    /// so, whatever has come by then; whatever else is posted comes back.
    private static let script = """
        import os, select, signal, socket, ssl, sys, threading
        chain, key, clients, version, announced = sys.argv[1:]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        context.set_alpn_protocols(["http/1.1"])
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients)
        if version:
            context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
        names = {}
        def name(connection, name, _): names[connection] = name
        context.sni_callback = name
        def read_header(line):
            header = line.recv(1)
            if header == b"P":
                while not header.endswith(b"\\n"): header += line.recv(1)
                return header
            while len(header) < 28: header += line.recv(28 - len(header))
            return header
        def serve(number, line):
            announcement = read_header(line) if announced else b""
            try: connection = context.wrap_socket(line, server_side=True, suppress_ragged_eofs=False)
            except (ssl.SSLError, OSError): return line.close()
            peer = connection.getpeercert() or {}
            client = "".join(value for part in peer.get("subject", ()) for key, value in part if key == "commonName") or "-"
            seen = "%d %s %s %s %s" % (number, "resumed" if connection.session_reused else "full", names.get(connection) or "-", client, connection.version())
            rest = b""
            try:
                while True:
                    while b"\\r\\n\\r\\n" not in rest:
                        data = connection.recv(65536)
                        if not data: return connection.unwrap().close()
                        rest += data
                    head, rest = rest.split(b"\\r\\n\\r\\n", 1)
                    target = head.split()[1].decode()
                    fields = {line.split(b":")[0].lower(): line.split(b":")[1].strip() for line in head.split(b"\\r\\n")[1:]}
                    if target == "/refused":
                        while not rest: rest += connection.recv(65536)
                        print("asked", flush=True)
                        select.select([connection], [], [])
                        print("busy", flush=True)
                        refusal.wait()
                        connection.sendall(b"HTTP/1.1 413 Too Large\\r\\nContent-Length: 7\\r\\n\\r\\nrefused")
                        os.close(connection.detach())
                        return print("gone", flush=True)
                    length = int(fields.get(b"content-length", 0))
                    while len(rest) < length: rest += connection.recv(65536)
                    posted, rest = rest[:length], rest[length:]
                    body = announcement if target == "/header" else posted or seen.encode()
                    if target in ("/whole", "/cut"):
                        connection.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\n" + body * 1000)
                        if target == "/cut": return os.close(connection.detach())
                        return connection.unwrap().close()
                    if target == "/slow":
                        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body))
                        for byte in body: connection.sendall(bytes([byte]))
                        continue
                    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
                    if target == "/length": return connection.close()
            except (ssl.SSLError, OSError): pass
            finally: connection.close()
        refusal = threading.Event()
        signal.signal(signal.SIGUSR1, lambda *_: refusal.set())
        # The thread that starts this process may have it blocked.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
        listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        print(listener.getsockname()[1], flush=True)
        number = 0
        while True:
            line, _ = listener.accept()
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(number, line), daemon=True).start()
            number += 1
        """
}

extension Manifests {
    /// A Secret with any entries.
    static func secret(_ name: String, _ values: [String: String], namespace: String = "default") -> String {
        "apiVersion: v1\nkind: Secret\nmetadata: {name: \(name), namespace: \(namespace)}\ndata:\n"
            + values.sorted { $0.key < $1.key }.map { "  \($0.key): \(Data($0.value.utf8).base64EncodedString())\n" }.joined()
    }

    /// Annotations without their prefix.
    static func annotations(_ annotations: [String: String]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: annotations.map { ("nginx.ingress.kubernetes.io/" + $0.key, $0.value) })
    }
}
