import Glibc
import Synchronization

/// A service manager's ear: what NOTIFY_SOCKET leads to.
final class NotifySocket: Sendable {
    /// The value of the variable.
    let name: String
    private let fd: Int32
    private let heard = Mutex<[String]>([])

    /// - Parameter name: an absolute path, or an abstract address with `@` in front.
    init(_ name: String) throws {
        self.name = name
        fd = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = name.hasPrefix("@") ? [0] + name.utf8.dropFirst() : Array(name.utf8)
        // The path fits into the struct, and the kernel reads no more than the struct.
        let result = unsafe withUnsafeMutableBytes(of: &address) { raw in
            unsafe raw.baseAddress?.advanced(by: 2).copyMemory(from: bytes, byteCount: min(bytes.count, 107))
            return unsafe raw.withMemoryRebound(to: sockaddr.self) { unsafe bind(fd, $0.baseAddress, socklen_t(2 + bytes.count)) }
        }
        guard result == 0 else { throw Problem("cannot bind \(name)") }
    }

    deinit { _ = close(fd) }

    /// Everything that has come so far, a datagram each.
    var messages: [String] {
        heard.withLock { heard in
            while true {
                let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 1024) { buffer, count in
                    count = unsafe max(recv(fd, buffer.baseAddress, buffer.count, 0), 0)
                }
                if bytes.isEmpty { return heard }
                heard.append(String(decoding: bytes, as: UTF8.self))
            }
        }
    }

    func waitForMessages(_ count: Int) throws -> [String] {
        try eventually("\(count) messages; so far \(messages)") { messages.count >= count ? messages : nil }
    }
}
