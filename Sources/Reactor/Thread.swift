import CLinux
import Glibc
import Synchronization

/// A thread of its own (pthread), for a loop that runs until it is told to stop.
public final class Thread: Sendable {
    /// Bytes of stack a thread has, unless it asks for more.
    public static let stackSize = 1 << 20

    private let handle: pthread_t
    private let joined = Atomic(false)

    private init(_ handle: pthread_t) {
        self.handle = handle
    }

    /// Starts `body`. The kernel shows the first 15 bytes of `name`. Throws `EAGAIN` when there may be no more threads.
    /// Every thread is joined, once.
    /// - Parameters:
    ///   - stackSize: bytes of its stack, of which only touched pages cost memory.
    ///   - niceness: how far it gives way to others (0...19), as do threads that it starts.
    public static func start(
        name: String, stackSize: Int = stackSize, niceness: Int32 = 0, _ body: @escaping @Sendable () -> Void
    ) throws(Errno) -> Thread {
        let start = unsafe Unmanaged.passRetained(ThreadStart(name: name, niceness: niceness, body: body))
        var handle = pthread_t()
        // The new thread takes over the retained object.
        let result = unsafe linux_thread_start(&handle, stackSize, runThread, start.toOpaque())
        guard result == 0 else {
            unsafe start.release()
            throw Errno(result: result)
        }
        return Thread(handle)
    }

    /// Waits until the thread's body has returned.
    public func join() { _ = join(-1) }

    /// Waits that long; false if the thread still runs, which is then left behind, to end by itself or with the process.
    public func join(atMostMilliseconds limit: Int32) -> Bool { join(max(0, limit)) }

    private func join(_ milliseconds: Int32) -> Bool {
        precondition(!joined.exchange(true, ordering: .relaxed), "a thread is joined once")
        let result = linux_thread_join(handle, milliseconds)
        precondition(result == 0 || result == -Int64(ETIMEDOUT), "a thread does not join itself")
        return result == 0
    }
}

private final class ThreadStart: Sendable {
    let name: String
    let niceness: Int32
    let body: @Sendable () -> Void

    init(name: String, niceness: Int32, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.niceness = niceness
        self.body = body
    }
}

private func runThread(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    // What `start` has retained for this thread.
    let start = unsafe Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
    // The name is only read during the call.
    unsafe linux_thread_name(start.name)
    if start.niceness > 0 { linux_thread_give_way(start.niceness) }
    start.body()
    return nil
}
