import TLS
import Telemetry
import Testing

@Suite struct TLSLabelTests {
    /// Telemetry knows no TLS: it counts failures by their numbers.
    @Test func failuresAreCountedUnderTheirLabels() {
        #expect(TLSCounts.failureLabels == TLSFailure.allCases.map(\.label))
        #expect(TLSFailure.allCases.map { Int($0.rawValue) } == Array(TLSCounts.failureLabels.indices))
    }
}
