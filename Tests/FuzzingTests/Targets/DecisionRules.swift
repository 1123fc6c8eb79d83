import Addressing
import Routing

/// What the decision owes whatever a request says: a rule holds as a plain reading of it does, and asking for the reasons changes
/// nothing. Lines: the header's value, the cookie's, the query's and the client's address; a missing line is a missing value.
enum DecisionRules {
    private static let keys: [ValueKey] = [.header("region"), .cookie("uid"), .query("v")]

    private static let route: Route = {
        let words = ["cd", "sz", ""].map { Array($0.utf8) }
        let version = (try? Pattern("^2[.](a+)+$")).map { Condition.Test.pattern($0) } ?? .invalidPattern("")
        let early = ModuloRule(divisor: 100, relation: .less, remainder: 10).map { Condition.Test.modulo($0) } ?? .nothing("")
        let inside = AddressRange("10.0.0.0/8").map { Condition.Test.ranges([$0]) } ?? .nothing("")
        let canaries = [
            Canary(name: "a", backend: 1, conditions: [Condition(.header, key: 0, test: .anyOf(words))], sequence: 0),
            Canary(name: "b", backend: 1, conditions: [Condition(.cookie, key: 1, test: early)], sequence: 0),
            Canary(
                name: "c", backend: 1,
                conditions: [Condition(.query, key: 2, test: version), Condition(.source, key: -1, test: inside)],
                combination: .all, sequence: 0),
        ]
        return Route(
            index: 0, label: "main", host: "", path: "/", pathType: .prefix, stable: 0, canaries: canaries, keys: keys)
    }()

    static func problem(with input: [UInt8]) -> String? {
        let lines = input.split(separator: 10, maxSplits: 3, omittingEmptySubsequences: false).map(Array.init)
        var values = RequestValues()
        values.reset(count: keys.count)
        for (index, line) in lines.prefix(keys.count).enumerated() {
            values.begin(index)
            values.append(line.span)
        }
        values.client = lines.count > 3 ? IPAddress(String(decoding: lines[3], as: UTF8.self)) : nil
        guard case .chosen(let choice) = route.decide(values, trace: nil) else { return "there is no weight" }
        guard route.decide(values, trace: DecisionTrace()) == .chosen(choice) else { return "the trace changes the decision" }
        return expected(lines) == choice.version ? nil : "\(choice.version) by \(choice.reason)"
    }

    private static func expected(_ lines: [[UInt8]]) -> Version {
        if let header = lines.first, ["cd", "sz", ""].contains(where: { Array($0.utf8) == header }) { return .canary(0) }
        if lines.count > 1 {
            let isNumber = !lines[1].isEmpty && lines[1].allSatisfy { (0x30...0x39).contains($0) }
            // Below 10 of a hundred: the digit before the last is a zero, or there is none.
            if isNumber, lines[1].count == 1 || lines[1][lines[1].count - 2] == 0x30 { return .canary(1) }
        }
        guard lines.count > 3, let client = IPAddress(String(decoding: lines[3], as: UTF8.self)), case .v4(let address) = client.unmapped, address >> 24 == 10,
              lines[2].starts(with: "2.a".utf8)
        else { return .stable }
        // `$` also matches before a line end, which no line holds.
        return lines[2].dropFirst(2).allSatisfy { $0 == UInt8(ascii: "a") } ? .canary(2) : .stable
    }
}
