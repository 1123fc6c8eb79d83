import HTTP1

/// Whether a response says that caches may hand it to more than one client.
enum SharedCaching {
    /// Explicitly allowed by Cache-Control: `public`, `s-maxage`, or a `max-age` other than 0, and none of `private`,
    /// `no-store` and `no-cache` (RFC 9111 section 3). Caches leave a Set-Cookie without any of these alone.
    static func allows(_ head: borrowing ResponseHead, in bytes: Span<UInt8>) -> Bool {
        var allowed = false
        for index in head.fields.indices where bytes[head.fields[index].name].equalsIgnoringCase("cache-control") {
            let value = bytes[head.fields[index].value]
            var start = 0
            while start < value.count {
                let end = value.firstIndex(of: UInt8(ascii: ","), from: start) ?? value.count
                let part = value.extracting(start..<end)
                let directive = part[part.trimmedOWS]
                if directive.startsIgnoringCase("private") || directive.equalsIgnoringCase("no-store")
                    || directive.startsIgnoringCase("no-cache") { return false }
                let ages = directive.startsIgnoringCase("max-age=") && !directive.equalsIgnoringCase("max-age=0")
                if ages || directive.equalsIgnoringCase("public") || directive.startsIgnoringCase("s-maxage") { allowed = true }
                start = end &+ 1
            }
        }
        return allowed
    }
}
