import Exchange
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// Random conversations against the rules that hold for all of them.
///
/// `SERIN_SIM_SEEDS=n` plays n seeds, `SERIN_SIM_SEED=n` replays one.
@Suite struct SimulationTests {
    private static let defaultCount: UInt64 = 1000

    @Test func everyRunObeysTheRules() {
        var (requests, shielded, reloaded) = (0, 0, 0)
        for seed in Self.seeds {
            if Self.number("SERIN_SIM_TRACE") != nil { print("seed \(seed)") }
            let simulation = Simulation(seed: seed)
            simulation.run()
            requests += simulation.harness.summaries.count
            shielded += simulation.harness.summaries.count { $0.shielded != nil }
            if Set(simulation.harness.upstreams.map(\.name)).count > 2 { reloaded += 1 }
            let problems = SimulationOracle(simulation).problems
            for problem in problems { Issue.record("SERIN_SIM_SEED=\(seed): \(problem)") }
        }
        #expect(requests >= Self.seeds.count / 2, "the seeds make requests")
        #expect(reloaded > 0 || Self.seeds.count < Self.defaultCount, "requests follow reloads")
        #expect(shielded > 0 || Self.seeds.count < Self.defaultCount, "the seeds make canaries fail")
    }

    /// The same seed plays the same, or a failure could not be replayed.
    @Test func aSeedReplays() {
        let runs = (0..<2).map { _ in
            let simulation = Simulation(seed: 7)
            simulation.run()
            return simulation.harness.toClient
        }
        #expect(runs[0] == runs[1])
        #expect(!runs[0].isEmpty)
    }

    private static var seeds: Range<UInt64> {
        if let seed = number("SERIN_SIM_SEED") { return seed..<seed + 1 }
        return 0..<(number("SERIN_SIM_SEEDS") ?? defaultCount)
    }

    private static func number(_ name: String) -> UInt64? {
        // getenv returns nil or a C string that lives on; nothing here changes the environment.
        unsafe getenv(name).flatMap { unsafe UInt64(String(cString: $0)) }
    }
}
