/// What a route table says about a request.
public enum RouteMatch: Sendable {
    case route(Route)
    /// The path is a configured one but for its last slash: answer 301 to the path with a slash (R34).
    case addSlash
    /// `/` of a host that redirects it: answer 302 to `RouteTable.appRoot` of this number.
    case appRoot(Int)
    /// The host is in regex mode (R35): `RouteTable.search` this list.
    case patterns(Int)
    /// The host is known, the path is not.
    case noPath
    case noHost
}
