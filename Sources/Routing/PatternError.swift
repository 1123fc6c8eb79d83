/// Why a pattern does not compile.
public struct PatternError: Error, Equatable, Sendable, CustomStringConvertible {
    /// PCRE2's words.
    public let message: String
    /// Bytes into the pattern.
    public let offset: Int

    public var description: String { "\(message) at offset \(offset)" }
}
