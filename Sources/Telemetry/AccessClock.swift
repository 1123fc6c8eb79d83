/// The time as access lines write it, `20/Nov/2026:23:30:05 +0000`, made once a second and not once a line.
public struct AccessClock: Sendable {
    /// Length of the text in bytes.
    public static let textLength = 26

    /// The text, ASCII, always UTC.
    public private(set) var text = InlineArray<26, UInt8>(repeating: UInt8(ascii: "0"))
    private var second: Int

    /// - Parameter unixSeconds: seconds since 1970; see `CivilTime` for the range.
    public init(unixSeconds: Int) {
        second = unixSeconds
        format()
    }

    /// Call it when the time may have moved; nothing happens within the same second.
    public mutating func update(unixSeconds: Int) {
        guard unixSeconds != second else { return }
        second = unixSeconds
        format()
    }

    private mutating func format() {
        let time = CivilTime(unixSeconds: second)
        putTwoDigits(time.day, at: 0)
        text[2] = UInt8(ascii: "/")
        for index in 0..<3 { text[3 + index] = AccessClock.months[(time.month - 1) * 3 + index] }
        text[6] = UInt8(ascii: "/")
        putTwoDigits(time.year / 100, at: 7)
        putTwoDigits(time.year % 100, at: 9)
        text[11] = UInt8(ascii: ":")
        putTwoDigits(time.hour, at: 12)
        text[14] = UInt8(ascii: ":")
        putTwoDigits(time.minute, at: 15)
        text[17] = UInt8(ascii: ":")
        putTwoDigits(time.second, at: 18)
        text[20] = UInt8(ascii: " ")
        text[21] = UInt8(ascii: "+")
        // The four zeros of the offset are there from the start.
    }

    private mutating func putTwoDigits(_ value: Int, at index: Int) {
        text[index] = UInt8(ascii: "0") + UInt8(value / 10)
        text[index + 1] = UInt8(ascii: "0") + UInt8(value % 10)
    }

    private static let months = [UInt8]("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)
}
