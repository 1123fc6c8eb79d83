internal import CPCRE2

/// The memory that pattern searches write to: one per worker, never shared between threads.
@safe
public final class PatternScratch {
    private let data: OpaquePointer?
    private let context: OpaquePointer?
    private let stack: OpaquePointer?

    /// Bounds the interpreter's memory, in KiB.
    private static let heapLimit: UInt32 = 1024
    private static let depthLimit: UInt32 = 10_000
    /// Bounds the compiled code's backtracking memory, in bytes.
    private static let stackSize = (initial: 32 << 10, maximum: 512 << 10)

    /// The match and the groups 1 to 9.
    private static let groupCount = 10
    /// How many of them the last search set.
    private var groupsSet = 0
    /// Searches that a limit has ended, or that PCRE2 refused to go on with.
    private(set) var failures: UInt64 = 0

    public init() {
        unsafe data = pcre2_match_data_create_8(UInt32(Self.groupCount), nil)
        unsafe context = pcre2_match_context_create_8(nil)
        unsafe stack = pcre2_jit_stack_create_8(Self.stackSize.initial, Self.stackSize.maximum, nil)
        guard let context = unsafe context else { return }
        // The stack is freed after the context that names it.
        unsafe pcre2_jit_stack_assign_8(context, nil, stack.map { unsafe UnsafeMutableRawPointer($0) })
        _ = unsafe pcre2_set_heap_limit_8(context, Self.heapLimit)
        _ = unsafe pcre2_set_depth_limit_8(context, Self.depthLimit)
    }

    deinit {
        unsafe pcre2_match_context_free_8(context)
        unsafe pcre2_match_data_free_8(data)
        unsafe pcre2_jit_stack_free_8(stack)
    }

    /// PCRE2's status for a search of `subject`.
    func match(_ code: OpaquePointer, _ subject: UnsafeBufferPointer<UInt8>, limit: UInt32) -> CInt {
        let status = unsafe search(code, subject, limit: limit)
        // 0 says that the pattern has more groups than there is room for.
        groupsSet = status > 0 ? Int(status) : status == 0 ? Self.groupCount : 0
        if status < 0, status != PCRE2_ERROR_NOMATCH { failures &+= 1 }
        return status
    }

    private func search(_ code: OpaquePointer, _ subject: UnsafeBufferPointer<UInt8>, limit: UInt32) -> CInt {
        guard let data = unsafe data, let context = unsafe context else { return PCRE2_ERROR_NOMEMORY }
        _ = unsafe pcre2_set_match_limit_8(context, limit)
        guard let start = subject.baseAddress else {
            // An empty span may have no address, but PCRE2 wants one.
            var none: UInt8 = 0
            return unsafe pcre2_match_8(code, &none, 0, 0, 0, data, context)
        }
        return unsafe pcre2_match_8(code, start, subject.count, 0, 0, data, context)
    }

    /// Where a group of the last search lies in its subject, 0 for the whole match; empty if it took no part.
    func group(_ number: Int, in subject: Int) -> Range<Int> {
        guard number < groupsSet, let data = unsafe data, let offsets = unsafe pcre2_get_ovector_pointer_8(data) else { return 0..<0 }
        // The match data has two offsets for each of its groups, and this one was set.
        let (start, end) = unsafe (offsets[2 * number], offsets[2 * number + 1])
        // A group that took no part has offsets outside of every subject.
        return start >= 0 && start <= end && end <= subject ? start..<end : 0..<0
    }
}
