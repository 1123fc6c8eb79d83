import HTTP1

/// Writes the response head that a client gets, re-serialised from what was understood of the upstream's.
struct ResponseRewrite {
    /// The client's connection ends after this response.
    var closes: Bool
    /// An HTTP/1.0 client asked to keep its connection, and may.
    var saysKeepAlive: Bool
    /// How the body leaves; nil when there is none.
    var framing: BodyLength

    /// Room that `write` may need for a head; a field may come without the space that is written after its colon.
    static func room(for head: borrowing ResponseHead) -> Int { head.length + head.fields.count + 256 }

    /// - Parameter input: the buffer whose unread bytes begin with the head.
    func write(
        _ head: borrowing ResponseHead, in input: borrowing ByteBuffer, date: borrowing HTTPDate, to output: inout ByteBuffer
    ) {
        let bytes = input.bytes
        output.appendStatusLine(head.status, reason: bytes[head.reason])
        // A response that has no body by rule (to HEAD, 304) still says how long it would be.
        let keepsLength = framing == .none && head.status != 204 && !head.isInterim
        var hasDate = false
        for index in head.fields.indices {
            let field = head.fields[index]
            if field.isNominated { continue }
            switch field.known {
            case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade, .te, .trailer, .http2Settings:
                continue
            case .contentLength where !keepsLength:
                continue
            case .date:
                hasDate = true
            default:
                break
            }
            output.appendField(bytes[field.name], bytes[field.value])
        }
        if head.isInterim {
            if head.status == 101 {
                output.append("Connection: upgrade\r\n")
                output.appendField("Upgrade", bytes[head.upgrade])
            }
        } else {
            // RFC 9110 section 6.6.1: a recipient with a clock adds the Date that is missing.
            if !hasDate { output.appendField("Date", date.bytes) }
            writeFraming(to: &output)
        }
        output.append("\r\n")
    }

    private func writeFraming(to output: inout ByteBuffer) {
        switch framing {
        case .length(let count):
            output.append("Content-Length: ")
            output.append(decimal: count)
            output.append("\r\n")
        case .chunked:
            output.append("Transfer-Encoding: chunked\r\n")
        case .none, .untilClose:
            break
        }
        if closes {
            output.append("Connection: close\r\n")
        } else if saysKeepAlive {
            output.append("Connection: keep-alive\r\n")
        }
    }
}
