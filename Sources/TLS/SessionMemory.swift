internal import CSessionMemory

/// Memory of TLS connections that idle.
public enum SessionMemory {
    /// Lets connections at rest give some of their memory back (`TLSSession.rest`). Of use only before anything has been done with
    /// OpenSSL, and with one thread; else nothing changes.
    /// - Returns: whether it counts from now on.
    @discardableResult
    public static func install() -> Bool { session_memory_install() }
}
