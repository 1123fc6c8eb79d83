import CLinux
import Glibc

/// An epoll instance and the array its batches land in.
@safe
struct Poller: ~Copyable {
    private let fd: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    private let capacity: Int
    /// Events in the last batch.
    private(set) var count = 0
    var isFull: Bool { count == capacity }
    /// Those of it that were taken.
    private var taken = 0

    init(capacity: Int) throws(Errno) {
        fd = try checkedSystemCall { linux_epoll_create() }
        self.capacity = capacity
        unsafe events = .allocate(capacity: capacity)
        // Initialised, so that nothing below ever reads raw memory.
        unsafe events.initialize(repeating: epoll_event(), count: capacity)
    }

    deinit {
        // The array was allocated by init and is owned by self.
        unsafe events.deallocate()
        closeDescriptor(fd)
    }

    func add(_ descriptor: Int32, token: Token, interest: Interest) throws(Errno) {
        try checkedSystemCall { linux_epoll_add(fd, descriptor, interest.bits, token.rawValue) }
    }

    /// A descriptor that is not watched is no error: whoever closes first need not know.
    func remove(_ descriptor: Int32) {
        _ = systemCall { linux_epoll_remove(fd, descriptor) }
    }

    /// Fetches the next batch. `milliseconds` < 0 waits without limit.
    mutating func wait(milliseconds: Int32) {
        // The kernel writes at most `capacity` events to the array.
        let result = unsafe linux_epoll_wait(fd, events, Int32(truncatingIfNeeded: capacity), milliseconds)
        // Interrupted: an empty batch, for the time may have passed.
        precondition(result >= 0 || result == -Int64(EINTR), "epoll_wait on a bad descriptor")
        count = max(0, Int(truncatingIfNeeded: result))
        taken = 0
    }

    mutating func nextEvent() -> Event? {
        guard taken < count else { return nil }
        // The kernel has written `count` events to the array.
        let event = unsafe events + taken
        taken += 1
        return unsafe Event(
            token: Token(rawValue: linux_event_token(event)), readiness: Readiness(rawValue: linux_event_bits(event)))
    }
}
