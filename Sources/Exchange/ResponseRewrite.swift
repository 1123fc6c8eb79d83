import HTTP1

/// Writes the response head that a client gets, re-serialised from what was understood of the upstream's.
struct ResponseRewrite: ~Copyable {
    /// The client's connection ends after this response.
    var closes: Bool
    /// An HTTP/1.0 client asked to keep its connection, and may.
    var saysKeepAlive: Bool
    /// How the body leaves; nil when there is none.
    var framing: BodyLength
    /// What it tells about the decision; nil for most routes.
    var marks: ResponseMarks?
    /// Replaces what the upstream says of it; empty: that passes.
    var strictTransport: [UInt8] = []
    /// Whether the body is compressed, and what caches are to know of it.
    var coding = ResponseCoding.asIs

    /// Room that `write` may need for a head; a field may come without the space that is written after its colon.
    static func room(for head: borrowing ResponseHead) -> Int { head.length + head.fields.count + 256 }

    /// Beside that.
    var extraRoom: Int { (marks?.room ?? 0) + (strictTransport.isEmpty ? 0 : strictTransport.count + 32) + coding.room }

    /// - Parameter input: the buffer whose unread bytes begin with the head.
    func write(
        _ head: borrowing ResponseHead, in input: borrowing ByteBuffer, date: borrowing HTTPDate, to output: inout ByteBuffer
    ) {
        let bytes = input.bytes
        output.appendStatusLine(head.status, reason: bytes[head.reason])
        // A response that has no body by rule (to HEAD, 304) still says how long it would be.
        let keepsLength = framing == .none && head.status != 204 && !head.isInterim && coding != .gzip
        let passesLength = keepsLength || passesLength(head, bytes)
        var hasDate = false, hasDemand = false
        var run = FieldRun()
        for index in head.fields.indices {
            let field = head.fields[index]
            // A 426 must say to what the client is to upgrade (RFC 9110 section 15.5.22).
            let isDemand = field.known == .upgrade && head.status == 426
            if field.isNominated, !isDemand { continue }
            // How a message is framed is nobody else's to say.
            if let marks, !head.isInterim, field.known != .contentLength, marks.replaces(bytes[field.name]) { continue }
            if coding != .asIs, coding.replaces(field, bytes) { continue }
            switch field.known {
            case .upgrade where isDemand:
                hasDemand = true
            case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade, .te, .trailer, .http2Settings:
                continue
            case .contentLength where !passesLength:
                continue
            case .date:
                hasDate = true
            case .other where !strictTransport.isEmpty && bytes[field.name].equalsIgnoringCase(Self.strictTransportName):
                continue
            default:
                break
            }
            run.add(field, in: bytes, to: &output)
        }
        run.flush(bytes, to: &output)
        if head.isInterim {
            if head.status == 101 {
                output.append("Connection: upgrade\r\n")
                output.appendField("Upgrade", bytes[head.upgrade])
                marks?.writeSession(to: &output)
            }
        } else {
            // RFC 9110 section 6.6.1: a recipient with a clock adds the Date that is missing.
            marks?.write(head, in: bytes, to: &output)
            if !strictTransport.isEmpty { output.appendField(Self.strictTransportName, strictTransport.span) }
            if coding != .asIs { coding.writeFields(head, in: bytes, marks, to: &output) }
            if !hasDate { output.appendField("Date", date.bytes) }
            writeFraming(passesLength: passesLength, to: &output)
            if hasDemand { output.append("Connection: upgrade\r\n") }
        }
        output.append("\r\n")
    }

    private static let strictTransportName: StaticString = "Strict-Transport-Security"

    /// The upstream's own Content-Length says what ours would, to the letter: no zeros in front.
    private func passesLength(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>) -> Bool {
        guard case .length = framing else { return false }
        for index in head.fields.indices where head.fields[index].known == .contentLength {
            let value = bytes[head.fields[index].value]
            return !head.fields[index].isNominated && (value.count == 1 || value[0] != UInt8(ascii: "0"))
        }
        return false
    }

    private func writeFraming(passesLength: Bool, to output: inout ByteBuffer) {
        if !passesLength { output.appendFraming(framing) }
        if closes {
            output.append("Connection: close\r\n")
        } else if saysKeepAlive {
            output.append("Connection: keep-alive\r\n")
        }
    }
}
