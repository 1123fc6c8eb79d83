/// What a `BodyDecoder` found at the front of its input.
///
/// The decoder has moved past everything it reports: the next input begins after `skip`, or `skip + count`, bytes.
public enum BodyStep: Equatable, Sendable {
    /// Drop `skip` bytes of framing; the `count` bytes after them, at least one, are the body's.
    case data(skip: Int, count: Int)
    /// Drop `skip` bytes of framing, then there is nothing left; more input is needed.
    case needMore(skip: Int)
    /// Drop `skip` bytes of framing; the body is complete, and what follows is not its own.
    case end(skip: Int)
    /// The framing is broken; the message has no end that could be found.
    case failed(ParseError)
}
