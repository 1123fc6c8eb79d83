import CLinux

/// SIGPIPE kills a process that writes to a closed pipe (a log reader that went away). Sockets don't raise it here.
public enum IgnoreSIGPIPE {
    /// For the whole process; such writes then fail with EPIPE.
    public static func install() {
        let result = linux_ignore_sigpipe()
        assert(result == 0, "SIGPIPE can be ignored")
    }
}
