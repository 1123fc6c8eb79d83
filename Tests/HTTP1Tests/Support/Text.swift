@testable import HTTP1

/// The bytes as text, one character a byte, so that bytes from 0x80 survive.
func text(_ bytes: Span<UInt8>) -> String {
    var result = ""
    for index in bytes.indices { result.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
    return result
}

/// One byte a character, the inverse of `text`.
func bytes(_ text: String) -> [UInt8] {
    text.unicodeScalars.map { UInt8($0.value) }
}

/// What the slice stands for in the input.
func text(_ slice: Slice, in input: [UInt8]) -> String {
    text(input.span[slice])
}
