import Glibc
import TestCertificates
@testable import TLS

/// A client and a session of ours with a real socket between them, whose other end the test has.
final class Duet {
    let client: TestClient
    let server: TLSSession
    private let near: Int32
    private let far: Int32

    /// - Parameter buffer: bytes that the socket holds towards the client, about.
    init(_ context: TLSContext, _ options: TestClient.Options = TestClient.Options(), buffer: Int32? = nil) {
        var ends: (Int32, Int32) = (0, 0)
        let result = unsafe withUnsafeMutablePointer(to: &ends) {
            unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, UnsafeMutableRawPointer($0).assumingMemoryBound(to: Int32.self))
        }
        precondition(result == 0, "a socket pair")
        (near, far) = ends
        if var buffer { _ = unsafe setsockopt(near, SOL_SOCKET, SO_SNDBUF, &buffer, 4) }
        client = TestClient(options)
        server = TLSSession(context, fd: near)!
    }

    deinit {
        close(near)
        if !isHungUp { close(far) }
    }

    private var isHungUp = false

    // MARK: The line

    /// Puts bytes on the line to the server.
    func send(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard !bytes.isEmpty else { return }
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(far, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        precondition(count == bytes.count, "the line takes it")
    }

    /// What the server has put on the line.
    func receive() -> [UInt8] {
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe recv(far, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return all }
            all += bytes.prefix(count)
        }
    }

    /// Leaves no room on the line towards the client; what it is filled with is not for TLS.
    func fill() {
        let byte: [UInt8] = [0]
        while unsafe byte.withUnsafeBytes({ unsafe Glibc.send(near, $0.baseAddress, 1, Int32(MSG_NOSIGNAL)) }) == 1 {}
    }

    /// The line's end, without a word of TLS.
    func hangUp() {
        isHungUp = true
        // At once, even if a child that another test is starting has its copy.
        shutdown(far, Int32(SHUT_RDWR))
        close(far)
    }

    func shutDown() { shutdown(far, Int32(SHUT_WR)) }

    /// Carries what either has to say.
    func carry() {
        send(client.take())
        client.give(receive())
    }

    // MARK: Together

    /// Steps until both are done, or one gives up; what the server came to. The client's bytes go in pieces of `size`.
    func handshake(inPiecesOf size: Int = .max) -> TLSOutcome {
        var outcome = TLSOutcome.wantsRead
        for _ in 0..<20 {
            let isClientDone = client.handshake()
            var bytes = client.take()[...]
            repeat {
                send(bytes.prefix(size))
                bytes = bytes.dropFirst(size)
                if outcome == .wantsRead || outcome == .wantsWrite { outcome = server.handshake() }
                client.give(receive())
            } while !bytes.isEmpty
            if case .failed = outcome {
                _ = client.handshake()
                return outcome
            }
            if isClientDone, outcome == .bytes(0) { break }
        }
        // Tickets of TLS 1.3 come after the handshake.
        client.give(receive())
        _ = client.read()
        return outcome
    }

    /// What the server reads now, at most `room` bytes at a time, and what ended the reading.
    func read(room: Int = 64 << 10) -> (bytes: [UInt8], end: TLSOutcome) {
        var all: [UInt8] = []
        var space = [UInt8](repeating: 0, count: room)
        while true {
            var span = space.mutableSpan
            let outcome = server.receive(into: &span)
            guard case .bytes(let count) = outcome else { return (all, outcome) }
            all += space.prefix(count)
        }
    }
}

extension TLSContext {
    /// - Parameter sets: of each its source, hosts and certificates.
    static func of(
        _ sets: [(source: String, hosts: [String], pairs: [TestAuthority.Pair])], settings: TLSSettings = TLSSettings()
    ) throws -> TLSContext {
        let certificates = try sets.map { set in
            HostCertificates(source: set.source, hosts: set.hosts, certificates: try set.pairs.map {
                try Certificate(chain: Array($0.chain.utf8), key: Array($0.key.utf8))
            })
        }
        return try TLSContext(
            settings, certificates, fallback: HostCertificates(source: "self-signed", hosts: [], certificates: [.selfSigned]))
    }
}
