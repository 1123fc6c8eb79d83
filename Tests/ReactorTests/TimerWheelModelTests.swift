import Reactor
import TestSupport
import Testing

/// What a wheel should do, said in the simplest way: a list of ticks.
private struct Model {
    var ticks: [TimerID: UInt64] = [:]
    var present: UInt64

    func tick(for deadline: UInt64) -> UInt64 {
        max((deadline - 1) / TimerWheel.resolution + 1, present + 1)
    }

    mutating func advance(to now: UInt64) {
        present = max(present, now / TimerWheel.resolution)
    }

    var due: [TimerID: UInt64] { ticks.filter { $0.value <= present } }
}

@Suite struct TimerWheelModelTests {
    /// Spans of time from within a tick to beyond the fifth level.
    private static func span(_ random: inout SeededGenerator) -> UInt64 {
        UInt64.random(in: 1...(1 << UInt64.random(in: 1...54, using: &random)), using: &random)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func agreesWithTheModel(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var now = Self.span(&random)
        var wheel = TimerWheel(now: now)
        var model = Model(present: now / TimerWheel.resolution)
        var known: [TimerID] = []
        for step in 0..<6000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                let deadline = now + Self.span(&random)
                let id = wheel.arm(token: Token(slot: UInt32(step), generation: 1), at: deadline)
                try #require(model.ticks.updateValue(model.tick(for: deadline), forKey: id) == nil)
                known.append(id)
            case 4..<7:
                guard let id = known.randomElement(using: &random) else { continue }
                let deadline = now + Self.span(&random)
                let live = model.ticks[id] != nil
                if live { model.ticks[id] = model.tick(for: deadline) }
                try #require(wheel.move(id, to: deadline) == live)
            case 7:
                guard let id = known.randomElement(using: &random) else { continue }
                try #require(wheel.cancel(id) == (model.ticks.removeValue(forKey: id) != nil))
            default:
                // Often in small steps, at times far, and at times without draining all that is due.
                now += Self.span(&random) >> UInt64.random(in: 0...30, using: &random)
                wheel.advance(to: now)
                model.advance(to: now)
                try drain(&wheel, &model, atMost: Bool.random(using: &random) ? .max : 3)
            }
            try checkNextDeadline(wheel, model)
        }
        try #require(known.count > 1000)
    }

    private func drain(_ wheel: inout TimerWheel, _ model: inout Model, atMost limit: Int) throws {
        var due = model.due
        var popped = 0
        while popped < limit, let (_, id) = wheel.popExpired() {
            popped += 1
            try #require(due.removeValue(forKey: id) != nil, "fired early, twice or after it was cancelled")
            model.ticks[id] = nil
        }
        if popped < limit { try #require(due.isEmpty, "late") }
    }

    private func checkNextDeadline(_ wheel: borrowing TimerWheel, _ model: Model) throws {
        try #require(wheel.count == model.ticks.count)
        guard let earliest = model.ticks.values.min() else {
            try #require(wheel.nextDeadline == nil)
            return
        }
        let deadline = wheel.nextDeadline
        let next = try #require(deadline)
        try #require(next <= max(earliest, model.present) * TimerWheel.resolution, "would wake up late")
        if earliest > model.present {
            try #require(next / TimerWheel.resolution > model.present, "would spin")
        }
    }
}
