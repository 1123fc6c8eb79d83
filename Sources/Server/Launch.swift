import Reactor

/// How this process was started: what it has been passed, whom it tells how it is, and how it is started again.
public struct Launch: Sendable {
    /// The program and its arguments, for an upgrade; empty if there is none.
    public var arguments: [String]
    private(set) var passed: PassedDescriptors
    let manager: ServiceManager?
    /// Whether it is the first process of a machine or container, which may not end as long as there are others.
    let isInit: Bool
    /// How long an upgrade waits for a load under way, in nanoseconds.
    var loadPatience: UInt64 = 60_000_000_000
    /// How long the next process of an upgrade may take until it serves, in nanoseconds: it reads its whole configuration first.
    var upgradePatience: UInt64 = 60_000_000_000
    /// How much longer than its `shutdownTimeout` that process is given when it is told to stop, before it is killed; in nanoseconds.
    var killGrace: UInt64 = 5_000_000_000

    init(arguments: [String], passed: PassedDescriptors, manager: ServiceManager?, isInit: Bool = false) {
        self.arguments = arguments
        self.passed = passed
        self.manager = manager
        self.isInit = isInit
    }

    /// What `Supervisor.Options.handsOver` of the process before this one has made, once; nil if there is no such process, or no such
    /// thing. Bytes may be anything.
    public mutating func takeHandedOver() throws -> [UInt8]? {
        let name = HandedMemory.program.rawValue
        guard passed.isUpgrade, let handed = passed.descriptors.first(where: { $0.name == name }) else { return nil }
        passed = passed.without(handed)
        return try SealedMemory.take(handed.fd, atMost: HandedMemory.program.limit)
    }

    /// For the process whose only purpose the proxy is.
    public static var ofThisProcess: Launch {
        Launch(arguments: CommandLine.arguments, passed: .ofThisProcess, manager: .ofThisProcess, isInit: ProcessID.own == 1)
    }
}
