/// What somebody on the line between two ends of TLS does to their records.
///
/// Five bytes a deed: to which record of which direction, what, where in it (two bytes), and a byte more.
struct Meddling {
    enum Direction: UInt8 {
        case toServer, toClient
    }

    private struct Deed {
        let place: UInt8
        let kind: UInt8
        let offset: Int
        let value: UInt8
    }

    /// Bytes: more than a few records have.
    private static let longest = 64 << 10

    private let deeds: [Deed]
    /// Nothing was done to any record so far.
    private(set) var isUntouched = true
    private var passed = [0, 0]
    private var held: [[UInt8]] = [[], []]
    private var isCut = [false, false]

    init(_ input: ArraySlice<UInt8>) {
        let bytes = Array(input)
        deeds = stride(from: 0, to: bytes.count - bytes.count % 5, by: 5).map { start in
            Deed(
                place: bytes[start], kind: bytes[start + 1], offset: Int(bytes[start + 2]) << 8 | Int(bytes[start + 3]),
                value: bytes[start + 4])
        }
    }

    /// What goes on of a record, and whether that was the last.
    mutating func passing(_ record: [UInt8], _ direction: Direction) -> (bytes: [UInt8], isEnd: Bool) {
        let side = Int(direction.rawValue)
        guard !isCut[side] else { return ([], true) }
        let number = passed[side]
        passed[side] += 1
        var result = record
        for deed in deeds where deed.place & 1 == direction.rawValue && Int(deed.place >> 1) == number && !result.isEmpty {
            isUntouched = false
            apply(deed, to: &result, side)
        }
        // What was held back comes after the record that followed it.
        if !result.isEmpty, !held[side].isEmpty {
            result += held[side]
            held[side] = []
        }
        return (result, isCut[side])
    }

    private mutating func apply(_ deed: Deed, to record: inout [UInt8], _ side: Int) {
        let offset = deed.offset % record.count
        switch deed.kind % 10 {
        case 0: record[offset] ^= max(1, deed.value)
        case 1: record = []
        // Doubled again and again it would fill the memory.
        case 2 where record.count < Self.longest: record += record
        case 2: break
        case 3: record = Array(record.prefix(offset))
        case 4: record.insert(deed.value, at: offset)
        case 5: record.remove(at: offset)
        case 6:
            held[side] = record
            record = []
        case 7: record = Self.halves(of: record, at: offset)
        case 8: record = Self.own(deed.value, count: offset % 8) + record
        default: isCut[side] = true
        }
    }

    /// A record of any kind, in plain text.
    private static func own(_ value: UInt8, count: Int) -> [UInt8] {
        [20 + value % 6, 3, 3, 0, UInt8(count)] + [UInt8](repeating: value, count: count)
    }

    /// Two records with what one had, which a handshake may come in (RFC 8446 section 5.1).
    private static func halves(of record: [UInt8], at offset: Int) -> [UInt8] {
        // One that was doubled may be longer than a record's length can say.
        guard 7...Int(UInt16.max) ~= record.count else { return record }
        let content = record.dropFirst(5)
        let first = content.prefix(max(1, min(offset, content.count - 1)))
        var result: [UInt8] = []
        for part in [first, content.dropFirst(first.count)] {
            result += record.prefix(3)
            result += [UInt8(part.count >> 8), UInt8(part.count & 0xFF)]
            result += part
        }
        return result
    }
}
