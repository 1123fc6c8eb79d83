import CLinux
import Glibc

/// Whoever has started this process as a service and wants to know how it is: systemd, or what else speaks sd_notify(3).
public struct ServiceManager: Sendable {
    public enum News: Equatable, Sendable {
        /// It serves; also after a reload.
        case ready
        /// It loads its configuration again, since now (nanoseconds of the monotonic clock).
        case reloading(now: UInt64)
        case stopping
        /// Another process goes on in its place.
        case mainProcess(Int32)

        /// As it is sent: a line for each assignment.
        public var text: String {
            switch self {
            case .ready: "READY=1\n"
            case .reloading(let now): "RELOADING=1\nMONOTONIC_USEC=\(now / 1000)\n"
            case .stopping: "STOPPING=1\n"
            case .mainProcess(let pid): "MAINPID=\(pid)\n"
            }
        }
    }

    /// An absolute path, or an abstract address: `@` and a name.
    private let socket: String

    /// - Parameter socket: the value of `NOTIFY_SOCKET`; nil if that is missing or of a kind that is not known here.
    public init?(socket: String?) {
        guard let socket, socket.utf8.count > 1, socket.hasPrefix("/") || socket.hasPrefix("@"),
              socket.utf8.count <= Int(LINUX_UNIX_PATH_LIMIT), !socket.utf8.contains(0)
        else { return nil }
        self.socket = socket
    }

    /// That of this process.
    public static var ofThisProcess: ServiceManager? {
        ServiceManager(socket: EnvironmentVariable.value("NOTIFY_SOCKET"))
    }

    /// Never waits: what is not taken at once is not sent. Throws why.
    public func tell(_ news: News) throws(Errno) {
        let text = Array(news.text.utf8)
        // Path and text are only read during the call.
        try checkedSystemCall {
            unsafe text.withUnsafeBytes { text in
                unsafe linux_send_datagram(socket, text.baseAddress, text.count)
            }
        }
    }
}
