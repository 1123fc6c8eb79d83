/// How far a head has been read.
public enum ParseProgress: Equatable, Sendable {
    /// Everything so far is valid; more bytes are needed.
    case incomplete
    /// The head is complete and takes the first `length` bytes of the input; the body, if any, follows.
    case complete(length: Int)
    /// The connection cannot be understood any further: answer and close.
    case failed(ParseError)
}
