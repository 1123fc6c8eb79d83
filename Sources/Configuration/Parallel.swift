internal import Glibc
internal import Synchronization

/// Many equal pieces of work on a few threads, which end with it.
///
/// The calling thread only waits: what the pieces leave is in the heaps of their threads (glibc's arenas), so that what the caller
/// makes of it and keeps is not scattered among what goes, and the pages of that can be given back.
enum Parallel {
    /// More would only take cores from those that serve.
    static let maximumThreads = 4
    /// Pieces that make a thread worth its start.
    private static let piecesOfAThread = 4

    /// The results of `body` for `0..<count`, in that order. The new threads inherit the caller's priority and signal mask.
    static func map<Result: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> Result) -> [Result] {
        let job = Job(count, body)
        let wanted = count < piecesOfAThread ? 0 : max(1, min(count / piecesOfAThread, maximumThreads, processors))
        let threads = (0..<wanted).compactMap { _ in start(job) }
        // Few pieces, or no thread to be had.
        if threads.isEmpty { job.work() }
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
