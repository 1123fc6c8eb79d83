import Addressing
import HTTP1
import Routing

/// What a request asks of the balancer of its backend (R32).
extension RequestDecider {
    /// `target`, which has been decided on, with its placement; for backends that place their requests.
    mutating func place(
        _ target: Target, _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ client: IPAddress?, isTLS: Bool, _ snapshot: Snapshot
    ) -> Target {
        let balancing = snapshot.backends[target.backend].balancing
        var target = target
        if case .session = balancing {
            target.placement = .session(session(target, snapshot.routes.routes[target.route]))
            return target
        }
        guard let template = balancing.template else { return target }
        var hash = CRC32()
        for part in template.parts {
            switch part {
            case .text(let text): hash.update(text.span)
            case .requestURI: hash.update(bytes[head.target])
            case .path: updateWithPath(&hash, target, head, bytes, snapshot)
            case .query: hash.update(bytes[head.query])
            case .host: hash.update(folding: bytes[head.hostName])
            case .scheme: hash.update(isTLS ? "https" : "http")
            case .method: hash.update(bytes[head.methodName])
            case .clientAddress: Self.update(&hash, client)
            case .clientAddressBytes: Self.updateWithBytes(&hash, client)
            case .value(let key): updateWithValue(&hash, key, head, bytes, passesUnusual: snapshot.forwarding.underscoresInHeaders)
            }
        }
        target.placement = .hash(hash.value)
        return target
    }

    /// What the session cookie asks for (R28). Reads the values that the decision has collected.
    private func session(_ target: Target, _ route: Route) -> SessionRequest {
        guard let affinity = route.affinity, let own = affinity.affinity(of: target.version), values.isPresent(own.key)
        else { return .newcomer }
        let value = SessionValue(values.value(of: own.key))
        guard let hash = value.hash else { return .newcomer }
        if affinity.honoursForeign || value.service == own.serviceKey { return .member(hash: hash, endpoint: value.endpoint) }
        return value.service.map(affinity.names) == true ? .visitor(hash: hash) : .newcomer
    }

    private mutating func updateWithPath(
        _ hash: inout CRC32, _ target: Target, _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ snapshot: Snapshot
    ) {
        if target.isRewritten { return hash.update(rewritten.span) }
        let path = head.form == .asterisk ? bytes.extracting(first: 0) : bytes[head.path]
        switch normalizer.normalize(path, strict: snapshot.forwarding.strictPaths) {
        case .asIs, .rejected: hash.update(path)
        case .rewritten: hash.update(normalizer.normalized)
        }
    }

    private static func update(_ hash: inout CRC32, _ client: IPAddress?) {
        // What nginx says of a peer on a unix socket.
        guard let client else { return hash.update("unix:") }
        var text = InlineArray<48, UInt8>(repeating: 0)
        var space = text.mutableSpan
        let count = client.write(into: &space)
        hash.update(text.span.extracting(first: count))
    }

    private static func updateWithBytes(_ hash: inout CRC32, _ client: IPAddress?) {
        func update(_ number: UInt64, bytes: Int) {
            for index in 0..<bytes { hash.update(UInt8(truncatingIfNeeded: number >> UInt64(8 * (bytes - 1 - index)))) }
        }
        switch client {
        case .v4(let address): update(UInt64(address), bytes: 4)
        case .v6(let high, let low):
            update(high, bytes: 8)
            update(low, bytes: 8)
        case nil: hash.update("unix:")
        }
    }

    /// As `collectValues` finds values, without keeping them.
    private func updateWithValue(
        _ hash: inout CRC32, _ key: ValueKey, _ head: borrowing RequestHead, _ bytes: Span<UInt8>, passesUnusual: Bool
    ) {
        switch key.kind {
        case .header:
            var isFirst = true
            for index in head.fields.indices {
                let line = head.fields[index]
                guard passesUnusual || !line.isUnusual, key.matches(bytes[line.name]) else { continue }
                if !isFirst { hash.update(line.known == .cookie ? "; " : ", ") }
                isFirst = false
                hash.update(bytes[line.value])
            }
        case .cookie:
            if let found = Self.cookie(key, head, bytes) { hash.update(found) }
        case .query:
            let query = bytes[head.query]
            if let found = QueryString.find(key.name.span, in: query) { hash.update(query[found]) }
        case .clientAddress:
            break
        }
    }
}
