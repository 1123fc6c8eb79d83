enum ByteCompare {
    static func equal(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        var i = 0
        while i < a.count {
            if a[i] != b[i] { return false }
            i &+= 1
        }
        return true
    }

    /// Compares with an ASCII word.
    static func equal(_ bytes: Span<UInt8>, _ word: StaticString) -> Bool {
        guard bytes.count == word.utf8CodeUnitCount else { return false }
        var i = 0
        while i < bytes.count {
            // i < utf8CodeUnitCount, and a StaticString lives forever.
            let expected = unsafe word.utf8Start[i]
            if bytes[i] != expected { return false }
            i &+= 1
        }
        return true
    }
}
