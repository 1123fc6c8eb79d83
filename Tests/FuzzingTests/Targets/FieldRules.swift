import Addressing
import Exchange
import HTTP1
import Routing

/// What the header and cookie rules owe whatever the fields of a request are: they see the values that a plain reading of R22, R23,
/// R25 and R26 finds. The input is the lines of a head.
enum FieldRules {
    private static let header = "x-canary_id", cookie = "uid"

    private static let snapshot: Snapshot = {
        var routes = RouteTableBuilder()
        let canary = Canary(name: "c", backend: 1, header: HeaderRule(key: 0, match: .alwaysNever), cookie: 1, sequence: 0)
        _ = routes.add(host: "", path: "/", type: .prefix) { index in
            Route(
                index: index, label: "main", host: "", path: "/", pathType: .prefix, stable: 0, canaries: [canary],
                keys: [.header(header), .cookie(cookie)])
        }
        let endpoints = [Endpoint(address: .ipv4(0x7F00_0001, port: 80))]
        return Snapshot(
            routes: routes.build(),
            backends: [Backend(name: "old", endpoints: endpoints), Backend(name: "new", endpoints: endpoints)], sequences: ["c"])
    }()

    static func problem(with input: [UInt8]) -> String? {
        let head = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8) + input + Array("\r\n\r\n".utf8)
        var parser = RequestParser()
        guard case .complete = parser.parse(head.span) else { return nil }
        var fields: [(name: [UInt8], value: [UInt8])] = []
        for field in parser.head.fields {
            fields.append((Array(head[field.name.start..<field.name.end]), Array(head[field.value.start..<field.value.end])))
        }
        var decider = RequestDecider(seed: (1, 2))
        let rolls = RollSource(names: ["c"]) { 0 }
        guard case .forward = decider.decide(parser.head, in: head.span, client: nil, snapshot: snapshot, rolls: rolls) else {
            return "the route is there for all"
        }
        let reason = expected(fields)
        return decider.target.reason == reason ? nil : "\(decider.target.reason) in place of \(reason)"
    }

    private static func expected(_ fields: [(name: [UInt8], value: [UInt8])]) -> Reason {
        switch headerValue(fields) {
        case "always": return .header
        case "never": return .headerNever
        default: break
        }
        for field in fields where String(decoding: field.name, as: UTF8.self).lowercased() == "cookie" {
            guard let value = cookieValue(field.value) else { continue }
            return value == "always" ? .cookie : value == "never" ? .cookieNever : .noRule
        }
        return .noRule
    }

    /// The lines whose names differ by case, `-` and `_` only, joined; those with other signs do not count (R22, R23).
    private static func headerValue(_ fields: [(name: [UInt8], value: [UInt8])]) -> String? {
        let values = fields.compactMap { field -> String? in
            let name = String(decoding: field.name, as: UTF8.self)
            guard name.utf8.allSatisfy({ $0 == 0x2D || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) && $0 < 0x80 }) else { return nil }
            return name.lowercased().replacing("-", with: "_") == header.replacing("-", with: "_") ? String(decoding: field.value, as: UTF8.self) : nil
        }
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    /// A cookie begins a line, or stands behind a `;` or `,` and blanks; its value runs to the next `;` (R25, R26).
    private static func cookieValue(_ line: [UInt8]) -> String? {
        let starts = [0] + line.indices.filter { line[$0] == 0x3B || line[$0] == 0x2C }.map { $0 + 1 }
        for start in starts {
            let pair = start == 0 ? line[...] : line[start...].drop { $0 == 0x20 }
            guard String(decoding: pair.prefix(cookie.utf8.count), as: UTF8.self).lowercased() == cookie else { continue }
            let rest = pair.dropFirst(cookie.utf8.count).drop { $0 == 0x20 }
            guard rest.first == 0x3D else { continue }
            return String(decoding: rest.dropFirst().drop { $0 == 0x20 }.prefix { $0 != 0x3B }, as: UTF8.self)
        }
        return nil
    }
}
