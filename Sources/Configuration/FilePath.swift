internal import Glibc

/// Paths as the user writes them.
enum FilePath {
    enum Kind { case file, folder }

    /// What is at `path`, links followed; nil if there is nothing.
    static func kind(of path: String) -> Kind? {
        guard let status = try? status(of: path) else { return nil }
        return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
    }

    /// Of what is at `path`, links followed.
    static func status(of path: String) throws(BoundedFile.Fault) -> stat {
        // The kernel would look for what is before it.
        guard !path.utf8.contains(0) else { throw .isMissing }
        var status = stat()
        // The path is only read, and the struct filled, during the call.
        guard unsafe stat(path, &status) == 0 else { throw BoundedFile.Fault(code: errno) }
        return status
    }

    /// `path` as seen from `folder`; as it is if it is absolute or the folder is the current one.
    static func joined(_ folder: String, _ path: String) -> String {
        if path.hasPrefix("/") || folder.isEmpty || folder == "." { return path }
        return folder.hasSuffix("/") ? folder + path : folder + "/" + path
    }

    /// The folder a file is in, empty for the current one.
    static func folder(of file: String) -> String {
        guard let slash = file.lastIndex(of: "/") else { return "" }
        return slash == file.startIndex ? "/" : String(file[..<slash])
    }
}
