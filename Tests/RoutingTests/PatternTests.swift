import Routing
import Testing

@Suite struct PatternTests {
    @Test(arguments: [
        ("cd|sz", "cd", .match), ("cd|sz", "in sz now", .match), ("cd|sz", "CD", .noMatch), ("cd|sz", "", .noMatch),
        ("^v[0-9]+$", "v12", .match), ("^v[0-9]+$", "v12 ", .noMatch), ("", "anything", .match), ("^$", "", .match),
        ("(a)(b)(c)", "abc", .match), ("caf.$", "cafe", .match), ("^....$", "né!", .match),
    ] as [(String, String, PatternResult)]) func search(pattern: String, subject: String, expected: PatternResult) throws {
        #expect(try Pattern(pattern).matches(utf8(subject).span, scratch: PatternScratch()) == expected)
    }

    /// Each of these needs exponential or high polynomial time; the limit ends it with an error, never a match.
    @Test(arguments: ["(a+)+$", "(a|aa)+$", "(a*)*c", "(.*)(.*)(.*)(.*)(.*)[xy]", "(a?){64}b$"], [64, 1000, 8000])
    func runawaySearchesEnd(pattern: String, length: Int) throws {
        let subject = [UInt8](repeating: UInt8(ascii: "a"), count: length) + [UInt8(ascii: "!")]
        #expect(try Pattern(pattern).matches(subject.span, scratch: PatternScratch()) != .match)
    }

    @Test func theClassicRunawayIsAnError() throws {
        let subject = [UInt8](repeating: UInt8(ascii: "a"), count: 64) + [UInt8(ascii: "!")]
        #expect(try Pattern("(a+)+$").matches(subject.span, scratch: PatternScratch()) == .error)
    }

    @Test func aScratchServesManyPatternsAndOutlivesErrors() throws {
        let scratch = PatternScratch()
        let runaway = try Pattern("(a+)+$")
        let plain = try Pattern("b$")
        let subject = [UInt8](repeating: UInt8(ascii: "a"), count: 64) + [UInt8(ascii: "b")]
        for _ in 0..<10 {
            #expect(runaway.matches(subject.span, scratch: scratch) == .error)
            #expect(plain.matches(subject.span, scratch: scratch) == .match)
        }
    }

    @Test(arguments: [("a(b", 3), ("[a", 2), ("*a", 0), ("(*UTF)a", 6)])
    func invalid(pattern: String, offset: Int) {
        do throws(PatternError) {
            _ = try Pattern(pattern)
            Issue.record("\(pattern) compiled")
        } catch {
            #expect(error.offset == offset)
            #expect(!error.message.isEmpty)
        }
    }

    @Test func bytesThatAreNotText() throws {
        let subject: [UInt8] = [0xFF, 0x00, 0x63, 0x64]
        #expect(try Pattern("cd$").matches(subject.span, scratch: PatternScratch()) == .match)
    }
}
