import CLinux
import Glibc

/// What the process uses right now, as its kernel counts it; 0 for what cannot be read.
public struct ProcessUsage: Sendable {
    public let openDescriptors: Int
    /// The soft limit.
    public let descriptorLimit: Int
    public let residentBytes: UInt64
    /// Of all threads, user and system.
    public let cpuNanoseconds: UInt64

    /// Reads /proc: some microseconds, for scrapes only.
    public static func current() -> ProcessUsage {
        let usage = linux_process_usage()
        return ProcessUsage(
            openDescriptors: Int(usage.open_descriptors), descriptorLimit: Int(usage.descriptor_limit),
            residentBytes: usage.resident_bytes, cpuNanoseconds: usage.cpu_nanoseconds)
    }
}
