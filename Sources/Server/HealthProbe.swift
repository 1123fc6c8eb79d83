import Addressing
import Exchange
import HTTP1
import Reactor
import Routing
import TLS

/// One check on its way: a connection of its own, a GET, and the head of the answer.
final class HealthProbe {
    enum Outcome: Equatable, Sendable {
        case well
        /// Why not, for the log.
        case ill(String)
        /// Something that this process lacks; it says nothing of the endpoint.
        case unknown
    }

    private enum Phase {
        case connecting, handshaking, asking, listening
    }

    /// Whose check it is.
    let target: Token
    let socket: Socket
    var token = Token(slot: 0, generation: 0)
    var timer = TimerID.none
    private var phase: Phase
    private var tls: TLSSession?
    private let secured: UpstreamTLS?
    private let announcement: [UInt8]
    private let request: [UInt8]
    private var sent = 0
    private var input = ByteBuffer(capacity: BufferPool.Size.standard.rawValue)
    private var parser = ResponseParser()
    private var interims = 0
    private var interimBytes = 0
    /// Reads that found nothing but what concerns TLS alone.
    private var emptyReads = 0

    /// - Parameter isConnected: nothing is to be waited for.
    init(_ socket: consuming Socket, isConnected: Bool, _ target: HealthTarget, of token: Token) {
        self.socket = socket
        self.target = token
        phase = isConnected ? .handshaking : .connecting
        secured = target.context.map { UpstreamTLS($0, name: target.tls?.name ?? "", sendsName: target.tls?.sendsName ?? false) }
        announcement = target.id.proxyProtocol.map(Self.announcement) ?? []
        request = Self.request(target.id)
    }

    /// A check is about no client: `UNKNOWN`, or `LOCAL`.
    private static func announcement(_ version: ProxyHeader.Version) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: ProxyHeader.maximumWrittenLength)
        var space = bytes.mutableSpan
        let count = ProxyHeader.write(nil, as: version, into: &space)
        return Array(bytes.prefix(count))
    }

    private static func request(_ id: HealthTarget.ID) -> [UInt8] {
        let host = id.check.host.isEmpty ? id.endpoint.address.isUnix ? "localhost" : "\(id.endpoint.address)" : id.check.host
        return Array("GET \(id.check.path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: serin-health-check\r\nAccept: */*\r\nConnection: close\r\n\r\n".utf8)
    }

    /// Goes on as far as it gets without waiting; the outcome once there is one.
    func advance() -> Outcome? {
        if phase == .connecting {
            if let error = socket.connectError() { return .ill("\(error)") }
            phase = .handshaking
        }
        if phase == .handshaking {
            // A check that announces itself does so before TLS, as requests do.
            if let outcome = write(announcement, through: nil) { return outcome }
            guard sent == announcement.count else { return nil }
            if let outcome = shakeHands() { return outcome }
            guard phase == .asking else { return nil }
            sent = 0
        }
        if phase == .asking {
            if let outcome = write(request, through: tls) { return outcome }
            guard sent == request.count else { return nil }
            phase = .listening
        }
        return listen()
    }

    private func shakeHands() -> Outcome? {
        guard let secured else {
            phase = .asking
            return nil
        }
        if tls == nil { tls = TLSSession(to: secured, fd: socket.fd) }
        guard let tls else { return .unknown }
        switch tls.handshake() {
        case .bytes: phase = .asking
        case .wantsRead, .wantsWrite: break
        case .noMemory: return .unknown
        case .closed: return .ill("it closed the connection before TLS was agreed on")
        case .failed(let failure): return .ill("TLS: \(failure.label)" + (tls.certificateProblem.map { " (\($0))" } ?? ""))
        }
        return nil
    }

    /// Sends the rest of `bytes`, as far as the socket takes it.
    private func write(_ bytes: [UInt8], through tls: TLSSession?) -> Outcome? {
        while sent < bytes.count {
            let rest = bytes.span.extracting(droppingFirst: sent)
            switch tls.map({ IOResult(reading: $0.send(rest)) }) ?? socket.send(rest) {
            case .bytes(let count): sent += count
            case .wouldBlock: return nil
            case .endOfStream: return .ill("it closed the connection")
            case .failed(let error): return error.isExhaustion ? .unknown : .ill("\(error)")
            }
        }
        return nil
    }

    /// Whatever the endpoint sends, this comes to an end: heads, their number and what is no part of one have bounds.
    private func listen() -> Outcome? {
        while true {
            if input.space == 0 { return .ill("the head of its answer is too long") }
            switch Self.receive(tls, socket, &input) {
            case .bytes(0):
                emptyReads += 1
                if emptyReads > Self.maximumEmptyReads { return .ill("it sends what is no answer") }
            case .bytes: break
            case .wouldBlock: return nil
            case .endOfStream: return .ill("it closed the connection without an answer")
            case .failed(let error): return error.isExhaustion ? .unknown : .ill("\(error)")
            }
            if let outcome = read() { return outcome }
        }
    }

    private static let maximumEmptyReads = 64

    /// The answer, past any interim ones (RFC 9110 section 15.2).
    private func read() -> Outcome? {
        while !input.isEmpty {
            switch Self.parse(input, with: &parser) {
            case .incomplete:
                return nil
            case .failed(let error):
                return .ill("its answer is malformed: \(error.reason)")
            case .complete(let length):
                let status = parser.head.status
                if HealthCheck.isGood(status) { return .well }
                if status >= 200 || status == 101 { return .ill("it answers \(status)") }
                interims += 1
                interimBytes += length
                guard interims <= ExchangeMachine.maximumInterims, interimBytes <= ExchangeMachine.maximumInterimBytes else {
                    return .ill("it sends too many interim responses")
                }
                input.consume(length)
                input.compact()
                parser.reset()
            }
        }
        return nil
    }

    // The compiler lets no span of a class's property out of a statement.

    private static func parse(_ input: borrowing ByteBuffer, with parser: inout ResponseParser) -> ParseProgress {
        parser.parse(input.bytes, answering: .get)
    }

    private static func receive(_ tls: TLSSession?, _ socket: borrowing Socket, _ input: inout ByteBuffer) -> IOResult {
        var space = input.freeSpace
        let result = tls.map { IOResult(reading: $0.receive(into: &space)) } ?? socket.receive(into: &space)
        if case .bytes(let count) = result { input.commit(count) }
        return result
    }
}
