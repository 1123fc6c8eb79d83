internal import Addressing
import CLinux

/// The form in which the kernel is told an address; see the helpers of CLinux.
extension SocketAddress {
    /// All but the path of a unix socket, see `unixPath`.
    var kernelAddress: linux_address {
        switch self {
        case .ipv4(let address, let port):
            linux_address(high: 0, low: UInt64(address), scope: 0, port: port, family: LINUX_AF_INET)
        case .ipv6(let high, let low, let port, let scope):
            linux_address(high: high, low: low, scope: scope, port: port, family: LINUX_AF_INET6)
        case .unix:
            linux_address(high: 0, low: 0, scope: 0, port: 0, family: LINUX_AF_UNIX)
        }
    }

    /// Empty for other families.
    var unixPath: String {
        if case .unix(let path) = self { path } else { "" }
    }

    /// Without a unix socket's path; nil for families that the proxy does not speak. Does not allocate.
    init?(_ address: linux_address) {
        switch address.family {
        case LINUX_AF_INET:
            self = .ipv4(address: UInt32(truncatingIfNeeded: address.low), port: address.port)
        case LINUX_AF_INET6 where address.high == 0 && address.low >> 32 == 0xFFFF:
            // An IPv4 client of an inherited socket that takes both (RFC 4291 section 2.5.5.2): all rules know it as IPv4.
            self = .ipv4(address: UInt32(truncatingIfNeeded: address.low), port: address.port)
        case LINUX_AF_INET6:
            self = .ipv6(high: address.high, low: address.low, port: address.port, scope: address.scope)
        case LINUX_AF_UNIX:
            self = .unix(path: "")
        default:
            return nil
        }
    }

    /// What getsockname or getpeername answered for `fd`, a unix socket's path included.
    init?(_ answer: linux_address_result, of fd: Int32, peer: Bool) {
        guard answer.result >= 0 else { return nil }
        self.init(answer.address)
        guard isUnix else { return }
        // The helper writes at most LINUX_UNIX_PATH_LIMIT bytes, the capacity asked for.
        let path = unsafe String(unsafeUninitializedCapacity: Self.maximumPathLength) { bytes in
            max(0, Int(unsafe linux_unix_path(fd, peer ? 1 : 0, bytes.baseAddress)))
        }
        self = .unix(path: path)
    }
}
