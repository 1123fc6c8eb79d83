import Glibc
import Testing

/// Waits until a descriptor has something to read, be it the end; for 20 seconds at most.
func awaitReadable(_ fd: Int32) throws { try awaitEvent(fd, Int16(POLLIN)) }

/// Waits until a socket is connected, for as long.
func awaitWritable(_ fd: Int32) throws { try awaitEvent(fd, Int16(POLLOUT)) }

private func awaitEvent(_ fd: Int32, _ events: Int16) throws {
    var entry = pollfd(fd: fd, events: events, revents: 0)
    var result: Int32 = -1
    // One entry, which the kernel fills during the call; a signal to the tests' process ends it early.
    repeat { result = unsafe poll(&entry, 1, 20_000) } while result < 0 && errno == EINTR
    try #require(result == 1, "an event")
}
