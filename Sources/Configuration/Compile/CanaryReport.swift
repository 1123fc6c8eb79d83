public import Routing

/// What became of one path of a canary Ingress.
public struct CanaryReport: Equatable, Sendable {
    /// `Ingress default/shop-canary`.
    public let object: String
    public let file: String
    /// The path's line, counted from 1.
    public let line: Int
    /// Empty is the default host.
    public let host: String
    public let path: String
    public let pathType: PathType
    /// Why no request can reach the canary here; nil if it is in effect.
    public let inactive: String?
    /// A route has the canary, be it out of effect there.
    public let isBound: Bool

    public init(
        object: String, file: String, line: Int, host: String, path: String, pathType: PathType, inactive: String?, isBound: Bool
    ) {
        self.object = object
        self.file = file
        self.line = line
        self.host = host
        self.path = path
        self.pathType = pathType
        self.inactive = inactive
        self.isBound = isBound
    }
}

extension CanaryReport: CustomStringConvertible {
    /// `file:line: Ingress default/shop-canary: in effect on www.example.com/shop (Prefix)`, or not in effect there and why.
    public var description: String {
        let place = RoutePlace(host: host, path: path, type: pathType)
        let effect = inactive.map { "not in effect on \(place): \($0)" } ?? "in effect on \(place)"
        return "\(file):\(line): \(object): \(effect)"
    }
}
