import HTTP1

/// Copies the fields that pass from one head to another.
///
/// A field is written as `name: value` and a line end. Where that is just how it came, and the next one, too, the whole run is
/// copied at once: the bytes are the same, only cheaper.
struct FieldRun {
    private var start = 0
    private var end = 0

    @inline(__always)
    mutating func add(_ field: HeaderField, in bytes: Span<UInt8>, to output: inout ByteBuffer) {
        // One byte beside the colon, and that a blank; behind the value before it just CRLF: the run goes on.
        if field.name.start == end + 2, end > 0, Self.isCanonical(field, bytes) {
            end = field.value.end
        } else {
            begin(with: field, bytes, &output)
        }
    }

    @inline(__always)
    private static func isCanonical(_ field: HeaderField, _ bytes: Span<UInt8>) -> Bool {
        field.value.start == field.name.end + 2 && bytes[field.name.end + 1] == UInt8(ascii: " ")
    }

    @inline(__always)
    private mutating func begin(with field: HeaderField, _ bytes: Span<UInt8>, _ output: inout ByteBuffer) {
        flush(bytes, to: &output)
        guard Self.isCanonical(field, bytes) else { return output.appendField(bytes[field.name], bytes[field.value]) }
        start = field.name.start
        end = field.value.end
    }

    @inline(__always)
    mutating func flush(_ bytes: Span<UInt8>, to output: inout ByteBuffer) {
        guard end > 0 else { return }
        if end + 1 < bytes.count, bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") {
            output.append(bytes.extracting(start..<end + 2))
        } else {
            output.append(bytes.extracting(start..<end))
            output.append("\r\n")
        }
        end = 0
    }
}
