/// Looking a cookie up in a Cookie field's value the way nginx's `$cookie_NAME` does (rules R25 and R26).
public enum CookieField {
    /// The first cookie called `name`: case-insensitive, pairs separated by `;` or `,`, spaces around `=` skipped. Its value
    /// runs to the next `;`, trailing spaces and commas included; offsets count from the start of `value`.
    ///
    /// Nil when there is none, and for an empty name. Of several Cookie lines the first that answers counts.
    public static func find(_ name: Span<UInt8>, in value: Span<UInt8>) -> Slice? {
        guard name.count > 0 else { return nil }
        var index = 0
        while name.count < value.count &- index {
            if value.extracting(index ..< index &+ name.count).equalsIgnoringCase(name) {
                let equals = skipSpaces(value, from: index &+ name.count)
                if equals < value.count, value[equals] == UInt8(ascii: "=") {
                    let start = skipSpaces(value, from: equals &+ 1)
                    return Slice(start ..< (value.firstIndex(of: UInt8(ascii: ";"), from: start) ?? value.count))
                }
            }
            index = skipSpaces(value, from: value.endOfCookiePair(from: index) &+ 1)
        }
        return nil
    }

    private static func skipSpaces(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] == .space { index &+= 1 }
        return index
    }
}
