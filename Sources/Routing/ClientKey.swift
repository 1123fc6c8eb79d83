/// What the weight rule of a route tells clients apart by, in the form that the request path asks.
enum ClientKey: Sendable {
    /// Nothing: by request.
    case none
    /// The value of one key.
    case one(Int)
    /// The value of one key, which is made for a client that lacks it.
    case made(Int)
    /// The values of all hash keys of the drawing canary.
    case joined

    init(_ canary: Canary) {
        switch canary.hashKeys.count {
        case 0: self = .none
        case 1 where canary.hashCookie != nil: self = .made(canary.hashKeys[0])
        case 1: self = .one(canary.hashKeys[0])
        default: self = .joined
        }
    }
}
