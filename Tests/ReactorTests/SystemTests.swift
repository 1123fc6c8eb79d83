import Glibc
@testable import Reactor
import Testing

@Suite struct SystemTests {
    @Test func theMonotonicClockGoesOn() {
        var last = SystemClock.monotonicNanoseconds()
        for _ in 0..<1000 {
            let next = SystemClock.monotonicNanoseconds()
            #expect(next >= last)
            last = next
        }
    }

    @Test func theWallClockCountsSeconds() {
        let before = Int64(time(nil))
        // The coarse clock may be a tick behind.
        #expect((before - 1...before + 60).contains(SystemClock.wallClockSeconds()))
    }

    @Test func theDescriptorLimitIsRaisedToTheHardOne() throws {
        let raised = FileDescriptorLimit.raise()
        var limit = rlimit()
        // A variable of this function.
        try #require(unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        #expect(limit.rlim_cur == limit.rlim_max)
        #expect(raised == Int(clamping: limit.rlim_cur))
    }

    @Test func thereIsAProcessorAtLeast() {
        #expect((1...max(1, sysconf(Int32(_SC_NPROCESSORS_CONF)))).contains(AvailableProcessors.count))
    }

    @Test(arguments: [
        ("max 100000\n", nil), ("100000 100000\n", 1), ("150000 100000\n", 2), ("200000 100000\n", 2), ("5000 100000\n", 1),
        ("0 100000\n", nil), ("100000\n", nil), ("", nil), ("a b\n", nil), ("1 0\n", nil),
    ] as [(String, Int?)])
    func readsAQuota(_ text: String, _ cores: Int?) {
        #expect(AvailableProcessors.cores(inQuota: text) == cores)
    }

    @Test(arguments: [
        ("0::/\n", ""), ("0::/a/b.scope\n", "/a/b.scope"), ("12:cpu:/old\n0::/new\n", "/new"), ("1:cpu:/old\n", nil), ("", nil),
    ] as [(String, String?)])
    func findsTheControlGroup(_ membership: String, _ path: String?) {
        #expect(ControlGroup.path(in: membership) == path)
    }

    @Test(arguments: [
        ("max\n", nil), ("1073741824\n", 1 << 30), ("0\n", nil), ("-1\n", nil), ("", nil), ("99999999999999999999\n", nil),
    ] as [(String, Int?)])
    func readsAMemoryLimit(_ text: String, _ bytes: Int?) {
        #expect(AvailableMemory.limit(in: text) == bytes)
    }

    @Test(arguments: [
        ("MemTotal:       24569024 kB\nMemFree: 1 kB\n", 24_569_024 << 10), ("MemFree: 1 kB\n", nil), ("MemTotal: x kB\n", nil),
        ("MemTotal: 1 MB\n", nil), ("MemTotal: 9223372036854775807 kB\n", nil), ("", nil),
    ] as [(String, Int?)])
    func readsTheInstalledMemory(_ text: String, _ bytes: Int?) {
        #expect(AvailableMemory.total(in: text) == bytes)
    }

    @Test func thereIsMemory() {
        #expect((1 << 20...sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))).contains(AvailableMemory.bytes))
    }

    @Test func writingToAClosedPipeIsNoSignal() throws {
        IgnoreSIGPIPE.install()
        var ends: [Int32] = [-1, -1]
        // The array has the two elements that pipe fills.
        try #require(unsafe pipe(&ends) == 0)
        close(ends[0])
        defer { close(ends[1]) }
        // One byte of a literal.
        #expect(unsafe write(ends[1], "x", 1) == -1)
        #expect(errno == EPIPE)
    }
}
