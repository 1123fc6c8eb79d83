import Testing
@testable import HTTP1

/// Messages with a few bytes changed at random. Whatever they say, they must say it however they arrive, and nothing may
/// trap; the seeds are fixed, so a failure repeats.
@Suite("Mutated messages")
struct MutationTests {
    /// SplitMix64.
    struct Random {
        var state: UInt64

        mutating func below(_ bound: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
        }
    }

    /// Bytes that mean something somewhere, and some that are never right.
    static let alphabet = bytes("\r\n\r\n \t:;,=\"\\?#/%*@[]0179afFx-_.\u{00}\u{7F}\u{80}\u{FF}")

    static func mutated(_ original: [UInt8], with random: inout Random) -> [UInt8] {
        var result = original
        for _ in 0 ... random.below(3) {
            let index = random.below(result.count)
            switch random.below(4) {
            case 0: result[index] = alphabet[random.below(alphabet.count)]
            case 1: result.insert(alphabet[random.below(alphabet.count)], at: index)
            case 2: result.remove(at: index)
            default: result.insert(contentsOf: result[index ..< min(index + random.below(12), result.count)], at: index)
            }
        }
        return result
    }

    private func check<Outcome: Equatable>(_ original: String, seed: Int, read: ([UInt8], [Int]) -> Outcome) {
        var random = Random(state: UInt64(seed))
        for _ in 0 ..< 25 {
            let input = MutationTests.mutated(bytes(original), with: &random)
            expectSameHoweverItArrives(read(input, [input.count]), count: input.count) { read(input, $0) }
        }
    }

    @Test(arguments: 0 ..< 8)
    func requests(_ seed: Int) {
        let original = """
            POST http://a.test:80/p?q HTTP/1.1\r\nHost: [::1]:80\r\nConnection: x, close\r\nX: y\r
            Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n
            """
        check(original, seed: seed) { readRequest($0, arriving: $1) }
    }

    @Test(arguments: 0 ..< 8)
    func responses(_ seed: Int) {
        let original = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nConnection: keep-alive, x\r\nX: y\r\n\r\n"
        check(original, seed: seed) { readResponse($0, arriving: $1) }
    }

    @Test(arguments: 0 ..< 8)
    func chunkedBodies(_ seed: Int) {
        let original = "5;a=\"b\\c\";d\r\nhello\r\n0a\r\n0123456789\r\n0\r\nA: b\r\n\r\nGET /"
        check(original, seed: seed) { BodyDecoderTests.decode($0, .chunked, arriving: $1) }
    }
}
