import HTTP1

/// Routes that look at their clients' certificates.
extension ExchangeMachine {
    /// What the client has shown in its handshake; to be said between `begin` and its first byte. Nil: it was not asked.
    public func present(_ certificate: ClientCertificate?) { clientCertificate = certificate }

    /// Whether the request was refused for its client's certificate, and has been answered.
    func isTurnedAway(by rule: ClientRule, _ now: Instant) -> Bool {
        guard case .refused(let failure) = rule.verdict(on: clientCertificate, of: client) else { return false }
        // As in nginx: another certificate needs another connection.
        mayPersist = false
        let leadsToPage = !rule.errorPage.isEmpty && failure != .misdirected && failure != .forbidden
        if !leadsToPage || !hasAnswerRoom(rule.errorPage.count) {
            answer(failure, status: nil, now)
        } else {
            summary.failure = failure
            let answer = beginAnswer(302, extraRoom: rule.errorPage.count)
            answer.writeLocation(rule.errorPage.span, date: context.date, to: &response.output)
            finishAnswer(answer, now)
        }
        return true
    }
}

/// What a request says of its client's certificate.
struct CertificateFields {
    /// Nil if none was asked for: then nothing is said.
    let certificate: ClientCertificate?
    let passesCertificate: Bool

    /// Bytes that `write` needs.
    var room: Int { certificate?.room(withCertificate: passesCertificate) ?? 0 }

    func write(to output: inout ByteBuffer) { certificate?.write(withCertificate: passesCertificate, to: &output) }
}
