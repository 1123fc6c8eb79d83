/// The options of a head's Connection fields (RFC 9110 7.6.1).
struct ConnectionOptions {
    private(set) var close = false
    private(set) var keepAlive = false
    private(set) var upgrade = false
    /// However many fields a head may have.
    static let most = 100
    /// How many options may still come: looking up each among all fields must not become a client's lever.
    private var left: Int

    init(limit: Int) {
        left = limit
    }

    /// Reads every Connection field of `fields`, and marks the fields that are nominated.
    mutating func read(_ fields: inout [HeaderField], in input: Span<UInt8>) throws(ParseError) {
        var index = 0
        while index < fields.count {
            if fields[index].known == .connection { try read(fields[index].value, in: input, marking: &fields) }
            index &+= 1
        }
    }

    private mutating func read(
        _ value: Slice, in input: Span<UInt8>, marking fields: inout [HeaderField]
    ) throws(ParseError) {
        var start = value.start
        while start < value.end {
            let comma = input.extracting(first: value.end).firstOffset(of: UInt8(ascii: ","), from: start)
            let trimmed = input.trimmedOWS(start ..< comma)
            if !trimmed.isEmpty {
                guard left > 0 else { throw ParseError(.tooManyConnectionOptions, at: start) }
                left &-= 1
                take(input[trimmed], in: input, marking: &fields)
            }
            start = comma &+ 1
        }
    }

    private mutating func take(_ option: Span<UInt8>, in input: Span<UInt8>, marking fields: inout [HeaderField]) {
        if option.count == 5, ByteWord(short: option).folded == "close" {
            close = true
            return
        }
        let known = KnownHeader(name: option)
        if known == .keepAlive { keepAlive = true }
        if known == .upgrade { upgrade = true }
        var index = 0
        while index < fields.count {
            if fields[index].known == known,
               known != .other || input[fields[index].name].equalsIgnoringCase(option) {
                fields[index].isNominated = true
            }
            index &+= 1
        }
    }
}
