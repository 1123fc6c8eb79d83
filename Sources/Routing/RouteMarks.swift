/// What the heads of a route's requests and responses say about the decision, ready to copy.
public final class RouteMarks: Sendable {
    /// What one version's heads say.
    public struct Lines: Sendable {
        /// Whole field lines, line ends included.
        public fileprivate(set) var request: [UInt8] = []
        public fileprivate(set) var response: [UInt8] = []
        /// `Set-Cookie` lines.
        public fileprivate(set) var cookies: [UInt8] = []
        /// The `Set-Cookie` line of a release, which may get another attribute and ends without a line end.
        public fileprivate(set) var pin: [UInt8] = []
    }

    /// Folded (R22).
    private let requestNames: [[UInt8]]
    private let responseNames: [[UInt8]]
    private let stable: Lines
    /// By canary.
    private let canaries: [Lines]

    /// Nil if no canary has marks.
    init?(_ canaries: [Canary]) {
        guard canaries.contains(where: { !$0.marks.isEmpty || $0.pin != nil }) else { return nil }
        requestNames = Self.names(canaries.compactMap(\.marks.requestHeader))
        responseNames = Self.names(canaries.compactMap(\.marks.responseHeader))
        stable = Self.lines(chosen: nil, of: canaries)
        self.canaries = canaries.indices.map { Self.lines(chosen: $0, of: canaries) }
    }

    /// Whether a request field of this name is the route's own, whatever a client says.
    public func ownsRequestField(_ name: Span<UInt8>) -> Bool { Self.holds(requestNames, name) }

    /// Whether a response field of this name is the route's own, whatever an upstream says.
    public func ownsResponseField(_ name: Span<UInt8>) -> Bool { Self.holds(responseNames, name) }

    public func lines(for version: Version) -> Lines {
        switch version {
        case .stable: stable
        case .canary(let index): canaries[index]
        }
    }

    private static func holds(_ names: [[UInt8]], _ name: Span<UInt8>) -> Bool {
        for index in names.indices where HeaderName.matches(name, folded: names[index]) { return true }
        return false
    }

    private static func names(_ marks: [DecisionMark]) -> [[UInt8]] {
        var names: [[UInt8]] = []
        for mark in marks {
            let name = HeaderName.folded(mark.name.utf8)
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    // MARK: Lines

    private static func lines(chosen: Int?, of canaries: [Canary]) -> Lines {
        var lines = Lines()
        for (mark, value) in statements(chosen, canaries.map(\.marks.requestHeader)) {
            if let value { lines.request += Array("\(mark.name): \(value)\r\n".utf8) }
        }
        for (mark, value) in statements(chosen, canaries.map(\.marks.responseHeader)) {
            if let value { lines.response += Array("\(mark.name): \(value)\r\n".utf8) }
        }
        for (mark, value) in statements(chosen, canaries.map(\.marks.responseCookie)) {
            // Without a value the cookie of an earlier decision is taken back.
            let text = value.map { "\(mark.name)=\($0); Path=/" } ?? "\(mark.name)=; Path=/; Max-Age=0"
            lines.cookies += Array("Set-Cookie: \(text); SameSite=Lax\r\n".utf8)
        }
        lines.pin = pinLine(chosen, canaries)
        return lines
    }

    private static func pinLine(_ chosen: Int?, _ canaries: [Canary]) -> [UInt8] {
        if let chosen { return canaries[chosen].pin?.line(pinningToCanary: true) ?? [] }
        return canaries.compactMap(\.pin).first?.line(pinningToCanary: false) ?? []
    }

    /// What each mark says when canary `chosen` answers, or the stable version; nil is that it is not there. A name that several
    /// canaries use is spoken of once: by the chosen one, else by the first.
    private static func statements(_ chosen: Int?, _ marks: [DecisionMark?]) -> [(mark: DecisionMark, value: String?)] {
        let own = chosen.flatMap { marks[$0] }
        var said: [(mark: DecisionMark, value: String?)] = own.map { [($0, $0.value ?? "canary")] } ?? []
        for case let mark? in marks where !said.contains(where: { isSame($0.mark, mark) }) {
            said.append((mark, chosen == nil && mark.value == nil ? "stable" : nil))
        }
        return said
    }

    private static func isSame(_ one: DecisionMark, _ other: DecisionMark) -> Bool {
        HeaderName.folded(one.name.utf8) == HeaderName.folded(other.name.utf8)
    }
}
