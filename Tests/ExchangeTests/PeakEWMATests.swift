import Foundation
import Testing
import TestSupport
@testable import Exchange

/// Answer times (R32).
@Suite struct PeakEWMATests {
    private static func seconds(_ count: Double) -> Instant { Instant(nanoseconds: UInt64(count * 1e9)) }

    /// Against the library's function, within what the digits of ln 2 leave.
    @Test func r32Exponential() {
        for step in 0...7200 {
            let x = Double(step) / 10
            let ours = PeakEWMA.exponential(ofMinus: x), theirs = exp(-x)
            #expect(x < 700 ? abs(ours - theirs) <= theirs * 1e-12 : ours == 0, "\(x)")
        }
    }

    /// Against the formula of ingress-nginx, step by step.
    @Test(arguments: 0..<20) func r32AgainstTheFormula(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var ours = PeakEWMA()
        var cost = 0.0, touched = -1e9, now = 1.0
        for _ in 0..<200 {
            now += Double(random.below(30_000)) / 1000
            let weight = exp(-(now - touched) / 10)
            #expect(abs(ours.score(now: Self.seconds(now)) - cost * weight) <= 1e-9, "seed \(seed)")
            guard !random.oneIn(3) else { continue }
            let answer = Double(random.below(5000)) / 1000
            ours.observe(TimeSpan(nanoseconds: UInt64(answer * 1e9)), now: Self.seconds(now))
            cost = cost * weight + answer * (1 - weight)
            touched = now
        }
    }

    @Test func r32BeginsWithTheFirstAnswer() {
        var time = PeakEWMA()
        #expect(!time.isKnown && time.score(now: Self.seconds(5)) == 0)
        time.observe(.milliseconds(500), now: Self.seconds(5))
        #expect(time.isKnown && time.lastCost == 0.5 && time.score(now: Self.seconds(5)) == 0.5)
        #expect(abs(time.score(now: Self.seconds(15)) - 0.5 / M_E) < 1e-12)
    }

    @Test func r32SlowStart() {
        var time = PeakEWMA()
        time.begin(at: 2, now: Self.seconds(1))
        #expect(time.isKnown && time.score(now: Self.seconds(1)) == 2)
    }

    @Test func r32AClockThatStandsStill() {
        var time = PeakEWMA()
        time.observe(.seconds(1), now: Self.seconds(9))
        time.observe(.seconds(3), now: Self.seconds(9))
        time.observe(.seconds(3), now: Self.seconds(8))
        #expect(time.score(now: Self.seconds(3)) == 1)
    }
}
