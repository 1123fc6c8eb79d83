/// Browsers that take `SameSite=None` for something else or refuse such a cookie, as ingress-nginx knows them
/// (`session-cookie-conditional-samesite-none`).
enum SameSiteNone {
    /// - Parameter agent: the request's User-Agent; empty if there is none.
    static func isUnderstood(by agent: Span<UInt8>) -> Bool {
        let isOldChrome = contains(agent, "Chrome/4") || contains(agent, "Chrome/5") || contains(agent, "Chrome/6")
        let isOldPhone = contains(agent, "CPU iPhone OS 12") || contains(agent, "iPad; CPU OS 12")
        let isOldSafari = contains(agent, "Macintosh") && contains(agent, "Intel Mac OS X 10_14") && contains(agent, "Safari")
            && !contains(agent, "Chrome")
        return !isOldChrome && !isOldPhone && !isOldSafari
    }

    private static func contains(_ bytes: Span<UInt8>, _ part: StaticString) -> Bool {
        let count = part.utf8CodeUnitCount
        guard count <= bytes.count else { return false }
        for start in 0...(bytes.count - count) {
            var length = 0
            // length < utf8CodeUnitCount, and a StaticString lives forever.
            while length < count, unsafe bytes[start + length] == part.utf8Start[length] { length += 1 }
            if length == count { return true }
        }
        return false
    }
}
