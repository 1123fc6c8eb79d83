/// Host names and wildcards (`*.example.com`), each with a number; immutable, looked up without an allocation.
///
/// A wildcard stands for exactly one label (RFC 6125 section 6.4.3), and a name of its own wins over it. Letters match in
/// either case.
public struct HostNameTable: Sendable {
    /// All names in lower case, sorted, one behind the other; a wildcard begins with its star.
    private let bytes: [UInt8]
    /// Where each name begins, and where the last one ends.
    private let starts: [Int]
    private let values: [Int]
    private let longest: Int

    /// - Parameter entries: of a name that is there twice the first counts.
    public init(_ entries: [(name: String, value: Int)] = []) {
        var seen: [String: Int] = [:]
        for entry in entries where seen[entry.name.lowercased()] == nil { seen[entry.name.lowercased()] = entry.value }
        let sorted = seen.map { (name: Array($0.key.utf8), value: $0.value) }
            .sorted { $0.name.lexicographicallyPrecedes($1.name) }
        var starts = [0]
        for entry in sorted { starts.append(starts[starts.count - 1] + entry.name.count) }
        self.starts = starts
        bytes = sorted.flatMap(\.name)
        values = sorted.map(\.value)
        longest = sorted.lazy.map(\.name.count).max() ?? 0
    }

    /// Of names whose numbers are their places in a list.
    public init(placesOf names: [String]) {
        self.init(names.enumerated().map { ($1, $0) })
    }

    public var isEmpty: Bool { values.isEmpty }

    /// The number of a host's own name, else that of the wildcard that it falls under. A last dot does not count.
    public func find(_ host: Span<UInt8>) -> Int? {
        var host = host
        if host.count > 0, host[host.count &- 1] == Self.dot { host = host.extracting(droppingLast: 1) }
        guard host.count > 0, host.count <= 255 else { return nil }
        if let found = search(host, isWildcard: false) { return found }
        var label = 0
        while label < host.count, host[label] != Self.dot { label &+= 1 }
        guard label > 0, label < host.count else { return nil }
        return search(host.extracting(droppingFirst: label), isWildcard: true)
    }

    private static let dot = UInt8(ascii: ".")
    private static let star = UInt8(ascii: "*")

    /// Halves the range until one name is left. Of a wildcard, `name` is what follows the star.
    private func search(_ name: Span<UInt8>, isWildcard: Bool) -> Int? {
        guard name.count <= longest else { return nil }
        var low = 0
        var high = values.count
        while low < high {
            let middle = (low + high) / 2
            switch compare(name, isWildcard: isWildcard, to: middle) {
            case 0: return values[middle]
            case ..<0: high = middle
            default: low = middle + 1
            }
        }
        return nil
    }

    /// Negative if `name` comes before the entry, 0 if it is the same.
    private func compare(_ name: Span<UInt8>, isWildcard: Bool, to entry: Int) -> Int {
        var position = starts[entry]
        let end = starts[entry + 1]
        if isWildcard {
            guard position < end else { return 1 }
            if bytes[position] != Self.star { return Int(Self.star) - Int(bytes[position]) }
            position += 1
        }
        var index = 0
        while index < name.count {
            guard position < end else { return 1 }
            let difference = Int(Self.folded(name[index])) - Int(bytes[position])
            if difference != 0 { return difference }
            index += 1
            position += 1
        }
        return position < end ? -1 : 0
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }
}
