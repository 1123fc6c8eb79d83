import Routing
import Testing

/// Reference vectors by input length: key 00…0f, input 00, 01, … (reference code, `vectors_sip64`; the one for 15 bytes is
/// also appendix A of the paper).
private let vectors: [(length: Int, hash: UInt64)] = Array([
    0x726f_db47_dd0e_0e31 as UInt64, 0x74f8_39c5_93dc_67fd, 0x0d6c_8009_d9a9_4f5a, 0x8567_6696_d7fb_7e2d,
    0xcf27_94e0_2771_87b7, 0x1876_5564_cd99_a68d, 0xcbc9_466e_58fe_e3ce, 0xab02_00f5_8b01_d137,
    0x93f5_f579_9a93_2462, 0x9e00_82df_0ba9_e4b0, 0x7a5d_bbc5_94dd_b9f3, 0xf4b3_2f46_226b_ada7,
    0x751e_8fbc_860e_e5fb, 0x14ea_5627_c084_3d90, 0xf723_ca90_8e7a_f2ee, 0xa129_ca61_49be_45e5,
].enumerated().map { ($0, $1) }) + [(63, 0x958a_324c_eb06_4572)]

@Suite struct SipHash24Tests {
    @Test(arguments: vectors) func referenceVector(length: Int, expected: UInt64) {
        var hash = SipHash24(key0: 0x0706_0504_0302_0100, key1: 0x0f0e_0d0c_0b0a_0908)
        let input = (0..<length).map { UInt8($0) }
        hash.update(input.span)
        #expect(hash.finish() == expected)
    }

    @Test func piecesHashAsTheWhole() {
        let input = (0..<64).map { UInt8($0) }
        for cut in 0...input.count {
            var whole = SipHash24(key0: 1, key1: 2)
            whole.update(input.span)
            var pieces = SipHash24(key0: 1, key1: 2)
            pieces.update(input.span.extracting(first: cut))
            pieces.update(input.span.extracting(droppingFirst: cut))
            #expect(pieces.finish() == whole.finish())
        }
    }

    /// A change here moves every client of every canary: it must never happen.
    @Test func theRollOfAClientStaysForever() {
        let roll = WeightedHash.roll(salt: utf8("shop/web-canary").span, key: utf8("alice").span)
        #expect(roll == 0xe08f_2586_810f_62a1)
        let canary = Canary(name: "shop/web-canary", backend: 1, weight: 50, sequence: 0)
        #expect(Route.with([canary], keys: []).hash(canary: 0, utf8("alice").span) == roll)
    }

    @Test func saltAndKeyDoNotRunTogether() {
        let one = WeightedHash.roll(salt: utf8("ab").span, key: utf8("c").span)
        let other = WeightedHash.roll(salt: utf8("a").span, key: utf8("bc").span)
        #expect(one != other)
    }
}
