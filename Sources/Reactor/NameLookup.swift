public import Addressing
import CLinux
import Glibc
import Synchronization

/// Names to addresses, by the system's resolver (hosts file, DNS, whatever nsswitch says).
public enum NameLookup {
    /// Addresses taken of one answer.
    public static let maximumAddresses = 64

    private static let ignored = Atomic<Int>(0)

    /// Addresses beyond those, of all answers that this process has got.
    public static var ignoredAddresses: Int { ignored.load(ordering: .relaxed) }

    /// Asks now and blocks for as long as the system's resolver does: never on a loop that serves.
    /// Each address once, in ascending order, so that equal answers compare equal; nil when there is no answer.
    public static func addresses(of host: String, port: UInt16) -> [SocketAddress]? {
        var hints = unsafe addrinfo()
        // Only the type is set; no pointer in it is followed.
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        // The call fills `list`, which is freed below.
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0, let first = unsafe list else { return nil }
        defer { unsafe freeaddrinfo(first) }
        var found: Set<SocketAddress> = []
        var next: UnsafeMutablePointer<addrinfo>? = unsafe first
        while let entry = unsafe next {
            // The resolver's list is valid until it is freed.
            let address = unsafe linux_address_of(entry.pointee.ai_addr)
            unsafe next = entry.pointee.ai_next
            guard let parsed = SocketAddress(address)?.ipAddress.map({ SocketAddress($0, port: port) }), !found.contains(parsed) else { continue }
            if found.count < maximumAddresses { found.insert(parsed) } else { ignored.add(1, ordering: .relaxed) }
        }
        return found.sorted { $0.description < $1.description }
    }
}
