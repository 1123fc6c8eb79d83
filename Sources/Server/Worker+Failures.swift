import Addressing
import Exchange
import Reactor
import Routing
import Telemetry

/// What upstreams fail at: every time in the metrics, and in the log as `FailureLog` has it.
extension Worker {
    /// An attempt failed and the request went on: not the client, but the operator wants to know.
    @inline(never)
    func record(_ setback: Setback, _ exchange: ActiveExchange) {
        recordTimeout(of: setback.failure)
        let summary = exchange.machine.summary
        guard let route = summary.route, let kind = UpstreamFailure(setback.failure) else { return }
        let version = VersionLabel(setback.version)
        metrics.recordUpstreamFailure(row: metricRow(of: route, exchange.installation), version: version, kind)
        report(setback.failure, setback.version, route, exchange) { "the request went on" }
    }

    /// The request ended so.
    @inline(never)
    func recordFailure(_ failure: Failure, _ version: VersionLabel, _ summary: Summary, _ exchange: ActiveExchange) {
        guard let route = summary.route, let chosen = summary.version, let kind = UpstreamFailure(failure) else { return }
        metrics.recordUpstreamFailure(row: metricRow(of: route, exchange.installation), version: version, kind)
        report(failure, chosen, route, exchange) { "attempts: \(summary.attempts), answered \(summary.status)" }
    }

    private func report(
        _ failure: Failure, _ version: Version, _ index: Int, _ exchange: ActiveExchange, outcome: () -> String
    ) {
        let error = failure.isOfConnect ? exchange.connectError : nil
        let snapshot = exchange.installation.snapshot
        let route = snapshot.routes.routes[index]
        let backend: Int = switch version {
        case .stable: route.stable
        case .canary(let canary): route.canaries[canary].backend
        }
        var endpoint: SocketAddress?
        if failure.isOfEndpoint, let asked = exchange.asked, let backend = exchange.backend {
            endpoint = balancer(backend, of: exchange.installation).endpoint(asked)?.address
        }
        let subject = FailedUpstream(
            service: snapshot.backends[backend].name, endpoint: endpoint, failure: failure,
            securityProblem: error == nil ? securityProblem(of: exchange) : nil)
        guard failureLog.isNews(subject, at: second) else { return }
        let why = error.map { ": \($0)" } ?? ""
        supervisor.warn("\(subject)\(why); \(route.label), \(VersionLabel(version).text); \(outcome())")
    }

    /// What TLS with this request's upstream failed at, if it did.
    private func securityProblem(of exchange: ActiveExchange) -> String? {
        guard let problem = securityProblem, problem.exchange == ObjectIdentifier(exchange),
              problem.noted >= exchange.machine.summary.began
        else { return nil }
        return problem.text
    }
}

/// What failed, and how.
struct FailedUpstream: Hashable, CustomStringConvertible {
    /// `namespace/service:port`.
    let service: String
    /// nil if it is no endpoint's failure.
    let endpoint: SocketAddress?
    let failure: Failure
    /// What TLS failed at, the name that was asked for included: Ingresses may ask one endpoint for several.
    var securityProblem: String?

    var description: String {
        "\(service)\(endpoint.map { " at \($0)" } ?? ""): \(failure)\(securityProblem.map { ", TLS with \($0)" } ?? "")"
    }
}

extension Failure {
    /// - Parameter error: what the kernel said to a connect.
    init(connecting error: Errno) {
        self = switch error {
        case .ECONNREFUSED: .connectRefused
        case .ETIMEDOUT: .connectTimedOut
        // There may be a local port towards another one.
        case .EADDRNOTAVAIL: .noLocalPort
        default: .connectUnreachable
        }
    }

    /// The kernel may have said more to it.
    var isOfConnect: Bool {
        switch self {
        case .connectRefused, .connectUnreachable, .connectTimedOut, .tlsFailed, .noLocalPort, .exhausted: true
        default: false
        }
    }

    /// One endpoint was asked and is to blame, or could not be asked.
    var isOfEndpoint: Bool {
        switch self {
        case .upstreamClosed, .upstreamReset, .upstreamTimedOut, .badResponse: true
        case .exhausted: false
        default: isOfConnect
        }
    }
}

extension UpstreamFailure {
    /// Nil for what has nothing to do with upstreams.
    init?(_ failure: Failure) {
        switch failure {
        case .noEndpoint: self = .noEndpoint
        case .overloaded: self = .queueFull
        case .queueTimedOut: self = .queueTimeout
        case .exhausted: self = .exhausted
        case .noLocalPort: self = .noLocalPort
        case .connectRefused: self = .connectRefused
        case .connectUnreachable: self = .connectUnreachable
        case .connectTimedOut: self = .connectTimeout
        case .tlsFailed: self = .tlsFailed
        case .upstreamClosed: self = .closed
        case .upstreamReset: self = .reset
        case .upstreamTimedOut: self = .responseTimeout
        case .badResponse: self = .badResponse
        case .requestTimedOut: self = .requestTimeout
        case .malformedRequest, .requestTooLarge, .clientTooSlow, .clientClosed, .methodRefused, .pathRefused, .misdirected, .noRoute,
             .certificateMissing, .certificateRefused, .forbidden, .memoryLimit, .answerTooLong, .shutdown: return nil
        }
    }
}

extension VersionLabel {
    /// - Parameter version: nil if none was chosen.
    init(_ version: Version?) {
        self = switch version {
        case .stable: .stable
        case .canary: .canary
        case nil: .none
        }
    }
}
