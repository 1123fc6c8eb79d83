import Exchange
import Testing
@testable import Server

/// When an endpoint counts as well.
@Suite struct HealthRecordTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// Outcomes of checks, `+` and `-`.
        let checks: String
        /// What each of them makes of the endpoint, `w` and `i`.
        let states: String
        /// Which of them are told.
        let changes: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "the first one decides: well", checks: "+", states: "w", changes: "!"),
        Case(name: "the first one decides: ill", checks: "-", states: "i", changes: "!"),
        Case(name: "nothing new", checks: "+++", states: "www", changes: "!.."),
        Case(name: "three failures", checks: "+---", states: "wwwi", changes: "!..!"),
        Case(name: "failures between", checks: "+--+--+---", states: "wwwwwwwwwi", changes: "!........!"),
        Case(name: "two successes", checks: "-++", states: "iiw", changes: "!.!"),
        Case(name: "a success between", checks: "-+-+-++", states: "iiiiiiw", changes: "!.....!"),
        Case(name: "there and back", checks: "+---++---", states: "wwwiiwwwi", changes: "!..!.!..!"),
    ])
    func counts(_ test: Case) {
        var record = HealthRecord()
        let check = HealthCheck(path: "/")
        var states = "", changes = ""
        for outcome in test.checks {
            changes += record.note(outcome == "+", check) ? "!" : "."
            states += record.isWell == true ? "w" : "i"
        }
        #expect(states == test.states)
        #expect(changes == test.changes)
    }
}
