import Foundation
import Testing

/// An origin in a process of its own, which can be killed and stopped. It answers each request with its target, again and again,
/// so that an answer to another request shows: `/whole…` with a length, `/chunked…` in chunks, `/half…` with the first half and
/// then nothing. Bodies of POST it reads first, and writes the targets of all whole ones into `posts`.
final class OriginProcess {
    let address: TestAddress
    private let process: ChildProcess
    private let folder: TemporaryFolder

    /// - Parameter folder: that of an earlier process, whose `posts` go on.
    init(at wanted: TestAddress? = nil, in folder: TemporaryFolder? = nil) throws {
        self.folder = try folder ?? TemporaryFolder()
        // Outside of the range that connections get theirs from: nobody takes it while no process has it.
        for attempt in 0..<20 {
            let port = wanted?.port ?? UInt16.random(in: 20_000..<30_000)
            let process = try ChildProcess(
                try Tools.path(of: "python3"), ["-c", Self.script, "\(port)", self.folder.path("posts")],
                named: "origin-\(port)-\(attempt)-\(UInt32.random(in: 0...(.max)))", in: self.folder)
            let listens = try eventually("an origin to listen or to end; it wrote \(process.errors)") { () -> Bool? in
                if process.output.contains("listening\n") { return true }
                return process.exit == nil ? nil : false
            }
            guard listens else { continue }
            address = .ipv4(port: port)
            self.process = process
            return
        }
        throw Problem("no port for an origin")
    }

    /// Ends without a word to anybody: the kernel resets what it had not read.
    func kill() throws {
        process.signal(SIGKILL)
        #expect(try process.wait() == .signalled(SIGKILL))
    }

    /// Another one where this one was.
    func successor() throws -> OriginProcess { try OriginProcess(at: address, in: folder) }

    /// The kernel still accepts connections and bytes for it.
    func freeze() throws { try process.freeze() }

    func thaw() { process.signal(SIGCONT) }

    /// The targets of POST, in the order in which they came.
    var posts: [String] { folder.read("posts").split(separator: "\n").map(String.init) }

    /// The answer's whole body.
    static func body(of target: String) -> String { String(repeating: target + "\n", count: 2000) }

    private static let script = #"""
        import os, socket, sys, threading
        port, posts = int(sys.argv[1]), os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        listener = socket.create_server(("127.0.0.1", port), backlog=256)
        print("listening", flush=True)

        def serve(connection):
            rest = b""
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                while b"\r\n\r\n" not in rest:
                    data = connection.recv(65536)
                    if not data: return
                    rest += data
                head, rest = rest.split(b"\r\n\r\n", 1)
                method, target = head.split()[:2]
                if method == b"POST":
                    length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")][0]
                    while len(rest) < length:
                        data = connection.recv(65536)
                        if not data: return
                        rest += data
                    rest = rest[length:]
                    os.write(posts, target + b"\n")
                body = (target + b"\n") * 2000
                if target.startswith(b"/chunked"):
                    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    for start in range(0, len(body), 5000):
                        part = body[start:start + 5000]
                        connection.sendall(b"%x\r\n%b\r\n" % (len(part), part))
                    connection.sendall(b"0\r\n\r\n")
                else:
                    sent = body[:len(body) // 2] if target.startswith(b"/half") else body
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + sent)
                    if len(sent) < len(body):
                        threading.Event().wait()

        def guarded(connection):
            try: serve(connection)
            except OSError: pass
            finally: connection.close()

        while True:
            threading.Thread(target=guarded, args=(listener.accept()[0],), daemon=True).start()
        """#
}
