/// The other version of a route, and the rules by which a request gets it.
public struct Canary: Sendable {
    /// `namespace/ingress` of the canary Ingress; also the salt of its hash unless there is a seed.
    public let name: String
    /// Index into the snapshot's backends.
    public let backend: Int
    public let header: HeaderRule?
    /// Index into the route's keys of the cookie that says `always` or `never`.
    public let cookie: Int?
    /// In the order of their families.
    public let conditions: [Condition]
    public let combination: Combination
    /// Keeps clients that the weight has sent somewhere where they are.
    public let pin: VersionPin?
    /// The canary answers for a stable version without endpoints and the other way round, whatever `canary.failover` says.
    public let coversStable: Bool
    /// As written: zero or less is never, the total or more always.
    public let weight: Int
    /// At least 1.
    public let total: Int
    /// Indices into the route's keys of what sticks a client to a version, all of them together; none splits by request.
    public let hashKeys: [Int]
    /// The salt of the hash in place of the name: another seed, other clients first. Canaries with the same seed and keys
    /// share their first clients.
    public let hashSeed: String?
    /// How the first hash key, a cookie, is given to a client that lacks it.
    public let hashCookie: HashCookie?
    /// How the decision shows.
    public let marks: DecisionMarks
    /// What it changes of its requests and responses.
    public let edits: CanaryEdits
    /// What its upstreams are asked for instead of what the route says.
    public let rewrite: Rewrite?
    /// The stable version answers what it fails at; nil lets clients see it.
    public let shield: Shield?
    /// Of which of the stable version's requests it gets copies; nil is none.
    public let mirror: Mirror?
    /// The sequence of `RollSource` to draw from, shared by the paths of a canary Ingress that are split alike.
    public let sequence: Int

    /// The hash after the salt and a NUL.
    let preparedHash: SipHash24

    /// A total below 1 counts as 100, the default of `canary-weight-total`.
    public init(
        name: String, backend: Int, header: HeaderRule? = nil, cookie: Int? = nil,
        conditions: [Condition] = [], combination: Combination = .any,
        pin: VersionPin? = nil, coversStable: Bool = false,
        weight: Int = 0, total: Int = 100, hashKeys: [Int] = [], hashSeed: String? = nil,
        hashCookie: HashCookie? = nil, marks: DecisionMarks = DecisionMarks(), edits: CanaryEdits = CanaryEdits(),
        rewrite: Rewrite? = nil, shield: Shield? = nil, mirror: Mirror? = nil, sequence: Int
    ) {
        self.name = name
        self.backend = backend
        self.header = header
        self.cookie = cookie
        self.conditions = conditions.sorted { $0.family < $1.family }
        self.combination = conditions.isEmpty ? .any : combination
        self.pin = pin
        self.coversStable = coversStable
        self.weight = weight
        self.total = total < 1 ? 100 : total
        self.hashKeys = hashKeys
        self.hashSeed = hashSeed
        self.hashCookie = hashCookie
        self.marks = marks
        self.edits = edits
        self.rewrite = rewrite
        self.shield = shield
        self.mirror = mirror
        self.sequence = sequence
        preparedHash = WeightedHash.prepared(salt: Array((hashSeed ?? name).utf8).span)
    }

    /// The weight within `0...total`.
    var share: Int { combination == .all ? 0 : min(max(weight, 0), total) }
}

extension Canary {
    /// The rules in the order they are tried, in words, conditions that must hold together in one, and how the decision shows:
    /// `header foo = bar`, `header region ~ cd|sz`, `cookie foo`, `weight 50/100 by request`, `sets request header x-release`.
    /// `keys` are those of the route, `weight` says what share it has. Empty if the canary gets no traffic (R27), not even copies.
    func ruleTexts(keys: [ValueKey], weight share: String) -> [String] {
        func text(_ index: Int) -> String {
            keys.indices.contains(index) ? keys[index].description : "key \(index)"
        }
        var rules: [String] = []
        if let header {
            switch header.match {
            case .alwaysNever: rules.append(text(header.key))
            case .value(let value): rules.append(text(header.key) + " = " + String(decoding: value, as: UTF8.self))
            case .pattern(let pattern): rules.append(text(header.key) + " ~ " + pattern.text)
            case .invalidPattern(let pattern): rules.append(text(header.key) + " ~ " + pattern + " (invalid)")
            }
        }
        if let pin { rules.insert("release cookie \(pin.cookie)", at: 0) }
        let asked = conditions.map { $0.text(keys: keys) }
        if combination == .any {
            let ofHeaders = conditions.count { $0.family == .header }
            rules += asked.prefix(ofHeaders) + (cookie.map { [text($0)] } ?? []) + asked.dropFirst(ofHeaders)
        } else {
            rules.append(asked.joined(separator: " and "))
        }
        if weight > 0, combination != .all { rules.append(share) }
        if let mirror { rules.append(mirror.text) }
        return rules.isEmpty ? [] : rules + markTexts + editTexts
    }

    /// How the decision shows: `request header x-release = canary`.
    private var markTexts: [String] {
        let all = [
            ("request header", marks.requestHeader), ("response header", marks.responseHeader),
            ("response cookie", marks.responseCookie),
        ]
        return all.compactMap { place, mark in
            mark.map { "sets \(place) \($0.name)" + ($0.value.map { " = \($0)" } ?? "") }
        }
    }

    private var editTexts: [String] {
        edits.request.texts("request header") + (edits.query.isEmpty ? [] : ["adds query \(edits.query)"])
            + edits.response.texts("response header") + (rewrite.map { ["asks for \($0.target)"] } ?? [])
            + (shield.map { ["shielded from failures and \($0.statuses.map(String.init).joined(separator: ", "))"] } ?? [])
    }
}
