import Addressing
import Exchange
import HTTP1
import Routing

extension Conversation {
    /// Where requests go in a conversation.
    enum Worlds {
        /// Whoever speaks of `edited.test` gets the world in which everything that heads can be made to say is said.
        static func of(_ input: [UInt8]) -> Snapshot {
            String(decoding: input, as: UTF8.self).contains("edited.test") ? edited : plain
        }

        /// `a.test/` for everyone, `canary.test/` with a canary by header, cookie and weight.
        private static let plain: Snapshot = {
            var routes = RouteTableBuilder()
            add("a.test", to: &routes)
            add("canary.test", to: &routes, [Canary(
                name: "shop/next", backend: 1, header: HeaderRule(key: 0, match: .alwaysNever), cookie: 1, weight: 50, sequence: 0)])
            return snapshot(routes, Forwarding())
        }()

        /// `edited.test/` with a canary that changes what can be changed and a session cookie with all its attributes, for a proxy that
        /// believes its client and names itself; for `a.test/`, too, answers are compressed.
        private static let edited: Snapshot = {
            func fields(_ names: [String]) -> [FieldEdits.Field] { names.map { FieldEdits.Field(name: $0, value: "serin") } }
            var edits = CanaryEdits()
            edits.request.set = fields(["User-Agent"])
            edits.request.added = fields(["X-Tag"])
            edits.request.appended = fields(["X-Hops", "x_hops", "Accept", "X-Hops"])
            edits.request.removed = ["X-Debug"]
            edits.query = "release=2"
            edits.response.set = fields(["Cache-Tag"])
            edits.response.added = fields(["X-Tag"])
            edits.response.appended = fields(["Vary", "ETag", "X-Hops", "vary"])
            edits.response.removed = ["Server"]
            var marks = DecisionMarks()
            marks.requestHeader = DecisionMark(name: "X-Release", value: "next")
            marks.responseHeader = DecisionMark(name: "X-Version")
            marks.responseCookie = DecisionMark(name: "version")
            let canary = Canary(
                name: "shop/next", backend: 1, header: HeaderRule(key: 0, match: .alwaysNever), weight: 50, hashKeys: [1],
                hashCookie: HashCookie(name: "uid", maxAge: 60, sameSite: .lax), marks: marks, edits: edits,
                rewrite: (try? Pattern("^/(.*)$")).map { Rewrite($0, target: "/v2/$1/$1") }, sequence: 0)
            var routes = RouteTableBuilder()
            add("a.test", to: &routes)
            add("edited.test", to: &routes, [canary], affinity)
            var forwarding = Forwarding()
            forwarding.trustedProxies = [AddressRange("192.0.2.0/24")].compactMap { $0 }
            forwarding.via = "serin"
            forwarding.underscoresInHeaders = true
            forwarding.http10KeepAlive = true
            let rule = GzipPolicy.Rule(minimumLength: 1, types: MediaTypes(["text/*"]))
            return snapshot(routes, forwarding, GzipPolicy(Array(repeating: rule, count: routes.nextIndex), memory: 1 << 20))
        }()

        private static var affinity: RouteAffinity {
            var cookie = SessionCookie()
            (cookie.name, cookie.path, cookie.domain) = ("sid", "/path", "edited.test")
            (cookie.expires, cookie.maxAge) = (.max, .min)
            (cookie.sameSite, cookie.isConditional, cookie.isAlwaysSecure, cookie.isPartitioned) = (HashCookie.SameSite.none, true, true, true)
            let session = SessionAffinity(
                key: 1, serviceKey: SessionKey(high: 3, low: 4), cookie: cookie, setsCookie: true, changesOnFailure: false)
            return RouteAffinity(stable: session, canaries: [session], precedence: .never, honoursForeign: true)
        }

        private static func add(
            _ host: String, to routes: inout RouteTableBuilder, _ canaries: [Canary] = [], _ affinity: RouteAffinity? = nil
        ) {
            let keys: [ValueKey] = [.header("x-canary"), .cookie(canaries.first?.hashCookie?.name ?? "canary")]
            _ = routes.add(host: host, path: "/", type: .prefix) { index in
                Route(
                    index: index, label: "shop/web", host: host, path: "/", pathType: .prefix, stable: 0, canaries: canaries,
                    keys: canaries.isEmpty ? [] : keys, affinity: affinity)
            }
        }

        private static func snapshot(_ routes: RouteTableBuilder, _ forwarding: Forwarding, _ gzip: GzipPolicy? = nil) -> Snapshot {
            var limits = Limits()
            limits.body = 1000
            let endpoint = Endpoint(address: .ipv4(0x7F00_0001, port: 9001))
            return Snapshot(
                routes: routes.build(),
                backends: [
                    Backend(name: "shop/old:80", endpoints: [endpoint, endpoint]), Backend(name: "shop/new:80", endpoints: [endpoint]),
                ],
                sequences: ["shop/next"], timeouts: Timeouts(), limits: limits, forwarding: forwarding, failover: .canaryToStable, gzip: gzip)
        }
    }
}
