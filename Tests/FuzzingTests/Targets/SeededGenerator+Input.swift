import TestSupport

extension SeededGenerator {
    /// What is left to chance with an input follows from the input (FNV-1a), so that a finding is one file and repeats.
    init(of input: [UInt8]) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in input { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        self.init(seed: hash)
    }
}
