import CLinux

/// The environment that this process was started with.
public enum EnvironmentVariable {
    /// nil when it is not set.
    public static func value(_ name: String) -> String? {
        // Nobody changes the environment, so the text stays as it is while it is copied.
        guard let text = unsafe linux_environment(name) else { return nil }
        return unsafe String(cString: text)
    }
}
