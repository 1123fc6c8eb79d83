import Glibc
import Reactor
import Testing

@Suite struct ChildProcessTests {
    /// What a shell writes to descriptor 3, and how it ended.
    private static func run(
        _ script: String, variables: [(name: String, value: String?)] = [], passing others: [Int32] = []
    ) throws -> (output: String, state: ChildProcess.State) {
        let ends = try Self.pipeEnds()
        defer { close(ends[0]) }
        let child: ChildProcess
        do {
            defer { close(ends[1]) }
            child = try ChildProcess.start(["sh", "-c", script, "shell", "an argument"], passing: [ends[1]] + others, variables: variables)
        }
        var output: [UInt8] = []
        while true {
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
                count = unsafe max(read(ends[0], buffer.baseAddress, buffer.count), 0)
            }
            if piece.isEmpty { break }
            output += piece
        }
        return (String(decoding: output, as: UTF8.self), try end(of: child))
    }

    /// To read from and to write to.
    private static func pipeEnds() throws -> [Int32] {
        var ends: [Int32] = [-1, -1]
        // The array has the two elements that pipe fills.
        let result = unsafe pipe(&ends)
        try #require(result == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return ends
    }

    private static func end(of child: ChildProcess) throws -> ChildProcess.State {
        for _ in 0..<20_000 {
            let state = child.state()
            if state != .running { return state }
            usleep(1000)
        }
        throw Unexpected("it does not end")
    }

    @Test func getsArgumentsEnvironmentAndDescriptors() throws {
        // The path is only read during the call.
        let far = unsafe open("/dev/zero", O_RDONLY | O_CLOEXEC)
        defer { close(far) }
        let script = #"echo "$1 $SERIN_TEST_SET ${SERIN_TEST_UNSET-gone} ${PATH:+kept}" >&3; ls /proc/$$/fd | tr '\n' ' ' >&3"#
        // One that is to stay, with a number that nothing else in this process gets.
        let own = fcntl(far, F_DUPFD_CLOEXEC, 700)
        defer { close(own) }
        let (output, state) = try Self.run(
            script, variables: [("SERIN_TEST_SET", "a value"), ("SERIN_TEST_UNSET", nil)], passing: [far, far])
        let lines = output.split(separator: "\n")
        #expect(lines.first == "an argument a value gone kept")
        let descriptors = lines.last?.split(separator: " ") ?? []
        #expect(descriptors.starts(with: ["0", "1", "2", "3", "4", "5"]))
        #expect(!descriptors.contains("\(own)"))
        #expect(state == .exited(0))
    }

    /// Each of them may have a number that another one is to get.
    @Test func descriptorsKeepTheirOrder() throws {
        let ends = try (0..<8).map { _ in try Self.pipeEnds() }
        defer { for end in ends.joined() { close(end) } }
        let writing = ends.map { $0[1] }.sorted(by: >)
        let child = try ChildProcess.start(
            ["sh", "-c", "for fd in 3 4 5 6 7 8 9; do eval \"echo $fd >&$fd\"; done"], passing: writing, variables: [])
        #expect(try Self.end(of: child) == .exited(0))
        for (index, fd) in writing.prefix(7).enumerated() {
            let reading = try #require(ends.first { $0[1] == fd })[0]
            var bytes: [UInt8] = [0, 0]
            // The kernel writes at most the two bytes.
            #expect(unsafe read(reading, &bytes, 2) == 2)
            #expect(String(decoding: bytes, as: UTF8.self) == "\(index + 3)\n")
        }
    }

    @Test func signalsAreAsTheSystemSetsThem() throws {
        IgnoreSIGPIPE.install()
        // Of this thread only, and given back.
        var blocked = sigset_t(), before = sigset_t()
        // All point to variables of this function.
        _ = unsafe sigemptyset(&blocked)
        _ = unsafe sigaddset(&blocked, SIGUSR1)
        _ = unsafe pthread_sigmask(SIG_BLOCK, &blocked, &before)
        defer { _ = unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        let (output, _) = try Self.run("grep -E '^Sig(Blk|Ign)' /proc/self/status | cut -f 2 >&3")
        let masks = output.split(separator: "\n").compactMap { UInt64($0, radix: 16) }
        // 32 and 33 are the C library's own.
        #expect(masks.map { $0 & 0x7FFF_FFFF } == [0, 0], "\(output)")
    }

    @Test func tellsHowItEnded() throws {
        #expect(try Self.run("exit 7").state == .exited(7))
        let child = try ChildProcess.start(["sleep", "1000"], passing: [], variables: [])
        #expect(child.state() == .running)
        child.signal(SIGKILL)
        #expect(try Self.end(of: child) == .killed(signal: SIGKILL))
        #expect(child.state() == .unknown)
    }

    @Test func saysWhyItCannotStart() {
        #expect(throws: Errno.ENOENT) { _ = try ChildProcess.start(["/nowhere/serin"], passing: [], variables: []) }
        #expect(throws: Errno.EACCES) { _ = try ChildProcess.start(["/dev/null"], passing: [], variables: []) }
        #expect(throws: Errno.EINVAL) { _ = try ChildProcess.start([], passing: [], variables: []) }
    }

    @Test func readinessIsAByteAndAnEndIsNone() throws {
        let (pipe, other) = try ReadinessPipe.make()
        #expect(pipe.read() == .nothingYet)
        ReadinessPipe.tell(other)
        #expect(pipe.read() == .ready)
        #expect(pipe.read() == .ended)
        ReadinessPipe.tell(987_654)
    }
}
