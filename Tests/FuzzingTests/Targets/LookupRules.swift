import HTTP1
import Routing

/// What looking up a name and normalising a path owe: answers inside the input, and a normal form that is one.
enum LookupRules {
    static func problem(with input: [UInt8]) -> String? {
        let feed = input.firstIndex(of: 10) ?? input.count
        let name = Array(input[..<feed])
        let value = Array(input[min(feed + 1, input.count)...])
        return found(CookieField.find(name.span, in: value.span), in: value, endingAt: UInt8(ascii: ";"))
            ?? found(QueryString.find(name.span, in: value.span), in: value, endingAt: UInt8(ascii: "&"))
            ?? path(value, strict: true) ?? path(value, strict: false)
    }

    private static func found(_ slice: Slice?, in value: [UInt8], endingAt separator: UInt8) -> String? {
        guard let slice else { return nil }
        guard slice.end <= value.count else { return "found beyond the end" }
        guard value[..<slice.start].last(where: { $0 != 32 }) == UInt8(ascii: "=") else { return "found without =" }
        guard !value[slice.start..<slice.end].contains(separator) else { return "found beyond its own part" }
        return slice.end == value.count || value[slice.end] == separator ? nil : "found in part"
    }

    private static func path(_ path: [UInt8], strict: Bool) -> String? {
        var normalizer = PathNormalizer()
        var normal: [UInt8] = []
        switch normalizer.normalize(path.span, strict: strict) {
        case .rejected: return nil
        case .asIs: normal = path
        case .rewritten:
            for index in 0..<normalizer.normalized.count { normal.append(normalizer.normalized[index]) }
        }
        guard normal.first == UInt8(ascii: "/") else { return "a normal path begins with a slash" }
        guard normal.count <= max(path.count, 1) else { return "a normal path is not longer" }
        guard !normal.contains(0) || path.contains(0) else { return "NUL from an escape" }
        let segments = normal.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            if segment.isEmpty, index < segments.count - 1 { return "an empty segment is left" }
            if segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) { return "a dot segment is left" }
        }
        return nil
    }
}
