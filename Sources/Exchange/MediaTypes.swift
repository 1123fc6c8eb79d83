import HTTP1

/// A list of media types, to look one up in.
public struct MediaTypes: Hashable, Sendable {
    private enum Entry: Hashable, Sendable {
        case any
        /// `text/`, which all of its kind begin with.
        case family([UInt8])
        case exactly([UInt8])
    }

    private let entries: [Entry]

    var count: Int { entries.count }

    /// - Parameter names: each `type/subtype`, `type/*` or `*`, in any case.
    public init(_ names: [String]) {
        entries = names.map { name in
            let name = name.lowercased()
            if name == "*" || name == "*/*" { return .any }
            return name.hasSuffix("/*") ? .family(Array(name.utf8.dropLast())) : .exactly(Array(name.utf8))
        }
    }

    /// Whether a Content-Type is of one of them, whatever its parameters are.
    func contains(_ contentType: Span<UInt8>) -> Bool {
        let end = contentType.firstIndex(of: UInt8(ascii: ";")) ?? contentType.count
        let bare = contentType.extracting(first: end)
        let type = bare[bare.trimmedOWS]
        for entry in entries {
            switch entry {
            case .any: return true
            case .exactly(let name) where type.equalsIgnoringCase(name.span): return true
            case .family(let name) where type.count > name.count:
                if type.extracting(first: name.count).equalsIgnoringCase(name.span) { return true }
            default: continue
            }
        }
        return false
    }
}
