internal import Glibc

/// What a path leads to, read whole: the only way in which files of a configuration are read.
///
/// A process reads them again while it serves. Nothing that a path may lead to, such as a FIFO that nobody writes to or a device that
/// never ends, may hold that up or take the process's memory: only regular files are read, links to them included, and only so much.
enum BoundedFile {
    /// Bytes of a configuration file or a file of manifests: ten times what `kubectl get ingress -A -o yaml` writes of 10,000 Ingresses.
    static let manifestLimit = 256 << 20
    /// Bytes of a certificate's file, a key's or an OCSP response's: as many as a Secret may have (MaxSecretSize of Kubernetes).
    static let secretLimit = 1 << 20
    /// Bytes asked for at a time.
    private static let piece = 64 << 10

    /// Why there is nothing of it. The text goes behind the file's name.
    enum Fault: Error, Hashable, CustomStringConvertible {
        case isMissing, isFolder, isDenied
        /// What it is in place of a regular file.
        case isIrregular(String)
        /// Bytes that it may have.
        case isLarger(than: Int)
        /// The error of the system call.
        case isRefused(Int32)

        var description: String {
            switch self {
            case .isMissing: "can't be read: there is no such file; check the path"
            case .isFolder: "can't be read: it is a folder; name a file"
            case .isDenied: "can't be read: permission denied; make it readable"
            case .isIrregular(let kind): "is no regular file (\(kind)); put a file there, or a link to one"
            case .isLarger(let limit): "is larger than \(limit >> 20) MiB; split it, or name the right file"
            // The text is the C library's, and stays as it is while it is copied.
            case .isRefused(let code): unsafe "can't be read: \(String(cString: strerror(code)))"
            }
        }

        init(code: Int32) {
            switch code {
            case ENOENT, ENOTDIR: self = .isMissing
            case EISDIR: self = .isFolder
            case EACCES, EPERM: self = .isDenied
            default: self = .isRefused(code)
            }
        }
    }

    /// - Parameters:
    ///   - limit: how many bytes it may have.
    ///   - mayWait: whether it may be a pipe, too, and its writer is waited for.
    static func read(_ path: String, limit: Int, mayWait: Bool = false) throws(Fault) -> [UInt8] {
        // Before it is opened, which a device may take for a command, and the writer of a FIFO for a reader.
        try expect(FilePath.status(of: path), limit, mayWait)
        // A NUL ends a path for the kernel: `status` has refused those. The path is only read during the call.
        let fd = try again { Int(unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)) }
        defer { close(Int32(fd)) }
        var status = stat()
        // The kernel fills the struct that it is given.
        _ = try again { Int(unsafe fstat(Int32(fd), &status)) }
        // Another file may be there by now.
        try expect(status, limit, mayWait)
        return try contents(of: Int32(fd), limit, said: Int(status.st_size), isPipe: status.st_mode & S_IFMT == S_IFIFO)
    }

    private static func expect(_ status: stat, _ limit: Int, _ mayWait: Bool) throws(Fault) {
        switch status.st_mode & S_IFMT {
        // Files of the kernel's say that they are empty.
        case S_IFREG: if status.st_size > limit { throw .isLarger(than: limit) }
        case S_IFDIR: throw .isFolder
        case S_IFIFO: if !mayWait { throw .isIrregular("a FIFO") }
        case S_IFSOCK: throw .isIrregular("a socket")
        default: throw .isIrregular("a device")
        }
    }

    /// - Parameter size: what it says that it has, which need not be so, as it may grow meanwhile; at most `limit`.
    private static func contents(of fd: Int32, _ limit: Int, said size: Int, isPipe: Bool) throws(Fault) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        // Most files are small.
        var space = [UInt8](repeating: 0, count: 1...piece - 1 ~= size ? max(size + 1, 4096) : piece)
        while bytes.count <= limit {
            if isPipe { try awaitWriter(of: fd) }
            let wanted = min(space.count, limit + 1 - bytes.count)
            // The kernel writes at most `wanted` bytes to the array, during the call.
            let count = try again { unsafe space.withUnsafeMutableBytes { unsafe Glibc.read(fd, $0.baseAddress, wanted) } }
            if count == 0 { return bytes }
            bytes += space[..<count]
        }
        throw .isLarger(than: limit)
    }

    /// Until there is something to read, or nothing more will come.
    private static func awaitWriter(of fd: Int32) throws(Fault) {
        var entry = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
        // One entry, which the kernel fills during the call.
        _ = try again { Int(unsafe poll(&entry, 1, -1)) }
    }

    /// A call that a signal has interrupted is made again.
    private static func again(_ call: () -> Int) throws(Fault) -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            guard errno == EINTR else { throw Fault(code: errno) }
        }
    }
}
