/// What the heads of one version say, ready to copy.
public final class VersionMarks: Sendable {
    /// Whole field lines, line ends included.
    public let request: [UInt8]
    public let response: [UInt8]
    /// `Set-Cookie` lines.
    public let cookies: [UInt8]
    /// The `Set-Cookie` line of a release, which may get another attribute and ends without a line end.
    public let pin: [UInt8]
    /// What the query gets behind its own; empty for nothing.
    public let query: [UInt8]
    /// Fields that are joined with what is there.
    public let requestJoins: [FieldJoin]
    public let responseJoins: [FieldJoin]

    /// Folded (R22).
    private let requestNames: [[UInt8]]
    private let responseNames: [[UInt8]]

    /// - Parameters:
    ///   - chosen: the canary that answers; nil is the stable version.
    ///   - isCopy: it is only shown the request.
    init(chosen: Int?, of canaries: [Canary], isCopy: Bool = false) {
        let edits = chosen.map { canaries[$0].edits } ?? CanaryEdits()
        let shadow = Mirror.field
        request = Self.lines(chosen, canaries.map(\.marks.requestHeader)) + edits.request.lines
            + (isCopy ? Array("\(shadow.name): \(shadow.value)\r\n".utf8) : [])
        response = Self.lines(chosen, canaries.map(\.marks.responseHeader)) + edits.response.lines
        cookies = Self.cookieLines(chosen, canaries)
        pin = Self.pinLine(chosen, canaries)
        query = Array(edits.query.utf8)
        requestJoins = FieldJoin.joins(of: edits.request.appended)
        responseJoins = FieldJoin.joins(of: edits.response.appended)
        requestNames = Self.folded(
            canaries.compactMap(\.marks.requestHeader?.name) + edits.request.ownedNames
                + (canaries.contains { $0.mirror != nil } ? [shadow.name] : []))
        responseNames = Self.folded(canaries.compactMap(\.marks.responseHeader?.name) + edits.response.ownedNames)
    }

    /// Bytes that a request may grow by. What a client says of a joined field stands in place of its own lines, which are longer.
    public var requestRoom: Int { request.count + query.count + 1 + requestJoins.reduce(0) { $0 + $1.count } }

    /// Bytes that a response may grow by, its cookies aside.
    public var responseRoom: Int { response.count + responseJoins.reduce(0) { $0 + $1.count } }

    /// Whether no request field of this name passes as it came, whatever a client says.
    public func ownsRequestField(_ name: Span<UInt8>) -> Bool { Self.holds(requestNames, name) }

    /// Whether no response field of this name passes as it came, whatever an upstream says.
    public func ownsResponseField(_ name: Span<UInt8>) -> Bool { Self.holds(responseNames, name) }

    private static func holds(_ names: [[UInt8]], _ name: Span<UInt8>) -> Bool {
        for index in names.indices where HeaderName.matches(name, folded: names[index]) { return true }
        return false
    }

    private static func folded(_ names: [String]) -> [[UInt8]] {
        var folded: [[UInt8]] = []
        for name in names.map({ HeaderName.folded($0.utf8) }) where !folded.contains(name) { folded.append(name) }
        return folded
    }

    // MARK: Lines

    private static func lines(_ chosen: Int?, _ marks: [DecisionMark?]) -> [UInt8] {
        let texts = statements(chosen, marks).compactMap { mark, value in value.map { "\(mark.name): \($0)\r\n" } }
        return Array(texts.joined().utf8)
    }

    private static func cookieLines(_ chosen: Int?, _ canaries: [Canary]) -> [UInt8] {
        var lines: [UInt8] = []
        for (mark, value) in statements(chosen, canaries.map(\.marks.responseCookie)) {
            // Without a value the cookie of an earlier decision is taken back.
            let text = value.map { "\(mark.name)=\($0); Path=/" } ?? "\(mark.name)=; Path=/; Max-Age=0"
            lines += Array("Set-Cookie: \(text); SameSite=Lax\r\n".utf8)
        }
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
