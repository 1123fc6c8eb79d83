/// Header names as a canary rule compares them (R22): case does not matter and `-` equals `_`, because ingress-nginx
/// looks them up as nginx variables.
public enum HeaderName {
    /// The folded form of a name: lower case, every `-` turned into `_`.
    public static func folded(_ name: some Sequence<UInt8>) -> [UInt8] {
        name.map(fold)
    }

    /// Whether a request's field name is the one folded before.
    public static func matches(_ name: Span<UInt8>, folded: borrowing [UInt8]) -> Bool {
        guard name.count == folded.count else { return false }
        var i = 0
        while i < name.count {
            if fold(name[i]) != folded[i] { return false }
            i &+= 1
        }
        return true
    }

    @inline(always)
    static func fold(_ byte: UInt8) -> UInt8 {
        byte == UInt8(ascii: "-") ? UInt8(ascii: "_") : ASCII.lowercase(byte)
    }
}
