import Foundation
import TestCertificates

/// Python's ssl as a client: a script that fails by an exception, which becomes the test's problem. It has `port`, `ca`, the further
/// arguments as `args`, and what is defined below.
enum Python {
    @discardableResult
    static func run(_ script: String, _ address: TestAddress, _ authority: TestAuthority, _ arguments: String...) throws -> String {
        let process = try start(script, address, authority, arguments)
        let exit = try process.wait(within: 60)
        guard exit == .exited(0) else { throw Problem("the client failed:\n\(process.output)\(process.errors)") }
        return process.output
    }

    /// For scripts that the test does something beside: they print, and wait for files to appear.
    static func start(
        _ script: String, _ address: TestAddress, _ authority: TestAuthority, _ arguments: [String] = [], in folder: TemporaryFolder? = nil
    ) throws -> ChildProcess {
        try ChildProcess(
            try Tools.path(of: "python3"), ["-c", prelude + script, "\(address.port)", authority.certificatePath] + arguments,
            named: "python", in: folder ?? TemporaryFolder())
    }

    private static let prelude = """
        import os, signal, socket, ssl, sys, time
        port, ca, args = int(sys.argv[1]), sys.argv[2], sys.argv[3:]

        def context(version=None, verify=True):
            made = ssl.create_default_context(cafile=ca)
            if not verify:
                made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
            if version:
                made.minimum_version = made.maximum_version = version
            return made

        def raw():
            made = socket.create_connection(("127.0.0.1", port), timeout=30)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made

        def connect(name="shop.test", using=None, session=None):
            return (using or context()).wrap_socket(raw(), server_hostname=name, session=session, suppress_ragged_eofs=False)

        class Bare:
            "TLS whose bytes the test itself puts on the line."
            def __init__(self, using=None, halfway=None):
                self.line, self.incoming, self.outgoing = raw(), ssl.MemoryBIO(), ssl.MemoryBIO()
                self.session = (using or context()).wrap_bio(self.incoming, self.outgoing, server_hostname="shop.test")
                if halfway:
                    try: self.session.do_handshake()
                    except ssl.SSLWantReadError: hello = self.outgoing.read()
                    self.line.sendall(hello[:100])
                    halfway()
                    self.line.sendall(hello[100:])
                self.until(self.session.do_handshake)
                self.flush()
            def until(self, step):
                while True:
                    try: return step()
                    except ssl.SSLWantReadError:
                        self.flush()
                        self.incoming.write(self.line.recv(65536))
            def flush(self): self.line.sendall(self.outgoing.read())
            def read(self): return self.until(lambda: self.session.read(65536))

        class Reader:
            def __init__(self, connection):
                self.connection, self.rest = connection, b""
            def more(self):
                data = self.connection.recv(65536)
                assert data, "the connection ended"
                self.rest += data
            def take(self, count):
                while len(self.rest) < count: self.more()
                taken, self.rest = self.rest[:count], self.rest[count:]
                return taken
            def response(self):
                while b"\\r\\n\\r\\n" not in self.rest: self.more()
                head, self.rest = self.rest.split(b"\\r\\n\\r\\n", 1)
                lines = head.decode().split("\\r\\n")
                fields = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in lines[1:]}
                status = int(lines[0].split()[1])
                body = self.take(int(fields["content-length"])) if "content-length" in fields else b""
                return status, fields, body

        def request(target="/", host="shop.test", extra=""):
            return ("GET %s HTTP/1.1\\r\\nHost: %s\\r\\n%s\\r\\n" % (target, host, extra)).encode()

        def ask(connection, target="/", host="shop.test", extra=""):
            connection.sendall(request(target, host, extra))
            return Reader(connection).response()

        def expect(found, wanted):
            assert found == wanted, "found %r, wanted %r" % (found, wanted)

        def visit(using, session=None):
            connection = connect(using=using, session=session)
            expect(ask(connection)[2], b"app\\n")
            found = connection.session, connection.session_reused
            connection.unwrap()
            return found

        def wait_for(path):
            for _ in range(3000):
                if os.path.exists(path): return
                time.sleep(0.01)
            raise Exception("nothing came of " + path)


        """
}
