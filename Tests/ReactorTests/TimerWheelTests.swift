import Reactor
import Testing

private let millisecond: UInt64 = 1_000_000
private let second: UInt64 = 1000 * millisecond
private let hour: UInt64 = 3600 * second

private func token(_ slot: Int) -> Token { Token(slot: UInt32(slot), generation: 7) }

extension TimerWheel {
    /// Slots of all that is due.
    fileprivate mutating func fire(at now: UInt64) -> [Int] {
        advance(to: now)
        var fired: [Int] = []
        while let (token, _) = popExpired() { fired.append(Int(token.slot)) }
        return fired
    }
}

@Suite struct TimerWheelTests {
    struct Deadline: CustomTestStringConvertible, Sendable {
        let name: String
        let start: UInt64
        let delay: UInt64
        var testDescription: String { name }
    }

    static let deadlines: [Deadline] = [
        Deadline(name: "one nanosecond", start: 0, delay: 1),
        Deadline(name: "one tick", start: 0, delay: TimerWheel.resolution),
        Deadline(name: "a tick and a bit", start: 0, delay: TimerWheel.resolution + 1),
        Deadline(name: "last slot of level 0", start: 0, delay: 63 * TimerWheel.resolution),
        Deadline(name: "first slot of level 1", start: 0, delay: 64 * TimerWheel.resolution),
        Deadline(name: "start in mid-tick", start: 12_345_678_901, delay: 250 * millisecond),
        Deadline(name: "start at the end of a level", start: 4095 * TimerWheel.resolution, delay: 5 * second),
        Deadline(name: "60 s", start: 987_654_321_987, delay: 60 * second),
        Deadline(name: "1 h", start: 987_654_321_987, delay: hour),
        Deadline(name: "40 h", start: 55 * hour + 1, delay: 40 * hour),
        Deadline(name: "10 years", start: 3 * second, delay: 87_600 * hour),
    ]

    @Test(arguments: deadlines)
    func neverEarlyAndAtMostOneTickLate(_ deadline: Deadline) {
        var wheel = TimerWheel(now: deadline.start)
        let due = deadline.start + deadline.delay
        _ = wheel.arm(token: token(1), at: due)
        #expect(wheel.fire(at: due - 1) == [])
        #expect(wheel.fire(at: due + TimerWheel.resolution) == [1])
        #expect(wheel.count == 0)
        #expect(wheel.nextDeadline == nil)
    }

    /// A loop that sleeps until `nextDeadline` gets there in a few steps, whatever the horizon.
    @Test(arguments: deadlines)
    func sleepingByNextDeadlineArrivesInFewSteps(_ deadline: Deadline) throws {
        var wheel = TimerWheel(now: deadline.start)
        let due = deadline.start + deadline.delay
        _ = wheel.arm(token: token(1), at: due)
        var now = deadline.start
        var steps = 0
        while true {
            let deadline = wheel.nextDeadline
            let next = try #require(deadline)
            #expect(next > now)
            #expect(next < due + TimerWheel.resolution)
            now = next
            steps += 1
            try #require(steps <= 7)
            if wheel.fire(at: now) == [1] { break }
        }
        #expect(now >= due)
    }

    @Test func firesInOrderOfDeadlines() {
        var wheel = TimerWheel(now: 0)
        let delays = [70 * second, 10 * millisecond, 3 * hour, second, 600 * millisecond, 40 * second]
        for (index, delay) in delays.enumerated() { _ = wheel.arm(token: token(index), at: delay) }
        #expect(wheel.fire(at: 4 * hour) == [1, 4, 3, 5, 0, 2])
    }

    @Test func aPastDeadlineFiresAtTheNextTickAndNotAtOnce() {
        var wheel = TimerWheel(now: hour)
        for deadline in [0, hour - 1, hour] { _ = wheel.arm(token: token(1), at: deadline) }
        #expect(wheel.fire(at: hour) == [])
        #expect(wheel.fire(at: hour + TimerWheel.resolution) == [1, 1, 1])
    }

