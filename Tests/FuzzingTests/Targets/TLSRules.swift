import FixedRandomness
import TLS
import TestSupport

/// What the TLS rim owes whoever is on the line: an end with a reason, no text but what the other end said, and nothing that depends on
/// the pieces in which bytes arrive.
///
/// The first byte of an input says who is on the line. Alone: the rest is what a server, or a client, gets to hear; as OpenSSL's
/// randomness, the key and the certificate are always the same, what a real client once said is as good as if it said it now. Together:
/// a server and a client speak with each other, and the rest is what is done to their records on the way.
enum TLSRules {
    struct Mode {
        let isTogether: Bool
        /// Alone: whose ears these are. Together: how high the client goes.
        let isSecond: Bool
        let resumes: Bool
        let showsCertificate: Bool

        init(_ byte: UInt8) {
            isTogether = byte & 2 != 0
            isSecond = byte & 1 != 0
            resumes = byte & 4 != 0
            showsCertificate = byte & 8 != 0
        }
    }

    /// What OpenSSL draws for later, once in a process, it shall have drawn; otherwise the first input would get other numbers than the
    /// same one played again.
    private static let warmUp: String? = [UInt8(ascii: "6"), UInt8(ascii: "7")].lazy.compactMap { byte in
        Line(Mode(byte), SeededGenerator(seed: 1), isWhole: true).play([])
    }.first

    static func problem(with input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        if let problem = warmUp { return problem }
        let mode = Mode(first)
        let chance = SeededGenerator(of: input)
        let whole = Line(mode, chance, isWhole: true)
        let pieces = Line(mode, chance, isWhole: false)
        if let problem = whole.play(input.dropFirst()) { return "whole: \(problem)" }
        if let problem = pieces.play(input.dropFirst()) { return "in pieces: \(problem)" }
        // How far two have come when something is done to one of them depends on the pieces; what one alone hears does not.
        guard !mode.isTogether, whole.outcomes != pieces.outcomes else { return nil }
        return "the pieces matter: \(whole.outcomes) or \(pieces.outcomes)"
    }
}

extension TLSRules {
    /// One connection, from its first byte to its end.
    final class Line {
        private let mode: Mode
        private let isWhole: Bool
        private var chance: SeededGenerator
        private(set) var outcomes: [SecureEnd.Outcome] = []

        init(_ mode: Mode, _ chance: SeededGenerator, isWhole: Bool) {
            (self.mode, self.chance, self.isWhole) = (mode, chance, isWhole)
        }

        func play(_ input: ArraySlice<UInt8>) -> String? {
            let upstream = UpstreamTLS(
                Parties.client(mode), name: mode.showsCertificate ? "mutual.test" : "shop.test", sendsName: true)
            fixed_randomness_begin(1)
            defer { fixed_randomness_end() }
            if mode.resumes, let problem = together([], upstream, isResumed: false) { return "at first: \(problem)" }
            fixed_randomness_begin(2)
            return mode.isTogether ? together(input, upstream, isResumed: mode.resumes) : alone(input, upstream)
        }

        private func server(saying text: [UInt8]) -> SecureEnd {
            SecureEnd(source: 0, saying: text, room: room, isNarrow: !isWhole) { TLSSession(Parties.server, fd: $0) }
        }

        private func client(_ upstream: UpstreamTLS, saying text: [UInt8]) -> SecureEnd {
            SecureEnd(source: 1, saying: text, room: room, isNarrow: !isWhole) { TLSSession(to: upstream, fd: $0) }
        }

        /// While more comes. Whatever it leaves is read before the end.
        private var reads: Int { isWhole ? .max : chance.below(2) }

        private var room: Int { isWhole ? 64 << 10 : 1 + chance.below(20_000) }

        // MARK: Alone

        /// More than a handshake, its alerts and what answers to single records of a long input come to.
        private static let outputLimit = 64 << 10

        private func alone(_ input: ArraySlice<UInt8>, _ upstream: UpstreamTLS) -> String? {
            let end = mode.isSecond ? client(upstream, saying: []) : server(saying: [])
            var output = 0
            var rest = input
            end.goOn()
            while !rest.isEmpty, end.outcome.end == nil, end.problem == nil {
                let count = isWhole ? rest.count : 1 + chance.below(min(rest.count, chance.oneIn(4) ? 600 : 20))
                rest = rest.dropFirst(end.give(rest.prefix(count)))
                end.goOn(reads: reads)
                output += end.take().bytes.count
            }
            end.giveEnd()
            for _ in 0..<20 where end.outcome.end == nil {
                end.goOn()
                output += end.take().bytes.count
            }
            outcomes = [end.outcome]
            if let problem = end.problem { return problem }
            if end.outcome.end == nil { return "no end" }
            if output > Self.outputLimit { return "\(output) bytes for \(input.count)" }
            return !end.outcome.isEstablished && !end.outcome.text.isEmpty ? "text before the handshake is done" : nil
        }

