import HTTP1
import Routing

/// The session cookie that a response gives its client (R28).
struct SessionMark {
    let affinity: SessionAffinity
    /// What names the endpoint.
    let key: SessionKey
    /// The client's browser would misread SameSite=None.
    let omitsSameSiteNone: Bool
    /// For Expires, Unix time.
    let now: Int
    /// Also on a response that caches may share.
    let isAlwaysSet: Bool

    /// Room that `write` may need.
    var room: Int {
        let cookie = affinity.cookie
        return cookie.name.utf8.count + cookie.path.utf8.count + (cookie.domain?.utf8.count ?? 0) + 288
    }

    /// The attributes in the order of ingress-nginx.
    func write(isTLS: Bool, to output: inout ByteBuffer) {
        let cookie = affinity.cookie
        output.append("Set-Cookie: ")
        output.append(cookie.name.utf8.span)
        output.append("=")
        output.append(hexDigitsOf: key.high)
        output.append(hexDigitsOf: key.low)
        output.append("|")
        output.append(hexDigitsOf: affinity.serviceKey.high)
        output.append(hexDigitsOf: affinity.serviceKey.low)
        if let expires = cookie.expires {
            let (moment, overflow) = now.addingReportingOverflow(expires)
            output.append("; Expires=")
            output.append(HTTPDate(secondsSinceEpoch: overflow ? .max : moment).bytes)
        }
        if let maxAge = cookie.maxAge {
            output.append(maxAge < 0 ? "; Max-Age=-" : "; Max-Age=")
            output.append(decimal: Int(clamping: maxAge.magnitude))
        }
        if let domain = cookie.domain {
            output.append("; Domain=")
            output.append(domain.utf8.span)
        }
        output.append("; Path=")
        output.append(cookie.path.utf8.span)
        if isTLS || cookie.isAlwaysSecure { output.append("; Secure") }
        output.append("; HttpOnly")
        switch cookie.sameSite {
        case .strict: output.append("; SameSite=Strict")
        case .lax: output.append("; SameSite=Lax")
        case .none? where !omitsSameSiteNone: output.append("; SameSite=None")
        case .none?, nil: break
        }
        if cookie.isPartitioned { output.append("; Partitioned") }
        output.append("\r\n")
    }
}
