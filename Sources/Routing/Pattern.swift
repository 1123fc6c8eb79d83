internal import CPCRE2

/// What a search came to.
public enum PatternResult: Sendable {
    case match, noMatch
    /// A limit was hit, or PCRE2 refused to go on.
    case error
}

/// A compiled regular expression: a search anywhere in the subject, case-sensitive unless told otherwise, over bytes (R21).
///
/// Compiled once, then only read, so that all workers share it; what a search writes to is in the worker's
/// `PatternScratch`. The work of a search is bounded, see `stepLimit(for:)`.
@safe
public final class Pattern: @unchecked Sendable {
    // Not Sendable by itself only because of `code`, which PCRE2 documents as safe to share once compiled.
    public let text: String
    private let code: OpaquePointer

    /// UTF mode cannot be switched on from within the pattern: header values are bytes. With `ignoringCase`, ASCII letters
    /// match in either case.
    public init(_ text: String, ignoringCase: Bool = false) throws(PatternError) {
        self.text = text
        let bytes = Array(text.utf8)
        let options = ignoringCase ? PCRE2_NEVER_UTF | PCRE2_CASELESS : PCRE2_NEVER_UTF
        var number: CInt = 0
        var offset = 0
        // PCRE2 reads `bytes.count` bytes during the call only.
        let compiled = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe pcre2_compile_8(buffer.baseAddress, buffer.count, options, &number, &offset, nil)
        }
        guard let compiled = unsafe compiled else {
            throw PatternError(message: Self.message(number), offset: offset)
        }
        unsafe code = compiled
        // Without a just-in-time compiler for this machine the interpreter does the same work.
        _ = unsafe pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE)
    }

    deinit {
        unsafe pcre2_code_free_8(code)
    }

    /// Searches `subject`. No allocation after the scratch's first uses.
    public func matches(_ subject: Span<UInt8>, scratch: PatternScratch) -> PatternResult {
        let limit = Self.stepLimit(for: subject.count)
        // PCRE2 reads the subject during the call only; the match data holds offsets, not the bytes.
        let status = unsafe subject.withUnsafeBufferPointer { bytes in
            unsafe scratch.match(code, bytes, limit: limit)
        }
        // 0 says that there are more groups than the match data has room for, beyond those that `$1` to `$9` name.
        if status >= 0 { return .match }
        return status == PCRE2_ERROR_NOMATCH ? .noMatch : .error
    }

    /// PCRE2 counts backtracking steps from each start position anew, so the limit shrinks as the subject grows:
    /// about two million steps in all for subjects up to 2 000 bytes, 1 000 a position for longer ones.
    static func stepLimit(for count: Int) -> UInt32 {
        UInt32(min(max(2_000_000 / max(count, 1), 1_000), 100_000))
    }

    /// Whether a search might hit its limit: not without repetitions and groups, whose work alone grows faster than their text.
    public var canFail: Bool { text.utf8.count > 500 || text.utf8.contains { "*+?{(\\".utf8.contains($0) } }

    private static func message(_ number: CInt) -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        // PCRE2 writes at most `count` bytes and returns how many it wrote before the terminating zero.
        let length = unsafe buffer.withUnsafeMutableBufferPointer { room in
            unsafe pcre2_get_error_message_8(number, room.baseAddress, room.count)
        }
        return String(decoding: buffer.prefix(max(0, Int(length))), as: UTF8.self)
    }
}
