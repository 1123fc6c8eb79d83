import CLinux

/// A moment of the clock by which file systems mark changes.
public struct FileTime: Sendable {
    let nanoseconds: Int64

    /// Whatever changes after this has returned is marked with this time or a later one.
    public static func now() -> FileTime { FileTime(nanoseconds: linux_file_clock_nanoseconds(0)) }

    /// Whatever had changed before this was called is marked with this time or an earlier one.
    static func latest() -> FileTime { FileTime(nanoseconds: linux_file_clock_nanoseconds(1)) }
}
