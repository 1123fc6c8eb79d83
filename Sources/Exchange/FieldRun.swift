import HTTP1

/// Copies the fields that pass from one head to another.
///
/// A field is written as `name: value` and a line end. Where that is just how it came, and the next one, too, the whole run is
/// copied at once: the bytes are the same, only cheaper.
struct FieldRun {
    private var start = 0
    private var end = 0

    mutating func add(_ field: HeaderField, in bytes: Span<UInt8>, to output: inout ByteBuffer) {
        let name = field.name
        let value = field.value
        // One byte beside the colon, and that a blank; behind the value before it just CRLF, or this is no run.
        let isCanonical = value.start == name.end + 2 && bytes[name.end + 1] == UInt8(ascii: " ")
        guard isCanonical else {
            flush(bytes, to: &output)
            return output.appendField(bytes[name], bytes[value])
        }
        if end == 0 || name.start != end + 2 {
            flush(bytes, to: &output)
            start = name.start
        }
        end = value.end
    }

    mutating func flush(_ bytes: Span<UInt8>, to output: inout ByteBuffer) {
        guard end > 0 else { return }
        output.append(bytes.extracting(start..<end))
        output.append("\r\n")
        end = 0
    }
}
