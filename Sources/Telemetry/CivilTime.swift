/// A moment as calendar date and time of day, UTC, in the proleptic Gregorian calendar without leap seconds (as POSIX counts).
public struct CivilTime: Sendable, Equatable {
    public let year: Int
    /// 1 to 12.
    public let month: Int
    /// 1 to 31.
    public let day: Int
    public let hour: Int
    public let minute: Int
    public let second: Int

    /// The last second of the year 9999: the latest that four digits can name.
    public static let latest = 253_402_300_799

    /// - Parameter unixSeconds: seconds since 1970; values outside `0...latest` are moved to the nearer end.
    public init(unixSeconds: Int) {
        let seconds = min(max(unixSeconds, 0), CivilTime.latest)
        let secondOfDay = seconds % 86_400
        hour = secondOfDay / 3_600
        minute = secondOfDay / 60 % 60
        second = secondOfDay % 60

        // Years that begin on 1 March end with their leap day, so every cycle is a whole number of regular parts and one
        // that is a day longer at its end. 719 468 days lie between 1 March of the year 0 and 1 January 1970.
        let days = seconds / 86_400 + 719_468
        let dayOfEra = days % 146_097
        let century = min(dayOfEra / 36_524, 3)
        let dayOfCentury = dayOfEra - century * 36_524
        let dayOfLeapCycle = dayOfCentury % 1_461
        let yearOfLeapCycle = min(dayOfLeapCycle / 365, 3)
        let dayOfYear = dayOfLeapCycle - yearOfLeapCycle * 365
        let marchYear = days / 146_097 * 400 + century * 100 + dayOfCentury / 1_461 * 4 + yearOfLeapCycle

        var monthFromMarch = 11
        while CivilTime.monthStarts[monthFromMarch] > dayOfYear { monthFromMarch -= 1 }
        day = dayOfYear - CivilTime.monthStarts[monthFromMarch] + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = monthFromMarch < 10 ? marchYear : marchYear + 1
    }

    /// Days before each month in a year that begins on 1 March.
    private static let monthStarts: InlineArray<12, Int> = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337]
}
