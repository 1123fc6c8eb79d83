/// What a listening socket is there for, and who has made it: what a process tells the next one of each that it passes on.
enum SocketRole: String, Sendable {
    case listener
    case admin
    /// Made by a service manager: it outlives this process, no other socket joins it at its address, and a unix socket's file is
    /// not ours to remove.
    case activatedListener = "activated-listener"
    case activatedAdmin = "activated-admin"

    init(isAdmin: Bool, isActivated: Bool) {
        self = switch (isAdmin, isActivated) {
        case (false, false): .listener
        case (false, true): .activatedListener
        case (true, false): .admin
        case (true, true): .activatedAdmin
        }
    }

    var isAdmin: Bool { self == .admin || self == .activatedAdmin }
    var isActivated: Bool { self == .activatedListener || self == .activatedAdmin }
}
