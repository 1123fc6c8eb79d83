import CLinux

/// Processes by their numbers.
public enum ProcessID {
    public static var own: Int32 { linux_process_id() }
    public static var parent: Int32 { linux_parent_id() }
}