    @Test func cancelledTimersDoNotFire() {
        var wheel = TimerWheel(now: 0)
        let ids = (0..<4).map { wheel.arm(token: token($0), at: second) }
        #expect(wheel.cancel(ids[1]) == true)
        #expect(wheel.cancel(ids[1]) == false)
        wheel.advance(to: 2 * second)
        // Due already, not popped yet.
        #expect(wheel.cancel(ids[3]) == true)
        #expect(wheel.count == 2)
        #expect(wheel.fire(at: 2 * second) == [0, 2])
    }

    @Test func movedTimersFireAtTheirLastDeadline() {
        var wheel = TimerWheel(now: 0)
        let later = wheel.arm(token: token(1), at: second)
        let earlier = wheel.arm(token: token(2), at: hour)
        let thereAndBack = wheel.arm(token: token(3), at: second)
        #expect(wheel.move(later, to: 10 * second) == true)
        #expect(wheel.move(earlier, to: 2 * second) == true)
        #expect(wheel.move(thereAndBack, to: hour) == true)
        #expect(wheel.move(thereAndBack, to: 3 * second) == true)
        #expect(wheel.fire(at: 2 * second - 1) == [])
        #expect(wheel.fire(at: 2 * second + TimerWheel.resolution) == [2])
        #expect(wheel.fire(at: 3 * second + TimerWheel.resolution) == [3])
        #expect(wheel.fire(at: 10 * second - 1) == [])
        #expect(wheel.fire(at: 10 * second + TimerWheel.resolution) == [1])
    }

    @Test func aDueTimerThatWasNotPoppedCanBeMovedOn() {
        var wheel = TimerWheel(now: 0)
        let id = wheel.arm(token: token(1), at: second)
        wheel.advance(to: 2 * second)
        #expect(wheel.move(id, to: 5 * second) == true)
        #expect(wheel.fire(at: 5 * second - 1) == [])
        #expect(wheel.fire(at: 6 * second) == [1])
    }

    @Test func staleIdentifiersDoNothing() throws {
        var wheel = TimerWheel(now: 0)
        let old = wheel.arm(token: token(1), at: second)
        wheel.advance(to: 2 * second)
        let expired = wheel.popExpired()
        let (fired, id) = try #require(expired)
        #expect(fired == token(1))
        #expect(id == old)
        let new = wheel.arm(token: token(2), at: 3 * second)
        #expect(new != old)
        #expect(wheel.move(old, to: hour) == false)
        #expect(wheel.cancel(old) == false)
        #expect(wheel.cancel(.none) == false)
        #expect(wheel.move(.none, to: hour) == false)
        #expect(wheel.fire(at: 4 * second) == [2])
    }

    @Test func timeNeverGoesBack() {
        var wheel = TimerWheel(now: hour)
        _ = wheel.arm(token: token(1), at: hour + second)
        wheel.advance(to: 0)
        #expect(wheel.fire(at: hour + 2 * second) == [1])
    }

    @Test func aNeverEndingDeadlineIsKept() {
        var wheel = TimerWheel(now: 0)
        _ = wheel.arm(token: token(1), at: .max)
        #expect(wheel.fire(at: 500 * 8760 * hour) == [])
        #expect(wheel.count == 1)
    }

    /// An idle timeout pushed back by every request costs a loop one idle wake-up per period, not one per request.
    @Test func aTimerMovedLaterAgainAndAgainIsRelinkedRarely() {
        var wheel = TimerWheel(now: 0)
        let id = wheel.arm(token: token(1), at: 60 * second)
        var wakeUps = 0
        var now: UInt64 = 0
        while now < 600 * second {
            now += 10 * millisecond
            if let next = wheel.nextDeadline, next <= now { wakeUps += 1 }
            #expect(wheel.fire(at: now) == [])
            wheel.move(id, to: now + 60 * second)
        }
        #expect(wakeUps <= 60)
    }

    @Test func nodesAreSmall() {
        #expect(TimerWheel.bytesPerTimer == 24)
    }
}
