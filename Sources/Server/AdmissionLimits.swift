import Exchange

/// How far a worker lets clients in, and how many upstream connections there may be beside them.
struct AdmissionLimits: Sendable {
    /// Client connections of the whole process.
    let connections: Int
    /// TLS handshakes with clients that are under way, of the whole process.
    let handshakes: Int
    /// Upstream connections of the whole process for which there are descriptors: enough for all clients at a time. Where requests need
    /// more, copies of requests give theirs up.
    let upstreams: Int
    /// As many are made before idle ones give way, and kept.
    let upstreamsKept: Int
    /// Bytes of buffers that a worker's requests have; from there on it refuses new connections, while those it has go on.
    let bufferBytesPerWorker: Int

    /// What `limits.handshakes: auto` comes to where there may be few connections: browsers open several at once.
    static let fewestHandshakes = 16
    /// What OpenSSL takes for one at worst: it makes room for a ClientHello of 128 KiB as soon as one is announced.
    static let handshakeBytes = 160 << 10

    /// - Parameters:
    ///   - limits: as configured.
    ///   - descriptors: for clients and upstreams together, >= 2.
    ///   - memory: bytes for the buffers of requests where none are configured; handshakes may take half as much beside them.
    init(_ limits: Limits, descriptors: Int, memory: Int, workers: Int) {
        // Each client may need a connection to an upstream.
        connections = min(limits.connections ?? .max, descriptors / 2)
        handshakes = limits.handshakes ?? max(Self.fewestHandshakes, min(connections / 4, memory / 2 / Self.handshakeBytes))
        upstreams = descriptors - connections
        // An eighth stays free for what workers need before others have given up what they keep.
        upstreamsKept = upstreams - upstreams / 8
        bufferBytesPerWorker = (limits.memory ?? memory) / max(1, workers)
    }

    /// What a worker that is asked for room brings their number down to, so that it is not asked for each connection.
    var upstreamsAtEase: Int { upstreamsKept - upstreamsKept / 16 }
}
