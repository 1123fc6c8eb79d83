import Addressing
import Reactor

/// A listening socket that this process was started with.
struct InheritedSocket: Sendable {
    let fd: Int32
    let address: SocketAddress
    /// The same for all descriptors of one socket.
    let identity: Int64
    /// As the process before this one has named it; nil: from a service manager, for whatever has its address.
    let role: SocketRole?

    var isActivated: Bool { role?.isActivated ?? true }
}

/// Those of them that nobody has taken yet.
struct InheritedSockets {
    /// The other descriptor that an upgrade passes: who is told there that this process serves.
    static let readinessName = "ready"

    private(set) var sockets: [InheritedSocket] = []
    let isUpgrade: Bool
    /// Where an older process waits until this one serves.
    private(set) var readiness: Int32?
    /// What else the process before this one has passed, and nobody has taken yet.
    private var memories: [HandedMemory: Int32] = [:]
    /// What was passed and is of no use.
    private(set) var warnings: [String] = []

    init(_ passed: PassedDescriptors) {
        isUpgrade = passed.isUpgrade
        for descriptor in passed.descriptors { note(descriptor) }
    }

    private mutating func note(_ descriptor: PassedDescriptors.Descriptor) {
        if isUpgrade, descriptor.name == Self.readinessName {
            readiness = descriptor.fd
            return
        }
        if isUpgrade, let memory = HandedMemory(rawValue: descriptor.name), memories[memory] == nil {
            memories[memory] = descriptor.fd
            return
        }
        do throws(Errno) {
            let (address, identity) = try Listener.inspect(descriptor.fd)
            guard !sockets.contains(where: { $0.identity == identity }) else { return Socket(adopting: descriptor.fd).close() }
            let role = isUpgrade ? SocketRole(rawValue: descriptor.name) : nil
            sockets.append(InheritedSocket(fd: descriptor.fd, address: address, identity: identity, role: role))
        } catch {
            let name = descriptor.name.isEmpty ? "" : " (\(descriptor.name))"
            warnings.append("descriptor \(descriptor.fd)\(name), which was passed, is no listening stream socket: \(error)")
        }
    }

    /// What the process before this one has handed over under a name; nil if it has not, or, with a warning, if that is nothing that it
    /// can have written.
    mutating func take(_ memory: HandedMemory) -> [UInt8]? {
        guard let fd = memories.removeValue(forKey: memory) else { return nil }
        do throws(Errno) {
            return try SealedMemory.take(fd, atMost: memory.limit)
        } catch {
            warnings.append("descriptor \(fd) (\(memory.rawValue)), which was passed, is of no use: \(error)")
            return nil
        }
    }

    /// Deals the sockets out to those addresses that they listen on; each address may get several or none. Port 0 stands for any port
    /// that is not asked for by its number.
    mutating func deal(to wanted: [SocketAddress?]) -> [[InheritedSocket]] {
        var dealt = wanted.map { address in take { $0.role?.isAdmin != true && $0.address == address } }
        for (index, address) in wanted.enumerated() where dealt[index].isEmpty && address?.port == 0 {
            let fits = { (socket: InheritedSocket) in socket.role?.isAdmin != true && socket.address.ipAddress == address?.ipAddress }
            guard let first = sockets.first(where: fits)?.address else { continue }
            dealt[index] = take { fits($0) && $0.address == first }
        }
        return dealt
    }

    /// The admin address's socket. Only an upgrade says which one it is when the port is 0.
    mutating func takeAdmin(at wanted: SocketAddress?) -> InheritedSocket? {
        let index = sockets.firstIndex { socket in
            guard socket.role?.isAdmin ?? true else { return false }
            if socket.address == wanted { return true }
            return socket.role != nil && wanted?.port == 0 && socket.address.ipAddress == wanted?.ipAddress
        }
        return index.map { sockets.remove(at: $0) }
    }

    private mutating func take(where fits: (InheritedSocket) -> Bool) -> [InheritedSocket] {
        let taken = sockets.filter(fits)
        sockets.removeAll(where: fits)
        return taken
    }

    /// A service manager's that nobody has taken, unless the process before this one had them for its admin address.
    mutating func takeActivated() -> [InheritedSocket] { take { $0.isActivated && $0.role?.isAdmin != true } }

    /// Closes what nobody has taken; answers where these sockets listened. The file of a unix socket goes, too, if it was this
    /// program that has made it.
    mutating func closeRest() -> [SocketAddress] {
        defer { sockets = [] }
        for socket in sockets {
            do throws(Errno) {
                let listener = try Listener(adopting: socket.fd, ownsSocketFile: !socket.isActivated)
                listener.removeSocketFile()
                listener.close()
            } catch {
                Socket(adopting: socket.fd).close()
            }
        }
        return sockets.map(\.address)
    }

    mutating func warn(_ what: String) { warnings.append(what) }

    /// Tells the process before this one, if there is one, that this one serves.
    mutating func tellReadiness() {
        if let readiness = readiness.take() { ReadinessPipe.tell(readiness) }
    }
}
