import Glibc
import Reactor
import Synchronization
import Testing

@Suite struct ThreadTests {
    @Test func wakesALoopOnAnotherThread() throws {
        let bell = try WakeUp()
        let ringing = Ringing(bell: bell)
        let thread = try Thread.start(name: "loop") { ringing.run() }
        for expected in 1...3 {
            bell.signal()
            for _ in 0..<patience where ringing.rings.load(ordering: .acquiring) < expected { usleep(1000) }
            #expect(ringing.rings.load(ordering: .acquiring) == expected)
        }
        thread.join()
    }

    private final class Ringing: Sendable {
        let bell: WakeUp
        let rings = Atomic(0)

        init(bell: WakeUp) {
            self.bell = bell
        }

        func run() {
            guard var loop = try? EventLoop() else { return }
            try? loop.add(bell.fd, token: Token(slot: 0, generation: 0), interest: .acceptor)
            while rings.load(ordering: .relaxed) < 3 {
                if loop.wait(atMostMilliseconds: patience) == 0 { return }
                if bell.drain() { rings.add(1, ordering: .releasing) }
            }
        }
    }

    @Test func signalsBeforeADrainAreOne() throws {
        let bell = try WakeUp()
        #expect(!bell.drain())
        bell.signal()
        bell.signal()
        #expect(bell.drain())
        #expect(!bell.drain())
    }

    @Test(arguments: [("worker 1", "worker 1"), ("a name beyond the limit", "a name beyond t"), ("", "")])
    func carriesItsName(_ name: String, _ shown: String) throws {
        let box = Box()
        let thread = try Thread.start(name: name) {
            var bytes = [UInt8](repeating: 0, count: 64)
            // The kernel writes at most as many bytes as the array has.
            let fd = unsafe open("/proc/thread-self/comm", O_RDONLY)
            let count = unsafe read(fd, &bytes, bytes.count)
            close(fd)
            box.text.withLock { $0 = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) }
        }
        thread.join()
        #expect(box.text.withLock { $0 } == shown + "\n")
    }

    private final class Box: Sendable {
        let text = Mutex("not run")
    }

    @Test func aThreadThatDoesNotEndIsLeftBehind() throws {
        let bell = try WakeUp()
        let stuck = try Thread.start(name: "stuck") { bell.wait() }
        #expect(!stuck.join(atMostMilliseconds: 10))
        bell.signal()
        let other = try Thread.start(name: "other") { bell.wait() }
        #expect(other.join(atMostMilliseconds: 20_000))
    }

    @Test func signalsBecomeEvents() throws {
        // On a thread of its own: the signals stay blocked in it.
        let box = Box()
        let thread = try Thread.start(name: "signals") {
            guard let source = try? SignalSource(signals: [SIGUSR2, SIGWINCH]), source.next() == nil else { return }
            raise(SIGWINCH)
            raise(SIGUSR2)
            let seen = Set([source.next(), source.next()])
            guard seen == [SIGUSR2, SIGWINCH], source.next() == nil else { return }
            box.text.withLock { $0 = "both" }
        }
        thread.join()
        #expect(box.text.withLock { $0 } == "both")
    }

    @Test func signalsThatAreHeldWaitForASource() throws {
        let box = Box()
        let thread = try Thread.start(name: "signals") {
            SignalSource.hold([SIGUSR2, SIGWINCH])
            raise(SIGWINCH)
            guard let source = try? SignalSource(signals: [SIGUSR2, SIGWINCH]), source.next() == SIGWINCH else { return }
            box.text.withLock { $0 = "held" }
        }
        thread.join()
        #expect(box.text.withLock { $0 } == "held")
    }
}
