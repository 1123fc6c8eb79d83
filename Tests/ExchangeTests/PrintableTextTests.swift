import Exchange
import Testing

/// What of others' texts people get to see.
@Suite struct PrintableTextTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let text: String
        let shown: String
        /// If it may have several lines.
        var lines: String?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "nothing", text: "", shown: ""),
        Case(name: "ASCII", text: "default/shop \"a\" {b}~", shown: "default/shop \"a\" {b}~"),
        Case(name: "other writing", text: "é £ 漢 🦜 שלום سلام … “x” – ₿ ب", shown: "é £ 漢 🦜 שלום سلام … “x” – ₿ ب"),
        Case(name: "a joined sign", text: "👩\u{200D}🚀 \u{200B}\u{200C}\u{2010}\u{2065}\u{206A}", shown: "👩\u{200D}🚀 \u{200B}\u{200C}\u{2010}\u{2065}\u{206A}"),
        Case(name: "a tab", text: "a\tb", shown: "a\tb"),
        Case(name: "line breaks", text: "a\nb\r\nc\rd", shown: "a b  c d", lines: "a\nb \nc d"),
        Case(name: "line breaks of few", text: "a\u{85}b\u{2028}c\u{2029}d", shown: "a\u{FFFD}b\u{FFFD}c\u{FFFD}d"),
        Case(name: "an escape", text: "a\u{1B}[31mb\u{9B}0m", shown: "a\u{FFFD}[31mb\u{FFFD}0m"),
        Case(name: "the ends of the controls", text: "\0\u{8}\u{B}\u{1F} \u{7E}\u{7F}\u{80}\u{9F}\u{A0}", shown: "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD} ~\u{FFFD}\u{FFFD}\u{FFFD}\u{A0}"),
        Case(name: "a direction overridden", text: "shop\u{202E}yranac\u{202C}", shown: "shop\u{FFFD}yranac\u{FFFD}"),
        Case(name: "embeddings", text: "\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{202F}", shown: "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{202F}"),
        Case(name: "isolates", text: "\u{2066}\u{2067}\u{2068}\u{2069}", shown: "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        Case(name: "marks", text: "a\u{200E}b\u{200F}c\u{61C}d", shown: "a\u{FFFD}b\u{FFFD}c\u{FFFD}d"),
    ])
    func shown(_ test: Case) {
        #expect(test.text.printable().unicodeScalars.elementsEqual(test.shown.unicodeScalars))
        #expect(test.text.printable(keepsLines: true).unicodeScalars.elementsEqual((test.lines ?? test.shown).unicodeScalars))
    }
}
