import Exchange
import HTTP1
import Routing

extension Explanation {
    /// What HTTP and HTTPS make of a request before a version is chosen for it.
    struct HTTPS {
        /// The request comes by HTTPS, or it does not say how.
        let isTLS: Bool
        /// Why it is refused; nil if it is not.
        let misdirection: String?
        /// What it is answered with if it comes by HTTP and its route redirects.
        let redirect: String
        private let isExempt: Bool

        init(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ question: Question, _ snapshot: Snapshot) {
            isTLS = question.isTLS == true
            isExempt = ClientIdentity(peer: question.client, localPort: 80).cameByHTTPS(head, in: bytes, snapshot)
            let asked = Array(Self.hostName(of: question.authority).utf8)
            if isTLS, let owners = snapshot.https.owners,
               owners.identity(of: asked.span) != owners.identity(of: bytes[head.hostName]) {
                misdirection = "the connection is to \(Self.hostName(of: question.authority)), the Host has another certificate: answered 421"
            } else {
                misdirection = nil
            }
            let port = snapshot.https.redirectPort == 443 ? "" : ":\(snapshot.https.redirectPort)"
            let host = String(decoding: Self.bytes(bytes[head.hostName]), as: UTF8.self)
            redirect = "by HTTP, and the route sends to HTTPS (ssl-redirect): answered 308 to https://\(host)\(port)\(question.target)"
        }

        /// A trusted proxy may say that its client came by HTTPS.
        func redirects(_ route: Route, _ snapshot: Snapshot) -> Bool {
            !isTLS && !isExempt && snapshot.https.rule(of: route.index).contains(.redirects)
        }

        /// For a question that does not say how the request comes.
        let step = "by HTTP it is answered 308, since the route sends to HTTPS (ssl-redirect); what follows is of HTTPS"

        private static func hostName(of authority: String) -> String {
            guard !authority.hasPrefix("[") else { return String(authority.prefix { $0 != "]" }) + "]" }
            return String(authority.prefix { $0 != ":" })
        }

        private static func bytes(_ span: Span<UInt8>) -> [UInt8] {
            var bytes: [UInt8] = []
            for index in span.indices { bytes.append(span[index]) }
            return bytes
        }
    }
}
