import Addressing

/// What the reader of PROXY headers owes: the same answer however the bytes arrive, whatever follows, and one that, written anew, is
/// read as the same.
enum ProxyRules {
    static func problem(with input: [UInt8]) -> String? {
        let whole = ProxyHeader.parse(input.span)
        for count in 0..<input.count {
            let part = ProxyHeader.parse(input.span.extracting(first: count))
            guard part == .incomplete || part == whole else { return "\(part) of \(count) bytes, \(whole) of all" }
            if case .complete(_, let length) = whole, (count < length) != (part == .incomplete) { return "\(part) of \(count) bytes, of \(length)" }
        }
        guard case .complete(let ends, let length) = whole else {
            return whole == .incomplete && input.count >= ProxyHeader.maximumLength ? "no end of it" : nil
        }
        guard length <= min(input.count, ProxyHeader.maximumLength) else { return "\(length) bytes of \(input.count)" }
        for version in ProxyHeader.Version.allCases {
            var bytes = [UInt8](repeating: 0, count: ProxyHeader.maximumWrittenLength)
            var space = bytes.mutableSpan
            let count = ProxyHeader.write(ends, as: version, into: &space)
            let again = ProxyHeader.parse(bytes.span.extracting(first: count))
            guard isSame(again, ends, count) else { return "\(version) of it is read as \(again)" }
        }
        return nil
    }

    /// A mixed pair of addresses comes back as two of the larger kind.
    private static func isSame(_ progress: ProxyHeader.Progress, _ ends: ConnectionEnds?, _ count: Int) -> Bool {
        guard case .complete(let read, count) = progress else { return false }
        guard let ends, let read else { return ends == nil && read == nil }
        return read.source.unmapped == ends.source.unmapped && read.destination.unmapped == ends.destination.unmapped
            && read.sourcePort == ends.sourcePort && read.destinationPort == ends.destinationPort
    }
}
