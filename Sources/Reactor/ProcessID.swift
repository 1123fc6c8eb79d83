import CLinux

/// Processes by their numbers.
public enum ProcessID {
    public static var own: Int32 { linux_process_id() }
}