        // MARK: Together

        private static let question = pattern(3000)
        private static let answer = pattern(18_000)

        private static func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

        private func together(_ input: ArraySlice<UInt8>, _ upstream: UpstreamTLS, isResumed: Bool) -> String? {
            let server = server(saying: Self.answer)
            let client = client(upstream, saying: Self.question)
            var meddling = Meddling(input)
            var up = Direction(.toServer), down = Direction(.toClient)
            var quiet = 0
            for _ in 0..<2000 where quiet < 4 && !(client.isDone && server.isDone) {
                client.goOn(reads: quiet == 0 ? reads : .max)
                server.goOn(reads: quiet == 0 ? reads : .max)
                let hasMoved = [carry(from: client, to: server, &up, &meddling), carry(from: server, to: client, &down, &meddling)]
                quiet = hasMoved.contains(true) ? 0 : quiet + 1
                // Each waits for the other, as something was lost on the way.
                if quiet == 2 { [client, server].forEach { $0.giveEnd() } }
            }
            outcomes = [server.outcome, client.outcome]
            return problem(server, client, isUntouched: meddling.isUntouched, isResumed: isResumed)
        }

        private func problem(_ server: SecureEnd, _ client: SecureEnd, isUntouched: Bool, isResumed: Bool) -> String? {
            if let problem = server.problem { return "server: \(problem)" }
            if let problem = client.problem { return "client: \(problem)" }
            guard let heard = server.outcome.end, let got = client.outcome.end else { return "no end" }
            guard Self.question.starts(with: server.outcome.text) else { return "the server hears what was not said" }
            guard Self.answer.starts(with: client.outcome.text) else { return "the client hears what was not said" }
            // An upstream's answer may have its end as its framing; a client's request never has.
            if got == .closed, client.outcome.text.count < Self.answer.count { return "the answer is cut and nobody says so" }
            guard isUntouched else { return nil }
            guard heard == .closed, got == .closed, server.outcome.text == Self.question, client.outcome.text == Self.answer else {
                return "nothing was done, and it ends with \(heard) and \(got)"
            }
            // Whoever shows a certificate does so each time.
            let isResumed = isResumed && !mode.showsCertificate
            guard server.outcome.isResumed == isResumed, client.outcome.isResumed == isResumed else { return "resumed: \(!isResumed)" }
            guard let shown = server.session.peerCertificate else { return mode.showsCertificate ? "no certificate was asked for" : nil }
            if case .good = shown.verdict { return nil }
            return "the client's certificate is \(shown.verdict)"
        }

        /// One way of the line.
        private struct Direction {
            let kind: Meddling.Direction
            /// The part of a record that is there.
            var rest: [UInt8] = []
            var isEnded = false

            init(_ kind: Meddling.Direction) { self.kind = kind }
        }

        /// Carries what one end has said to the other, record by record; whether there was anything.
        private func carry(from one: SecureEnd, to other: SecureEnd, _ way: inout Direction, _ meddling: inout Meddling) -> Bool {
            let (bytes, isEnd) = one.take()
            way.rest += bytes
            var hasMoved = !bytes.isEmpty
            while way.rest.count >= 5 {
                let length = 5 + Int(way.rest[3]) << 8 + Int(way.rest[4])
                guard way.rest.count >= length else { break }
                let (passed, isCut) = meddling.passing(Array(way.rest.prefix(length)), way.kind)
                way.rest.removeFirst(length)
                give(passed, to: other)
                if isCut { end(&way, other) }
                hasMoved = true
            }
            if isEnd { end(&way, other) }
            return hasMoved
        }

        private func end(_ way: inout Direction, _ other: SecureEnd) {
            if !way.isEnded { other.giveEnd() }
            way.isEnded = true
        }

        private func give(_ bytes: [UInt8], to end: SecureEnd) {
            var rest = bytes[...]
            // The socket takes more than a record; an end that has failed reads no more.
            for _ in 0..<bytes.count where !rest.isEmpty && end.outcome.end == nil {
                let count = isWhole || chance.oneIn(4) ? rest.count : 1 + chance.below(min(rest.count, chance.oneIn(4) ? 16_384 : 300))
                rest = rest.dropFirst(end.give(rest.prefix(count)))
                end.goOn(reads: reads)
            }
        }
    }
}
