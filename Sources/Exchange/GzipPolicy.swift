public import HTTP1

/// Which responses are compressed; made once by Configuration.
///
/// A class, so that a snapshot without one shows it by a single word.
public final class GzipPolicy: Sendable {
    /// zlib's: from the quickest to the smallest.
    public static let levels = 1...9
    /// What ingress-nginx compresses when told to.
    public static let standardTypes = [
        "text/html", "application/atom+xml", "application/javascript", "application/x-javascript", "application/json",
        "application/rss+xml", "application/vnd.ms-fontobject", "application/x-font-ttf",
        "application/x-web-app-manifest+json", "application/xhtml+xml", "application/xml", "font/opentype", "image/svg+xml",
        "image/x-icon", "text/css", "text/javascript", "text/plain", "text/x-component",
    ]

    /// What holds for one route.
    public struct Rule: Hashable, Sendable {
        /// One of `levels`.
        public var level: Int
        /// Bytes, at least one; a body of unknown length is always long enough.
        public var minimumLength: Int
        public var types: MediaTypes

        public init(level: Int = 1, minimumLength: Int = 256, types: MediaTypes = MediaTypes(GzipPolicy.standardTypes)) {
            precondition(GzipPolicy.levels.contains(level) && minimumLength > 0, "settings are checked where they are read")
            self.level = level
            self.minimumLength = minimumLength
            self.types = types
        }
    }

    private let rules: [Rule]
    /// By the route's index a position in `rules`; negative: its responses pass as they are.
    private let ofRoute: [Int32]
    /// Bytes that the streams of one worker may take.
    let memory: Int

    /// - Parameter routes: the rule of each route, by its index.
    public init(_ routes: [Rule?], memory: Int) {
        var rules: [Rule] = []
        var positions: [Rule: Int32] = [:]
        ofRoute = routes.map { rule in
            guard let rule else { return -1 }
            if let known = positions[rule] { return known }
            positions[rule] = Int32(rules.count)
            rules.append(rule)
            return Int32(rules.count - 1)
        }
        self.rules = rules
        self.memory = memory
    }

    /// - Parameter route: its index.
    public func rule(of route: Int) -> Rule? {
        guard route < ofRoute.count, ofRoute[route] >= 0 else { return nil }
        return rules[Int(ofRoute[route])]
    }

    /// Whether a client wants gzip.
    public static func isWanted(_ head: borrowing RequestHead, in bytes: Span<UInt8>) -> Bool {
        var codings = ContentCodings()
        for index in head.fields.indices where head.fields[index].known == .acceptEncoding { codings.add(bytes[head.fields[index].value]) }
        return codings.prefersGzip
    }
}

extension GzipPolicy.Rule: CustomStringConvertible {
    /// `gzip level 5, 18 media types, from 256 bytes on`.
    public var description: String {
        "gzip level \(level), \(types.count) media type\(types.count == 1 ? "" : "s"), from \(minimumLength) bytes on"
    }
}
