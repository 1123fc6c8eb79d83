/// The descriptors that a process is started with: what their environment variables say.
///
/// A service manager sets `LISTEN_FDS` (how many there are, from 3 on), `LISTEN_PID` (for whom) and, if it likes, `LISTEN_FDNAMES`
/// (their names, a colon between two), as sd_listen_fds(3) has it. A process that is upgraded cannot know the process id of the
/// next one before that runs: in place of `LISTEN_PID` it sets `SERIN_UPGRADE_PID` to its own.
public struct PassedDescriptors: Equatable, Sendable {
    /// More are not believed.
    static let maximumCount = 65_536
    private static let first: Int32 = 3

    /// Names the processes: who passes, and to whom.
    private enum Name {
        static let count = "LISTEN_FDS", names = "LISTEN_FDNAMES", receiver = "LISTEN_PID", sender = "SERIN_UPGRADE_PID"
    }

    public struct Descriptor: Equatable, Sendable {
        public let fd: Int32
        /// Empty when it has none.
        public let name: String
    }

    public let descriptors: [Descriptor]
    /// Whether an older process of this program passes them, and not a service manager.
    public let isUpgrade: Bool

    /// What is meant for the process `pid` with the parent `parent`; nothing, if that is malformed.
    /// - Parameter variable: looks a variable up.
    public init(pid: Int32, parent: Int32, _ variable: (String) -> String?) {
        isUpgrade = variable(Name.sender).flatMap { Int32($0) } == parent
        let isForThis = isUpgrade || variable(Name.receiver).flatMap { Int32($0) } == pid
        guard isForThis, let count = variable(Name.count).flatMap({ Int32($0) }), (1...Int32(Self.maximumCount)).contains(count) else {
            descriptors = []
            return
        }
        let names = variable(Name.names).map { $0.split(separator: ":", omittingEmptySubsequences: false) } ?? []
        descriptors = (0..<count).map { index in
            Descriptor(fd: Self.first + index, name: Int(index) < names.count ? String(names[Int(index)]) : "")
        }
    }

    /// Descriptors that are known otherwise.
    public init(_ descriptors: [Int32] = [], names: [String] = [], isUpgrade: Bool = false) {
        self.descriptors = zip(descriptors, names).map { Descriptor(fd: $0, name: $1) }
        self.isUpgrade = isUpgrade
    }

    /// The others.
    public func without(_ descriptor: Descriptor) -> PassedDescriptors {
        let others = descriptors.filter { $0.fd != descriptor.fd }
        return PassedDescriptors(others.map(\.fd), names: others.map(\.name), isUpgrade: isUpgrade)
    }

    /// Those of this process.
    public static var ofThisProcess: PassedDescriptors {
        PassedDescriptors(pid: ProcessID.own, parent: ProcessID.parent, EnvironmentVariable.value)
    }

    /// The variables for the next process of this program, which is passed descriptors of these names.
    public static func variables(names: [String]) -> [(name: String, value: String?)] {
        [
            (Name.count, String(names.count)), (Name.names, names.joined(separator: ":")), (Name.receiver, nil),
            (Name.sender, String(ProcessID.own)),
        ]
    }
}
