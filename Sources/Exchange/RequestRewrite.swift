import Addressing
import HTTP1
import Routing

/// Writes the request head that an upstream gets: always from what was understood, never the bytes as they came
/// (http-edge duty 10), with our own fields last so that nothing the client names can strip them (duty 25).
struct RequestRewrite: ~Copyable {
    let client: ClientIdentity
    /// As `ClientIdentity.clientAddress` found it.
    let clientAddress: IPAddress?
    let isTrusted: Bool
    /// The path is that of `RequestDecider.writePath`.
    let isPathRewritten: Bool
    let requestID: (UInt64, UInt64)
    /// How the decision shows; nil if it does not.
    let marks: VersionMarks?
    /// What is said of the client's certificate; nil if the route does not look at it.
    let certificate: CertificateFields?
    /// Its body is there already, and nobody waits for a 100.
    let isCopy: Bool

    /// Room that `write` may need for a head, without the marks.
    static func room(for head: borrowing RequestHead) -> Int { 2 * head.length + 1024 }

    /// - Parameter input: the buffer at whose front the head lies.
    func write(
        _ head: borrowing RequestHead, in input: borrowing ByteBuffer, to output: inout ByteBuffer,
        _ snapshot: Snapshot, _ context: ExchangeContext
    ) {
        let bytes = input.bytesFromFront
        writeRequestLine(head, in: bytes, to: &output, context)
        output.append(bytes[head.authority])
        output.append("\r\n")
        var given = Given()
        var run = FieldRun()
        for index in head.fields.indices {
            let field = head.fields[index]
            if passes(field, head, bytes, snapshot) {
                run.add(field, in: bytes, to: &output)
            } else if isTrusted {
                given.note(field, at: index)
            }
        }
        run.flush(bytes, to: &output)
        if head.method == .options { writeMaxForwards(head, in: bytes, to: &output) }
        writeFraming(head, in: bytes, to: &output)
        if isTrusted {
            writeTrusted(head, given, in: bytes, snapshot, to: &output)
        } else {
            writeUntrusted(head, in: bytes, to: &output)
            context.forwardedLines.append(to: &output)
        }
        if let certificate { certificate.write(to: &output) }
        if let marks { write(marks, head, in: bytes, snapshot, to: &output) }
        if let via = snapshot.forwarding.via { writeVia(via, head, to: &output) }
        output.append("\r\n")
    }

    private func writeRequestLine(
        _ head: borrowing RequestHead, in bytes: Span<UInt8>, to output: inout ByteBuffer, _ context: ExchangeContext
    ) {
        output.append(bytes[head.methodName])
        output.append(" ")
        if isPathRewritten {
            context.decider.writePath(to: &output)
            writeQuery(head, in: bytes, to: &output)
            output.append(" HTTP/1.1\r\nHost: ")
            return
        }
        switch head.form {
        case .origin where marks?.query.isEmpty == false:
            output.append(bytes[head.path])
            writeQuery(head, in: bytes, to: &output)
        case .origin, .asterisk, .authority:
            output.append(bytes[head.target])
        case .absolute where head.isServerWide:
            output.append("*")
        case .absolute:
            // RFC 9112 section 3.2.2: an origin gets the origin-form.
            if head.path.isEmpty { output.append("/") } else { output.append(bytes[head.path]) }
            writeQuery(head, in: bytes, to: &output)
        }
        output.append(" HTTP/1.1\r\nHost: ")
    }

    @inline(never)
    private func writeQuery(_ head: borrowing RequestHead, in bytes: Span<UInt8>, to output: inout ByteBuffer) {
        if head.hasQuery {
            output.append("?")
            output.append(bytes[head.query])
        }
        guard let marks, !marks.query.isEmpty else { return }
        output.append(!head.hasQuery ? "?" : head.query.isEmpty ? "" : "&")
        output.append(marks.query)
    }

    /// What the version's heads say and change.
    @inline(never)
    private func write(
        _ marks: VersionMarks, _ head: borrowing RequestHead, in bytes: Span<UInt8>, _ snapshot: Snapshot, to output: inout ByteBuffer
    ) {
        output.append(marks.request)
        for index in marks.requestJoins.indices {
            let join = marks.requestJoins[index]
            output.append(join.start)
            for field in head.fields.indices {
                let line = head.fields[field]
                let passes = !line.isNominated && (!line.isUnusual || snapshot.forwarding.underscoresInHeaders)
                guard passes, join.joins(bytes[line.name]) else { continue }
                output.append(bytes[line.value])
                output.append(", ")
            }
            output.append(join.end)
        }
    }

