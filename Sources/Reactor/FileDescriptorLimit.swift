import CLinux

/// How many descriptors the process may have open (RLIMIT_NOFILE).
public enum FileDescriptorLimit {
    /// Raises the soft limit to the hard one, as far as the kernel lets us; answers the limit now in force.
    @discardableResult
    public static func raise() -> Int {
        Int(clamping: linux_raise_descriptor_limit())
    }
}
