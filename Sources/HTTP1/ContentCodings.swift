/// What a client says in Accept-Encoding (RFC 9110 12.5.3), as far as gzip is concerned.
public struct ContentCodings: Equatable, Sendable {
    /// In thousandths, as a weight has at most three digits; nil if it is not named.
    private var gzip: Int?
    private var identity: Int?
    /// Of `*`: whatever is not named.
    private var others: Int?

    public init() {}

    /// Takes in one field's value; several fields are one list. What is no weight counts as zero.
    public mutating func add(_ value: Span<UInt8>) {
        var start = 0
        while start < value.count {
            let end = value.firstIndex(of: UInt8(ascii: ","), from: start) ?? value.count
            add(element: value.extracting(start ..< end))
            start = end &+ 1
        }
    }

    /// Gzip is acceptable, and nothing says that the client would rather have the body as it is.
    public var prefersGzip: Bool {
        guard let weight = gzip ?? others, weight > 0 else { return false }
        return weight >= identity ?? 0
    }

    private mutating func add(element: Span<UInt8>) {
        let semicolon = element.firstIndex(of: UInt8(ascii: ";")) ?? element.count
        let coding = element[element.trimmedOWS(0 ..< semicolon)]
        guard !coding.isEmpty else { return }
        let weight = semicolon < element.count ? Self.weight(element.extracting((semicolon &+ 1)...)) : 1000
        // RFC 9110 8.4.1.3: x-gzip is the same.
        if coding.equalsIgnoringCase("gzip") || coding.equalsIgnoringCase("x-gzip") {
            gzip = max(gzip ?? 0, weight)
        } else if coding.equalsIgnoringCase("identity") {
            identity = max(identity ?? 0, weight)
        } else if coding.equals("*") {
            others = max(others ?? 0, weight)
        }
    }

    /// `q=` and a number of 0 to 1 with at most three decimals (RFC 9110 12.4.2); zero for anything else.
    private static func weight(_ parameter: Span<UInt8>) -> Int {
        let text = parameter[parameter.trimmedOWS]
        guard text.count >= 3, text.count <= 7, text[0].lowercased == UInt8(ascii: "q"), text[1] == UInt8(ascii: "=") else { return 0 }
        let whole = text[2]
        guard whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1") else { return 0 }
        var weight = whole == UInt8(ascii: "1") ? 1000 : 0
        guard text.count > 3 else { return weight }
        guard text[3] == UInt8(ascii: ".") else { return 0 }
        var place = 100
        var index = 4
        while index < text.count {
            guard text[index].isDigit else { return 0 }
            weight &+= Int(text[index] &- 0x30) &* place
            place /= 10
            index &+= 1
        }
        return weight <= 1000 ? weight : 0
    }
}
