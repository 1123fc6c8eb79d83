/// `rewrite-target`: the path that an upstream is asked for instead of the client's (R35).
public struct Rewrite: Sendable {
    private enum Part: Sendable {
        case text([UInt8])
        case group(Int)
    }

    public enum Outcome: Sendable {
        /// The path does not match: it goes on as it came.
        case unchanged
        case rewritten
        case tooLong
    }

    /// Bytes of a new path, escaped.
    static let maximumLength = 32 << 10

    /// As configured.
    public let target: String
    private let pattern: Pattern
    private let parts: [Part]

    /// - Parameters:
    ///   - pattern: searched in the decoded path; its groups are `$1` to `$9` of the target.
    ///   - target: what the whole path becomes. A group without a part in the match is empty.
    public init(_ pattern: Pattern, target: String) {
        self.pattern = pattern
        self.target = target
        var parts: [Part] = []
        var text: [UInt8] = []
        var rest = Array(target.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "$"), let digit = rest.first, (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(digit) {
                rest = rest.dropFirst()
                if !text.isEmpty { parts.append(.text(text)) }
                text = []
                parts.append(.group(Int(digit - UInt8(ascii: "0"))))
            } else {
                text.append(byte)
            }
        }
        if !text.isEmpty { parts.append(.text(text)) }
        self.parts = parts
    }

    /// Writes the new path for `path`, which is normal, over `output`: escaped as nginx escapes a path that it changed, and
    /// beginning with a slash. Allocates nothing once `output` has room.
    public func apply(to path: Span<UInt8>, with values: borrowing RequestValues, into output: inout [UInt8]) -> Outcome {
        guard case .match = pattern.matches(path, scratch: values.scratch) else { return .unchanged }
        output.removeAll(keepingCapacity: true)
        for index in parts.indices {
            let fits = switch parts[index] {
            case .text(let text): Self.append(text.span, to: &output)
            case .group(let number): Self.append(path.extracting(values.scratch.group(number, in: path.count)), to: &output)
            }
            if !fits { return .tooLong }
        }
        if output.isEmpty { output.append(ASCII.slash) }
        return .rewritten
    }

    /// False when there is no room left.
    private static func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) -> Bool {
        guard output.count + 3 * bytes.count < maximumLength else { return false }
        if output.isEmpty, bytes.count > 0, bytes[0] != ASCII.slash { output.append(ASCII.slash) }
        for index in bytes.indices {
            let byte = bytes[index]
            if isEscaped(byte) {
                output.append(UInt8(ascii: "%"))
                output.append(hexDigit(byte >> 4))
                output.append(hexDigit(byte & 15))
            } else {
                output.append(byte)
            }
        }
        return true
    }

    /// What nginx does not leave in a path that it changed.
    private static func isEscaped(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7F...0xFF: true
        case UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: "%"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "?"),
            UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"): true
        default: false
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
