import Addressing
import Routing

func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }

func text(_ bytes: Span<UInt8>) -> String {
    var copy: [UInt8] = []
    for index in bytes.indices { copy.append(bytes[index]) }
    return String(decoding: copy, as: UTF8.self)
}

extension Route {
    /// A route on `/` of the default host, to Service 0.
    static func with(_ canaries: [Canary], keys: [ValueKey]) -> Route {
        Route(index: 0, label: "shop/web", host: "", path: "/", pathType: .prefix, stable: 0, canaries: canaries, keys: keys)
    }

    /// The decision for a request that says `said`, as a worker makes it.
    func choose(_ said: [ValueKey: String], _ rolls: RollSource, trace: DecisionTrace? = nil, client: IPAddress? = nil) -> Choice {
        var values = RequestValues(self, said)
        values.client = client
        switch decide(values, trace: trace) {
        case .chosen(let choice): return choice
        case .weigh(let draw): return weigh(draw, roll: roll(for: draw, values, rolls), trace: trace)
        }
    }
}

extension RequestValues {
    init(_ route: Route, _ said: [ValueKey: String]) {
        self.init()
        reset(count: route.keys.count)
        for (index, key) in route.keys.enumerated() {
            guard let value = said[key] else { continue }
            begin(index)
            append(utf8(value).span)
        }
    }
}
