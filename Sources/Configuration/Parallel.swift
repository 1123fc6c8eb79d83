internal import Glibc
internal import Synchronization

/// Many equal pieces of work on a few threads, which end with it.
enum Parallel {
    /// With the calling one. More would only take cores from those that serve.
    static let maximumThreads = 4
    /// Pieces that make another thread worth its start.
    private static let piecesOfAThread = 4

    /// The results of `body` for `0..<count`, in that order. The new threads inherit the caller's priority and signal mask.
    static func map<Result: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> Result) -> [Result] {
        let job = Job(count, body)
        let helpers = min(count / piecesOfAThread, maximumThreads, processors) - 1
        // Where no thread can be had, the others do its share.
        let threads = (0..<max(0, helpers)).compactMap { _ in start(job) }
        job.work()
        for thread in threads { pthread_join(thread, nil) }
        return job.finish()
    }

    private static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    private static func start<Result>(_ job: Job<Result>) -> pthread_t? {
        let erased: @Sendable () -> Void = { job.work() }
        let retained = unsafe Unmanaged.passRetained(Body(erased))
        var thread = pthread_t()
        // The new thread takes over the retained object.
        let error = unsafe pthread_create(&thread, nil, { argument in
            if let argument = unsafe argument {
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
            }
            return nil
        }, retained.toOpaque())
        guard error == 0 else {
            unsafe retained.release()
            return nil
        }
        return thread
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private final class Job<Result: Sendable>: Sendable {
        private let count: Int
        private let body: @Sendable (Int) -> Result
        private let next = Atomic(0)
        private let results: Mutex<[Result?]>

        init(_ count: Int, _ body: @escaping @Sendable (Int) -> Result) {
            self.count = count
            self.body = body
            results = Mutex(Array(repeating: nil, count: count))
        }

        /// Takes piece after piece until none is left.
        func work() {
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                let result = body(index)
                results.withLock { $0[index] = result }
            }
        }

        /// Once every thread has ended.
        func finish() -> [Result] { results.withLock { $0.compactMap(\.self) } }
    }
}
