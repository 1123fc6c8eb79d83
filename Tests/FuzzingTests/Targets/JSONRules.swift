import Telemetry

/// What reading JSON owes: a failure within the text, or a value that is the same when it is written and read again.
enum JSONRules {
    static func problem(with input: [UInt8]) -> String? {
        let value: JSONValue
        do throws(JSONReader.Failure) {
            value = try JSONReader.read(input.span)
        } catch {
            return (0...input.count).contains(error.offset) ? nil : "a failure beyond the text"
        }
        var writer = JSONWriter()
        write(value, to: &writer)
        let written = writer.finish()
        do throws(JSONReader.Failure) {
            return try JSONReader.read(written.span) == numbersAsTexts(value) ? nil : "written and read again it is another value"
        } catch {
            return "written again it is not JSON: \(error)"
        }
    }

    private static func write(_ value: JSONValue, to writer: inout JSONWriter) {
        switch value {
        case .null: writer.null()
        case .bool(let flag): writer.value(flag)
        case .number(let text), .string(let text): writer.value(text)
        case .array(let elements):
            writer.beginArray()
            for element in elements { write(element, to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for member in members {
                writer.key(member.name)
                write(member.value, to: &writer)
            }
            writer.endObject()
        }
    }

    /// The writer has no numbers of any size, so that `write` writes them as texts.
    private static func numbersAsTexts(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool, .string: value
        case .number(let text): .string(text)
        case .array(let elements): .array(elements.map(numbersAsTexts))
        case .object(let members): .object(members.map { JSONValue.Member(name: $0.name, value: numbersAsTexts($0.value)) })
        }
    }
}
