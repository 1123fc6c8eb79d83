/// Looking an argument up in a query the way nginx's `$arg_NAME` does.
public enum QueryString {
    /// The value of the first `name=…` among the parts between `&`: name without regard to case, value as sent, without
    /// any decoding. Nil when no part has the name and a `=`, and for an empty name; offsets count from `query`'s start.
    public static func find(_ name: Span<UInt8>, in query: Span<UInt8>) -> Slice? {
        guard name.count > 0 else { return nil }
        var start = 0
        while name.count < query.count &- start {
            let end = query.firstIndex(of: UInt8(ascii: "&"), from: start) ?? query.count
            let equals = start &+ name.count
            if equals < end, query[equals] == UInt8(ascii: "="),
               query.extracting(start ..< equals).equalsIgnoringCase(name) {
                return Slice(equals &+ 1 ..< end)
            }
            start = end &+ 1
        }
        return nil
    }
}
