/// What `PathNormalizer` made of a path.
public enum NormalizedPath: Equatable, Sendable {
    /// The input is normal already.
    case asIs
    /// The normal form is in `PathNormalizer.normalized`.
    case rewritten
    /// The request is malformed: 400.
    case rejected(PathRejection)
}

/// Why a path is refused.
public enum PathRejection: String, Sendable {
    /// A `%` without two hexadecimal digits behind it.
    case malformedEscape = "malformed escape in the path"
    case encodedNUL = "encoded NUL in the path"
    /// Strict mode only.
    case encodedSlash = "encoded slash in the path"
    /// Strict mode only.
    case backslash = "backslash in the path"
    /// Strict mode only: a `.` or `..` segment of which a dot was encoded.
    case encodedDotSegment = "encoded dot segment in the path"
    /// More `..` than there are segments before them.
    case aboveRoot = "path leads above the root"
    /// The path does not begin with a slash.
    case relative = "path does not begin with a slash"
}
