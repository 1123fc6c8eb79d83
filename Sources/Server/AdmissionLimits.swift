/// How far a worker lets clients in.
struct AdmissionLimits: Sendable {
    /// Client connections of the whole process.
    let connections: Int
    /// Bytes of buffers that a worker's requests have; from there on it refuses new connections, while those it has go on.
    let bufferBytesPerWorker: Int
}
