/// How far a worker lets clients in.
struct AdmissionLimits: Sendable {
    /// Client connections of the whole process.
    let connections: Int
    /// TLS handshakes with clients that are under way, of the whole process.
    let handshakes: Int
    /// Bytes of buffers that a worker's requests have; from there on it refuses new connections, while those it has go on.
    let bufferBytesPerWorker: Int

    /// What `limits.handshakes: auto` comes to where there may be few connections: browsers open several at once.
    static let fewestHandshakes = 16
}
