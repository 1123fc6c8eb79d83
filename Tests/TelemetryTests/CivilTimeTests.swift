import Telemetry
import Testing

@Suite("Civil time")
struct CivilTimeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let unixSeconds: Int
        let text: String
        var testDescription: String { text }
    }

    static let cases = [
        Case(unixSeconds: 0, text: "01/Jan/1970:00:00:00 +0000"),
        Case(unixSeconds: 86_399, text: "01/Jan/1970:23:59:59 +0000"),
        Case(unixSeconds: 86_400, text: "02/Jan/1970:00:00:00 +0000"),
        Case(unixSeconds: 68_169_600, text: "29/Feb/1972:00:00:00 +0000"),
        Case(unixSeconds: 951_782_400, text: "29/Feb/2000:00:00:00 +0000"),
        Case(unixSeconds: 951_868_799, text: "29/Feb/2000:23:59:59 +0000"),
        Case(unixSeconds: 951_868_800, text: "01/Mar/2000:00:00:00 +0000"),
        Case(unixSeconds: 1_234_567_890, text: "13/Feb/2009:23:31:30 +0000"),
        Case(unixSeconds: 1_709_251_199, text: "29/Feb/2024:23:59:59 +0000"),
        Case(unixSeconds: 1_795_217_405, text: "20/Nov/2026:23:30:05 +0000"),
        Case(unixSeconds: 2_147_483_648, text: "19/Jan/2038:03:14:08 +0000"),
        Case(unixSeconds: 4_107_542_399, text: "28/Feb/2100:23:59:59 +0000"),
        Case(unixSeconds: 4_107_542_400, text: "01/Mar/2100:00:00:00 +0000"),
        Case(unixSeconds: 253_402_300_799, text: "31/Dec/9999:23:59:59 +0000"),
        Case(unixSeconds: 253_402_300_800, text: "31/Dec/9999:23:59:59 +0000"),
        Case(unixSeconds: .max, text: "31/Dec/9999:23:59:59 +0000"),
        Case(unixSeconds: -1, text: "01/Jan/1970:00:00:00 +0000"),
        Case(unixSeconds: .min, text: "01/Jan/1970:00:00:00 +0000"),
    ]

    @Test("known moments", arguments: cases)
    func moment(_ example: Case) {
        #expect(Self.text(AccessClock(unixSeconds: example.unixSeconds)) == example.text)
    }

    @Test("a clock that is moved says the same as a new one, forwards, backwards and standing still")
    func update() {
        var clock = AccessClock(unixSeconds: 5)
        for example in Self.cases + Self.cases.reversed() {
            clock.update(unixSeconds: example.unixSeconds)
            clock.update(unixSeconds: example.unixSeconds)
            #expect(Self.text(clock) == example.text)
        }
    }

    @Test("every day from 1970 to 2405 follows the one before")
    func everyDay() {
        var (year, month, day) = (1970, 1, 1)
        var wrong = 0
        for index in 0..<159_000 {
            // The hour moves too, so that the time of day is seen not to leak into the date.
            let time = CivilTime(unixSeconds: index * 86_400 + index % 24 * 3_600 + index % 60 * 61)
            if (time.year, time.month, time.day) != (year, month, day) { wrong += 1 }
            day += 1
            if day > Self.days(year, month) { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(wrong == 0)
        #expect(year == 2405)
    }

    @Test("the time of day is split into its parts")
    func timeOfDay() {
        let time = CivilTime(unixSeconds: 86_400 * 365 + 3_600 * 13 + 60 * 7 + 9)
        #expect((time.hour, time.minute, time.second) == (13, 7, 9))
    }

    static func text(_ clock: AccessClock) -> String {
        String(decoding: (0..<AccessClock.textLength).map { clock.text[$0] }, as: UTF8.self)
    }

    static func days(_ year: Int, _ month: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