    /// Whether a field goes on as it came. Hop-by-hop fields do not (RFC 9110 section 7.6.1), nor do those that are written anew.
    private func passes(
        _ field: HeaderField, _ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ snapshot: Snapshot
    ) -> Bool {
        if field.isNominated { return false }
        // What says which version was chosen is not for clients to say.
        if let marks, marks.ownsRequestField(bytes[field.name]) { return false }
        switch field.known {
        case _ where Self.isWrittenAnew(field.known):
            return false
        case .expect:
            return head.expectsContinue && !isCopy
        case .maxForwards:
            return MaxForwards.remaining(for: head, in: bytes) == nil
        case .forwarded:
            // The standard's form of X-Forwarded-*: believed from the same peers.
            return isTrusted
        case .other:
            // Nobody else's word on certificates passes, not even where none is asked for: the upstream may be the same.
            if snapshot.looksAtClients, ClientCertificate.owns(bytes[field.name]) { return false }
            if field.isUnusual { return snapshot.forwarding.underscoresInHeaders && !Self.resemblesOurs(bytes[field.name]) }
            // "Proxy" becomes HTTP_PROXY in a CGI program (httpoxy); ingress-nginx drops it too.
            return field.name.count != 5 || !bytes[field.name].equalsIgnoringCase("proxy")
        default:
            return true
        }
    }

    /// Whether only this proxy says it, or says it of its own connection.
    private static func isWrittenAnew(_ field: KnownHeader) -> Bool {
        switch field {
        case .host, .connection, .contentLength, .transferEncoding, .upgrade, .te, .trailer, .keepAlive, .proxyConnection,
             .http2Settings, .xForwardedFor, .xForwardedHost, .xForwardedPort, .xForwardedProto, .xForwardedScheme,
             .xScheme, .xRealIP, .xRequestID:
            true
        default:
            false
        }
    }

    /// Whether programs that know fields as variables, where `X_Real_IP` and `X-Real-IP` are one (CGI, WSGI), would take a field for
    /// one that only this proxy writes (http-edge duty 25).
    @inline(never)
    private static func resemblesOurs(_ name: Span<UInt8>) -> Bool {
        var folded = InlineArray<32, UInt8>(repeating: UInt8(ascii: "-"))
        guard name.count <= folded.count else { return false }
        for index in name.indices where name[index].isAlphanumeric { folded[index] = name[index] }
        let plain = folded.span.extracting(first: name.count)
        return isWrittenAnew(KnownHeader(name: plain)) || ClientCertificate.owns(plain)
    }

    @inline(never)
    private func writeMaxForwards(_ head: borrowing RequestHead, in bytes: Span<UInt8>, to output: inout ByteBuffer) {
        guard let remaining = MaxForwards.remaining(for: head, in: bytes), remaining > 0 else { return }
        output.append("Max-Forwards: ")
        output.append(decimal: remaining - 1)
        output.append("\r\n")
    }

    private func writeFraming(_ head: borrowing RequestHead, in bytes: Span<UInt8>, to output: inout ByteBuffer) {
        output.appendFraming(head.framing)
        if Self.passesUpgrade(head, in: bytes) {
            output.append("Connection: upgrade\r\n")
            output.appendField("Upgrade", bytes[head.upgrade])
        }
    }

    /// Whether the upstream is asked to change to the protocol that the client names. Not to one of a list, which may always be
    /// ignored (RFC 9110 section 7.8), and never to HTTP of any version or TLS, behind which requests would pass unseen (http-edge
    /// duty 29). Of WebSocket and all others (kubectl's SPDY) the tunnel carries what is nobody's request.
    static func passesUpgrade(_ head: borrowing RequestHead, in bytes: Span<UInt8>) -> Bool {
        guard !head.upgrade.isEmpty else { return false }
        let value = bytes[head.upgrade]
        // A name, and behind a slash a version.
        var end = 0
        while end < value.count, value[end].isToken { end += 1 }
        var rest = end < value.count && value[end] == UInt8(ascii: "/") ? end + 1 : end
        while rest < value.count, value[rest].isToken { rest += 1 }
        guard end > 0, rest == value.count else { return false }
        let name = value.extracting(0..<end)
        // Of HTTP/2 the drafts, too, as `h2c-16`.
        let isSecondHTTP = name.count >= 2 && name.extracting(first: 2).equalsIgnoringCase("h2")
        return !(isSecondHTTP || name.equalsIgnoringCase("HTTP") || name.equalsIgnoringCase("TLS"))
    }

