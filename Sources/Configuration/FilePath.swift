internal import Foundation

/// Paths as the user writes them.
enum FilePath {
    enum Kind { case file, folder }

    /// What is at `path`, links followed; nil if there is nothing.
    static func kind(of path: String) -> Kind? {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: target) else { return nil }
        return attributes[.type] as? FileAttributeType == .typeDirectory ? .folder : .file
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
