import Exchange
import HTTP1
import Routing

extension Explanation {
    /// What HTTP and HTTPS make of a request before a version is chosen for it.
    struct HTTPS {
        /// The request comes by TLS; false also if the question does not say how.
        let isTLS: Bool
        /// Why it is refused; nil if it is not.
        let misdirection: String?
        private let isSecured: Bool
        let identity: ClientIdentity

        init(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ question: Question, _ snapshot: Snapshot) {
            isTLS = question.isTLS == true
            identity = ClientIdentity(peer: question.client, localPort: isTLS ? 443 : 80, isTLS: isTLS)
            isSecured = identity.cameByHTTPS(head, in: bytes, snapshot)
            let asked = Array(Self.hostName(of: question.authority).utf8)
            if isTLS, let owners = snapshot.https.owners,
               owners.identity(of: asked.span) != owners.identity(of: bytes[head.hostName]) {
                misdirection = "the connection is to \(Self.hostName(of: question.authority)), the Host has another certificate: answered 421"
            } else {
                misdirection = nil
            }
        }

        /// Whoever comes by TLS may be a trusted proxy which says that its client came by HTTP, and the other way round.
        func redirects(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ route: Route, _ snapshot: Snapshot) -> Bool {
            !isSecured && snapshot.https.redirects(snapshot.https.rule(of: route.index), bytes[head.hostName])
        }

        /// What a request for a route that redirects is answered with.
        func redirect(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ route: Route, _ snapshot: Snapshot) -> String {
            let location = HTTPSLocation(head, in: bytes, of: identity, by: snapshot.https.rule(of: route.index), snapshot)
            let port = location.port.map { ":\($0)" } ?? ""
            return "by HTTP, and the route sends to HTTPS (ssl-redirect): answered 308 to https://\(Self.text(bytes[location.host]))\(port)"
                + Self.text(bytes[location.rest])
        }

        /// For a question that does not say how the request comes.
        let step = "by HTTP it is answered 308, since the route sends to HTTPS (ssl-redirect); what follows is of HTTPS"

        private static func hostName(of authority: String) -> String {
            guard !authority.hasPrefix("[") else { return String(authority.prefix { $0 != "]" }) + "]" }
            return String(authority.prefix { $0 != ":" })
        }

        private static func text(_ span: Span<UInt8>) -> String {
            var bytes: [UInt8] = []
            for index in span.indices { bytes.append(span[index]) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
