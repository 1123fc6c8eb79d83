import Reactor

/// The files and folders that a configuration came from; changes of them are a reason to load it again.
public struct WatchedFiles: Sendable {
    /// They need not exist. None: nothing is watched.
    public var paths: [String] = []
    /// How files end that matter wherever they appear in one of the folders.
    public var suffixes: [String] = []
    let loadedSince: FileTime

    /// Made before the first file is read, so that nothing that changes meanwhile goes unnoticed.
    public init() {
        loadedSince = .now()
    }
}
