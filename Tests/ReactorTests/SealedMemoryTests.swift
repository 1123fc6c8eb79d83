import Glibc
@testable import Reactor
import Testing

@Suite struct SealedMemoryTests {
    @Test(arguments: [0, 1, 5000]) func comesOutAsItWentIn(_ count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let fd = try SealedMemory.make(name: "serin-test", bytes)
        #expect(try SealedMemory.take(fd, atMost: max(1, count)) == bytes)
        #expect(fcntl(fd, F_GETFD) == -1, "it is closed")
    }

    @Test func nobodyChangesIt() throws {
        let fd = try SealedMemory.make(name: "serin-test", [1, 2, 3])
        // One byte, which the call only reads.
        let written = unsafe pwrite(fd, "x", 1, 0)
        #expect(written == -1 && errno == EPERM)
        let truncated = ftruncate(fd, 1)
        #expect(truncated == -1 && errno == EPERM)
        #expect(fcntl(fd, F_GETFD) & FD_CLOEXEC != 0, "no other program gets it by chance")
        close(fd)
    }

    @Test func whatIsNone() throws {
        func fault(_ fd: Int32, atMost limit: Int = 100) -> Errno? {
            do {
                _ = try SealedMemory.take(fd, atMost: limit)
                return nil
            } catch {
                return error
            }
        }
        #expect(fault(try SealedMemory.make(name: "serin-test", [1, 2, 3]), atMost: 2) == .EFBIG)
        var ends: (Int32, Int32) = (0, 0)
        // Both ends fit in.
        let result = unsafe withUnsafeMutablePointer(to: &ends) {
            unsafe pipe(UnsafeMutableRawPointer($0).assumingMemoryBound(to: Int32.self))
        }
        try #require(result == 0)
        #expect(fault(ends.0) == .EINVAL, "a pipe")
        close(ends.1)
        // A path that the call only reads.
        let file = unsafe open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        #expect(fault(file) == .EINVAL, "a file")
        #expect(fault(1_000_000) == .EBADF)
    }
}