    // MARK: X-Forwarded-*

    /// Where a trusted peer's own statements stand in the head; -1 for those it did not make.
    private struct Given {
        var host = -1, port = -1, requestID = -1

        @inline(never)
        mutating func note(_ field: HeaderField, at index: Int) {
            switch field.known {
            case .xForwardedHost: host = index
            case .xRequestID: requestID = index
            case .xForwardedPort where (1...ClientIdentity.longestStatement).contains(field.value.count): port = index
            default: break
            }
        }
    }

    /// What a client that is not believed says of itself is replaced: it is the peer, and the listener is as it is.
    private func writeUntrusted(_ head: borrowing RequestHead, in bytes: Span<UInt8>, to output: inout ByteBuffer) {
        output.append("X-Request-ID: ")
        output.append(hexDigitsOf: requestID.0)
        output.append(hexDigitsOf: requestID.1)
        output.append("\r\nX-Real-IP: ")
        let start = output.count
        write(client.peer, to: &output)
        let length = output.count - start
        output.append("\r\nX-Forwarded-For: ")
        output.appendCopy(of: length, at: start)
        output.append("\r\nX-Forwarded-Host: ")
        output.append(bytes[head.authority])
        output.append("\r\n")
    }

    @inline(never)
    private func writeTrusted(
        _ head: borrowing RequestHead, _ given: Given, in bytes: Span<UInt8>, _ snapshot: Snapshot, to output: inout ByteBuffer
    ) {
        writeRequestID(head, given.requestID, in: bytes, to: &output)
        output.append("X-Real-IP: ")
        write(clientAddress, to: &output)
        output.append("\r\nX-Forwarded-For: ")
        for index in head.fields.indices where head.fields[index].known == .xForwardedFor {
            output.append(bytes[head.fields[index].value])
            output.append(", ")
        }
        write(client.peer, to: &output)
        output.append("\r\n")
        if given.host >= 0 {
            output.appendField("X-Forwarded-Host", bytes[head.fields[given.host].value])
        } else {
            output.appendField("X-Forwarded-Host", bytes[head.authority])
        }
        if given.port >= 0 {
            output.appendField("X-Forwarded-Port", bytes[head.fields[given.port].value])
        } else {
            output.appendField("X-Forwarded-Port", decimal: Int(client.port(snapshot)))
        }
        let stated = ClientIdentity.statedScheme(head, in: bytes)
        write(stated, as: "X-Forwarded-Proto", in: bytes, to: &output)
        write(stated, as: "X-Forwarded-Scheme", in: bytes, to: &output)
        write(stated, as: "X-Scheme", in: bytes, to: &output)
    }

    private func write(
        _ stated: ClientIdentity.StatedScheme, as name: StaticString, in bytes: Span<UInt8>, to output: inout ByteBuffer
    ) {
        switch stated {
        case .nothing: output.appendField(name, client.isSecured ? "https" : "http")
        case .scheme(let scheme): output.appendField(name, bytes[scheme])
        case .contradiction: output.appendField(name, "http")
        }
    }

    @inline(never)
    private func writeVia(_ via: String, _ head: borrowing RequestHead, to output: inout ByteBuffer) {
        output.append(head.minorVersion == 0 ? "Via: 1.0 " : "Via: 1.1 ")
        output.append(via.utf8.span)
        output.append("\r\n")
    }

    private func write(_ address: IPAddress?, to output: inout ByteBuffer) {
        guard let address else {
            // What nginx says of a peer on a unix socket.
            output.append("unix:")
            return
        }
        var space = output.freeSpace
        let count = address.write(into: &space)
        output.commit(count)
    }

    private func writeRequestID(
        _ head: borrowing RequestHead, _ given: Int, in bytes: Span<UInt8>, to output: inout ByteBuffer
    ) {
        if given >= 0, Self.isRequestID(bytes[head.fields[given].value]) {
            output.appendField("X-Request-ID", bytes[head.fields[given].value])
            return
        }
        output.append("X-Request-ID: ")
        output.append(hexDigitsOf: requestID.0)
        output.append(hexDigitsOf: requestID.1)
        output.append("\r\n")
    }

    /// What a trusted client's request id may look like: 1 to 128 of `A-Za-z0-9._~:+/=-`.
    static func isRequestID(_ value: Span<UInt8>) -> Bool {
        guard (1...128).contains(value.count) else { return false }
        for index in value.indices {
            switch value[index] {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                 UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),
                 UInt8(ascii: ":"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "-"):
                continue
            default:
                return false
            }
        }
        return true
    }
}
