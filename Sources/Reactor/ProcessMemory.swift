import CLinux

public enum ProcessMemory {
    /// Gives memory back to the system that was freed and is kept for later (all arenas of malloc). Takes milliseconds for each
    /// hundred megabytes.
    public static func trim() { linux_trim_memory() }
}
