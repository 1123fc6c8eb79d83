import CLinux

public enum ProcessMemory {
    /// Gives memory back to the system that was freed and is kept for later (all arenas of malloc). Takes milliseconds for each
    /// hundred megabytes.
    public static func trim() { linux_trim_memory() }

    /// Bytes: of the blocks that serving a request takes only the biggest, for long bodies, is bigger.
    private static let mappedFrom: Int32 = 256 << 10

    /// Gives big blocks back as they are freed. malloc would soon put them among the others, once the first has been freed: the tables
    /// of a configuration that is being read would then leave holes that the small parts of the next snapshot are scattered over.
    public static func mapBigBlocks() { linux_map_blocks_from(mappedFrom) }
}
