import CLinux

/// A program that this process has started.
public struct ChildProcess: Sendable {
    public enum State: Equatable, Sendable {
        case running
        /// With this status.
        case exited(Int32)
        case killed(signal: Int32)
        /// Somebody else has been told.
        case unknown
    }

    public let pid: Int32

    /// Starts a program with the standard streams and the environment of this process, with no other descriptor than those that
    /// are passed, which it finds from 3 on in their order, and with all signals as the system sets them.
    ///
    /// Throws what the kernel says of the program (`ENOENT`, `EACCES`), `EMFILE`, `EAGAIN`, `ENOMEM`; `EINVAL` without a program.
    /// - Parameters:
    ///   - arguments: the first one is the program: its path, or a name without a slash that is looked up in PATH.
    ///   - descriptors: stay the caller's.
    ///   - variables: changes of the environment; nil removes the variable.
    public static func start(
        _ arguments: [String], passing descriptors: [Int32], variables: [(name: String, value: String?)]
    ) throws(Errno) -> ChildProcess {
        guard let program = arguments.first else { throw .EINVAL }
        let words = joined(arguments)
        let changes = joined(variables.map { variable in variable.value.map { "\(variable.name)=\($0)" } ?? variable.name })
        // All of it is only read during the call.
        let pid = try checkedSystemCall {
            unsafe words.withUnsafeBufferPointer { words in
                unsafe changes.withUnsafeBufferPointer { changes in
                    unsafe descriptors.withUnsafeBufferPointer { descriptors in
                        unsafe linux_spawn(
                            program, words.baseAddress, words.count, changes.baseAddress, changes.count,
                            descriptors.baseAddress, descriptors.count)
                    }
                }
            }
        }
        return ChildProcess(pid: pid)
    }

    /// Each with a NUL at its end.
    private static func joined(_ texts: [String]) -> [CChar] {
        texts.flatMap { Array($0.utf8CString) }
    }

    /// Does not wait. Once it has answered with an end, the kernel has forgotten the process.
    public func state() -> State {
        let state = linux_child_state_of(pid)
        if state.result == 0 { return .running }
        guard state.result > 0 else { return .unknown }
        return state.signal == 0 ? .exited(state.status) : .killed(signal: state.signal)
    }

    /// No effect when it has ended; not to be called after `state` has told so.
    public func signal(_ signal: Int32) {
        _ = systemCall { linux_kill(pid, signal) }
    }
}

extension ChildProcess.State: CustomStringConvertible {
    public var description: String {
        switch self {
        case .running: "runs"
        case .exited(let status): "has exited with status \(status)"
        case .killed(let signal): "was killed by signal \(signal)"
        case .unknown: "is gone"
        }
    }
}
