/// The descriptors that a process is started with: what their environment variables say.
///
/// A service manager sets `LISTEN_FDS` (how many there are, from 3 on), `LISTEN_PID` (for whom) and, if it likes, `LISTEN_FDNAMES`
/// (their names, a colon between two), as sd_listen_fds(3) has it. A process that is upgraded cannot know the process id of the
/// next one before that runs, and may be gone by then: in place of `LISTEN_PID` it sets `SERIN_UPGRADE_PIPE` to the number of the
/// `ReadinessPipe` that is the last descriptor. Whoever has that descriptor has the others, too; a process that has only got the
/// environment has not.
public struct PassedDescriptors: Equatable, Sendable {
    /// More are not believed.
    static let maximumCount = 65_536
    private static let first: Int32 = 3

    private enum Name {
        static let count = "LISTEN_FDS", names = "LISTEN_FDNAMES", receiver = "LISTEN_PID", pipe = "SERIN_UPGRADE_PIPE"
    }

    public struct Descriptor: Equatable, Sendable {
        public let fd: Int32
        /// Empty when it has none.
        public let name: String
    }

    public let descriptors: [Descriptor]
    /// Whether an older process of this program passes them, and not a service manager.
    public let isUpgrade: Bool

    /// What is meant for the process `pid`; nothing, if that is malformed.
    /// - Parameters:
    ///   - pipeNumber: of a descriptor of this process, as `ReadinessPipe.number(of:)`.
    ///   - variable: looks a variable up.
    init(pid: Int32, pipeNumber: (Int32) -> Int64?, _ variable: (String) -> String?) {
        let count = variable(Name.count).flatMap { Int32($0) }.flatMap { (1...Int32(Self.maximumCount)).contains($0) ? $0 : nil } ?? 0
        let pipe = variable(Name.pipe).flatMap { Int64($0) }
        isUpgrade = count > 0 && pipe != nil && pipe == pipeNumber(Self.first + count - 1)
        guard isUpgrade || variable(Name.receiver).flatMap({ Int32($0) }) == pid else {
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
        PassedDescriptors(pid: ProcessID.own, pipeNumber: ReadinessPipe.number, EnvironmentVariable.value)
    }

    /// The variables for the next process of this program, which is passed descriptors of these names; the last one is the other end
    /// of the pipe.
    public static func variables(names: [String], _ pipe: ReadinessPipe) -> [(name: String, value: String?)] {
        [
            (Name.count, String(names.count)), (Name.names, names.joined(separator: ":")), (Name.receiver, nil),
            (Name.pipe, String(pipe.number)),
        ]
    }
}
