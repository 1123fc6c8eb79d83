import Routing
import Testing

@Suite struct ValueKeyTests {
    @Test(arguments: [
        (.header("x_canary"), "X-Canary", true), (.header("X-Canary"), "x-canary", true),
        (.header("X-Canary"), "x_canary", true), (.header("X-Canary"), "X-Canar", false), (.header("X-Canary"), "X-Canary2", false),
        (.cookie("Canary"), "cANARY", true), (.cookie("my-c"), "my_c", false), (.cookie("my-c"), "MY-C", true),
        (.query("Version"), "Version", true), (.query("Version"), "version", false),
    ] as [(ValueKey, String, Bool)]) func matches(key: ValueKey, name: String, expected: Bool) {
        #expect(key.matches(utf8(name).span) == expected)
        if key.kind == .header { #expect(HeaderName.matches(utf8(name).span, folded: key.name) == expected) }
    }

    @Test func sameKeySameIndex() {
        var list = ValueKeyList()
        #expect(list.index(of: .header("X-A")) == 0)
        #expect(list.index(of: .cookie("x_a")) == 1)
        #expect(list.index(of: .header("x_a")) == 0)
        #expect(list.index(of: .clientAddress) == 2)
        #expect(list.keys == [.header("x-a"), .cookie("x_a"), .clientAddress])
    }

    @Test func valuesAreReplacedAndForgotten() {
        var values = RequestValues()
        values.reset(count: 2)
        #expect(said(values) == [nil, nil])
        values.begin(1)
        #expect(said(values) == [nil, ""])
        values.append(utf8("a").span)
        values.append(utf8(", b").span)
        values.begin(0)
        values.append(utf8("other").span)
        #expect(said(values) == ["other", "a, b"])
        values.begin(1)
        values.append(utf8("c").span)
        #expect(said(values) == ["other", "c"])
        values.reset(count: 1)
        #expect(said(values) == [nil, nil])
    }

    @Test(arguments: [-1, 2, Int.max]) func aKeyOutOfRangeIsAbsent(_ key: Int) {
        var values = RequestValues()
        values.reset(count: 2)
        values.begin(key)
        values.append(utf8("x").span)
        let isPresent = values.isPresent(key)
        let value = text(values.value(of: key))
        #expect(!isPresent)
        #expect(value.isEmpty)
        #expect(said(values) == [nil, nil])
    }

    /// The values of keys 0 and 1, nil where absent.
    private func said(_ values: borrowing RequestValues) -> [String?] {
        var result: [String?] = []
        for key in 0..<2 { result.append(values.isPresent(key) ? text(values.value(of: key)) : nil) }
        return result
    }
}
