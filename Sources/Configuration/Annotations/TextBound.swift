/// How many bytes a text of an annotation may have that goes into heads, or is worked on for every request. Heads must stay small: one
/// that no buffer holds is an answer that nobody gets.
enum TextBound {
    /// The name of a cookie; a field or cookie with its value.
    static let name = 256
    /// Fields; what a hash is made of.
    static let list = 1024
    /// A path; a URL.
    static let path = 2048

    /// Of ingress-nginx's annotations, which knows none.
    static let ofIngressNginx = [
        "app-root": path, "auth-tls-error-page": path, "rewrite-target": path, "session-cookie-name": name, "session-cookie-path": path,
        "upstream-hash-by": list,
    ]

    /// Why the text of ingress-nginx's annotation `annotation` is too long to be used; nil if it is not.
    static func problem(of annotation: String, _ text: String) -> String? {
        guard let most = ofIngressNginx[annotation] else { return nil }
        return problem(text, most)
    }

    static func problem(_ text: String, _ most: Int) -> String? {
        text.utf8.count > most ? "is longer than \(most) bytes" : nil
    }
}
