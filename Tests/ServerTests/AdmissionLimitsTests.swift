import Exchange
import Testing

@testable import Server

@Suite struct AdmissionLimitsTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        var connections: Int?
        let descriptors: Int
        var memory = 1 << 40
        /// Clients, handshakes, upstream connections, those kept, and those that a worker that is asked brings them down to.
        let expected: [Int]
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "as few as there may be", descriptors: 16, expected: [8, 16, 8, 7, 7]),
        Case(name: "ulimit -n 1024", descriptors: 938, expected: [469, 117, 469, 411, 386]),
        Case(name: "an odd number", descriptors: 101, expected: [50, 16, 51, 45, 43]),
        Case(name: "plenty", descriptors: 1_000_000, expected: [500_000, 125_000, 500_000, 437_500, 410_157]),
        Case(
            name: "half-done handshakes take no more than there is", descriptors: 1_000_000, memory: 256 << 20,
            expected: [500_000, 819, 500_000, 437_500, 410_157]),
        Case(
            name: "hardly any memory", descriptors: 1_000_000, memory: 1 << 20,
            expected: [500_000, 16, 500_000, 437_500, 410_157]),
        Case(name: "few clients leave more for upstreams", connections: 38, descriptors: 938, expected: [38, 16, 900, 788, 739]),
        Case(name: "more clients than descriptors allow", connections: 5000, descriptors: 938, expected: [469, 117, 469, 411, 386]),
    ]

    @Test(arguments: cases) func theDescriptorsAreDivided(_ test: Case) {
        var limits = Limits()
        limits.connections = test.connections
        let admission = AdmissionLimits(limits, descriptors: test.descriptors, memory: test.memory, workers: 2)
        #expect([admission.connections, admission.handshakes, admission.upstreams, admission.upstreamsKept, admission.upstreamsAtEase] == test.expected)
        #expect(admission.connections <= admission.upstreams, "each client can have an upstream connection")
    }

    @Test(arguments: [(memory: nil, workers: 2, expected: 512), (4096, 2, 2048), (4096, 0, 4096)] as [(memory: Int?, workers: Int, expected: Int)])
    func theMemoryIsDivided(_ memory: Int?, workers: Int, expected: Int) {
        var limits = Limits()
        limits.memory = memory
        #expect(AdmissionLimits(limits, descriptors: 100, memory: 1024, workers: workers).bufferBytesPerWorker == expected)
    }
}
