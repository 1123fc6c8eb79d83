@testable import Telemetry
import Testing

@Suite struct TLSAlertCountsTests {
    /// Whatever a peer sends, there are no more labels than names, and one.
    @Test func everyNumberIsCountedUnderANameOrAsOther() {
        var counts = TLSAlertCounts()
        for number in UInt8.min...UInt8.max { counts.add(number, received: 1, sent: 2) }
        let names = TLSAlertCounts.names
        #expect(Set(names.map(\.number)).count == names.count)
        #expect(names.map(\.number) == names.map(\.number).sorted())
        let others = UInt64(256 - names.count)
        #expect(counts.rows.count == 2 * (names.count + 1))
        for row in counts.rows {
            let each: UInt64 = row.alert == "other" ? others : 1
            #expect(row.count == (row.direction == "sent" ? 2 * each : each), "\(row)")
        }
    }

    @Test func onlyWhatHasOccurredIsListed() {
        var counts = TLSAlertCounts()
        #expect(counts.rows.isEmpty)
        var others = TLSAlertCounts()
        others.add(48, received: 3, sent: 0)
        counts.add(48, received: 1, sent: 0)
        counts.merge(others)
        #expect(counts.rows.count == 1)
        #expect(counts.rows[0] == ("received", "unknown_ca", 4))
    }
}
