public import Addressing

/// Who listens on a TCP port, as far as the kernel shows it.
public enum ListeningPorts {
    /// The identities (`Listener.identity`) of all sockets of this machine, or network namespace, that listen on the port of `address` in
    /// its family, whatever their own addresses; nil where that cannot be told.
    public static func identities(onPortOf address: SocketAddress) -> Set<Int64>? {
        guard let port = address.port, let family = address.ipAddress else { return nil }
        let table = switch family {
        case .v4: "/proc/self/net/tcp"
        case .v6: "/proc/self/net/tcp6"
        }
        return ControlGroup.contents(of: table, atMost: readLimit).flatMap { identities(on: port, in: $0, isWhole: $0.utf8.count < readLimit) }
    }

    /// Bytes; more than 1000 sockets that listen. They stand before all others.
    private static let readLimit = 256 << 10

    /// `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`, numbers of the first four in hexadecimal.
    static func identities(on port: UInt16, in table: String, isWhole: Bool) -> Set<Int64>? {
        var identities: Set<Int64> = []
        for line in table.split(separator: "\n").dropFirst() {
            let words = line.split(separator: " ")
            guard words.count > 9 else { return nil }
            guard words[3] == listening else { return identities }
            guard let number = words[1].split(separator: ":").last.flatMap({ UInt16($0, radix: 16) }), let inode = Int64(words[9]) else { return nil }
            if number == port { identities.insert(inode) }
        }
        return isWhole ? identities : nil
    }

    /// TCP_LISTEN.
    private static let listening = "0A"
}
