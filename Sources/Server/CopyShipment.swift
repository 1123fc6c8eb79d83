import Exchange

/// A copy of a request with what it needs on its way to a canary.
final class CopyShipment {
    let copy: RequestCopy
    /// What its request began with.
    let installation: Installation
    var upstream: UpstreamConnection?
    /// Where it has entered, and with which ticket, if an endpoint's connections are limited.
    var place: (gate: EndpointGate, ticket: UInt64)?

    init(_ copy: RequestCopy, _ installation: Installation) {
        self.copy = copy
        self.installation = installation
    }
}
