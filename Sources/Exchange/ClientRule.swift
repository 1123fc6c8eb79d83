public import Routing

/// What a host wants of its clients' certificates (`auth-tls-*` of ingress-nginx).
public struct ClientRule: Sendable {
    public enum Demand: String, Sendable {
        /// None is asked for; fields that speak of one are still no client's to send.
        case off
        /// One is asked for; a bad one is refused.
        case optional
        /// One is asked for; by whom it is does not matter.
        case optionalWithoutAuthority = "optional_no_ca"
        case required = "on"
    }

    public enum Verdict: Equatable, Sendable {
        case welcome
        case refused(Failure)
    }

    public let demand: Demand
    /// Of connections on which this was asked for, as `ClientIdentity.certificate`.
    public let identity: UInt64
    /// What was to be checked against is not there: nobody comes in.
    public let isBroken: Bool
    /// What requests by plain HTTP are answered, which can show no certificate; nil: they come in.
    public let plainFailure: Failure?
    public let passesCertificate: Bool
    /// Where those are sent who have none, or a bad one; an absolute URL, or empty.
    public let errorPage: [UInt8]
    /// What the certificate's subject must have in it.
    public let subject: Pattern?

    public init(
        _ demand: Demand, identity: UInt64, isBroken: Bool = false, plainFailure: Failure? = nil, passesCertificate: Bool = false,
        errorPage: [UInt8] = [], subject: Pattern? = nil
    ) {
        self.demand = demand
        self.identity = identity
        self.isBroken = isBroken
        self.plainFailure = plainFailure
        self.passesCertificate = passesCertificate
        self.errorPage = errorPage
        self.subject = subject
    }

    /// - Parameter certificate: what the connection's client has shown; nil if none was asked for.
    func verdict(on certificate: ClientCertificate?, of client: ClientIdentity) -> Verdict {
        if isBroken { return .refused(.forbidden) }
        if demand == .off { return isOfSubject(certificate) ? .welcome : .refused(.forbidden) }
        guard client.isTLS else { return plainFailure.map(Verdict.refused) ?? .welcome }
        // The name of the handshake decided what was asked for: another one's would be a way around.
        guard client.certificate == identity, let certificate else { return .refused(.misdirected) }
        switch certificate.verdict {
        case .none where demand == .required: return .refused(.certificateMissing)
        case .bad(let isOnlyUnknown) where !(isOnlyUnknown && demand == .optionalWithoutAuthority): return .refused(.certificateRefused)
        case .none, .good, .bad: return isOfSubject(certificate) ? .welcome : .refused(.forbidden)
        }
    }

    private func isOfSubject(_ certificate: ClientCertificate?) -> Bool {
        guard let subject else { return true }
        guard let name = certificate?.subject else { return false }
        // Such hosts are few, and so are their searches.
        return subject.matches(name.span, scratch: PatternScratch()) == .match
    }
}

extension ClientRule: CustomStringConvertible {
    /// `must show a certificate`.
    public var description: String {
        if isBroken { return "are all refused: the Secret with their authorities is not there" }
        return switch demand {
        case .off: "are not asked for certificates"
        case .optional: "may show a certificate"
        case .optionalWithoutAuthority: "may show a certificate of any authority"
        case .required: "must show a certificate"
        }
    }
}
