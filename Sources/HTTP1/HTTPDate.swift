/// A moment as an IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 5.6.7). A worker makes one per second.
public struct HTTPDate: Sendable {
    /// Always 29 bytes.
    public static let length = 29

    /// Unix time.
    public let secondsSinceEpoch: Int

    private var text = InlineArray<29, UInt8>(repeating: .space)

    /// - Parameter secondsSinceEpoch: Unix time; brought into the years 1970 to 9999, all that four digits can say.
    public init(secondsSinceEpoch: Int) {
        let seconds = min(max(secondsSinceEpoch, 0), 253_402_300_799)
        self.secondsSinceEpoch = seconds
        let days = seconds / 86_400
        let second = seconds % 86_400
        let (year, month, day) = HTTPDate.civil(days)

        // 1 January 1970 was a Thursday.
        put("SunMonTueWedThuFriSat", entry: (days &+ 4) % 7, at: 0)
        text[3] = UInt8(ascii: ",")
        putTwo(day, at: 5)
        put("JanFebMarAprMayJunJulAugSepOctNovDec", entry: month &- 1, at: 8)
        putTwo(year / 100, at: 12)
        putTwo(year % 100, at: 14)
        putTwo(second / 3600, at: 17)
        text[19] = UInt8(ascii: ":")
        putTwo(second / 60 % 60, at: 20)
        text[22] = UInt8(ascii: ":")
        putTwo(second % 60, at: 23)
        put("GMT", entry: 0, at: 26)
    }

    /// The text.
    public var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { text.span }
    }

    private mutating func putTwo(_ number: Int, at offset: Int) {
        text[offset] = UInt8(ascii: "0") &+ UInt8(number / 10)
        text[offset &+ 1] = UInt8(ascii: "0") &+ UInt8(number % 10)
    }

    /// Copies the `entry`-th three letters of `names`.
    private mutating func put(_ names: StaticString, entry: Int, at offset: Int) {
        for letter in 0 ..< 3 {
            // A literal's bytes live forever; every caller's entry lies within its list.
            text[offset &+ letter] = unsafe names.utf8Start[entry &* 3 &+ letter]
        }
    }

    /// The proleptic Gregorian date of a day counted from 1970-01-01, at least 0.
    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        // Years that begin in March put the leap day last; 719 468 days lie between 0000-03-01 and the epoch.
        let shifted = days &+ 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra &- dayOfEra / 1460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
        let marchMonth = (5 &* dayOfYear &+ 2) / 153
        let day = dayOfYear &- (153 &* marchMonth &+ 2) / 5 &+ 1
        let month = marchMonth < 10 ? marchMonth &+ 3 : marchMonth &- 9
        let year = era &* 400 &+ yearOfEra &+ (month <= 2 ? 1 : 0)
        return (year, month, day)
    }
}

extension ByteBuffer {
    /// Appends `secondsSinceEpoch` as the 29 bytes of an IMF-fixdate.
    public mutating func append(dateOf secondsSinceEpoch: Int) {
        append(HTTPDate(secondsSinceEpoch: secondsSinceEpoch).bytes)
    }
}
