@testable import Exchange
import Routing

/// What must be true of any run, judged from the outside: from the bytes that both ends saw and the summaries.
final class SimulationOracle {
    let simulation: Simulation
    private(set) var problems: [String]

    private var harness: MachineHarness { simulation.harness }
    private static let mostBuffered = 2 * (262_144 + 65_536)

    init(_ simulation: Simulation) {
        self.simulation = simulation
        problems = simulation.problems
        check(!harness.isOpen, "the connection has ended")
        check(harness.mostBuffered <= Self.mostBuffered, "buffers are bounded: \(harness.mostBuffered)")
        judgeSummaries()
        judgeUpstreams()
        judgeClient()
    }

    private func check(_ holds: Bool, _ rule: @autoclosure () -> String) {
        if !holds { problems.append(rule()) }
    }

    // MARK: Summaries

    private func judgeSummaries() {
        check(harness.summaries.count <= simulation.requests.count, "there are no more summaries than requests")
        for (id, summary) in harness.summaries.enumerated() where id < simulation.requests.count {
            let request = simulation.requests[id]
            let line = harness.requestLines[id]
            let expected = "\(request.method) /\(id) HTTP/1.\(request.minorVersion)"
            check(line.isEmpty || line == expected, "summary \(id) is of \(line)")
            let connects = harness.upstreams.filter { $0.request == id }
            check(summary.attempts == connects.count, "\(id): \(summary.attempts) attempts, \(connects.count) connects")
            judge(connects, summary, request)
            let most = request.body.count + request.tunnel.count
            check(summary.requestBodyBytes <= most, "\(id): body bytes counted beyond the body")
            check(summary.status != 0, "\(id): a status")
        }
    }

    private func judge(_ connects: [MachineHarness.Upstream], _ summary: Summary, _ request: SimulatedRequest) {
        let id = request.id
        let most = max(Int(simulation.retry.tries), 3)
        let versions = connects.map { Version($0) }
        check(Set(versions.map(\.generation)).count <= 1, "\(id): a reload changes a request under way: \(versions)")
        check(
            versions.allSatisfy { $0.service == "shop/old" || $0.service == "shop/new" && request.host != "a.test" },
            "\(id): \(request.host) leads to \(versions)")
        guard let shielded = summary.shielded else {
            check(connects.count <= most, "\(id): \(connects.count) connects by \(simulation.retry)")
            check(Set(versions).count <= 1, "\(id): all attempts go to one version")
            return
        }
        check(request.isSafe && summary.version == .stable && shielded.status >= 500, "\(id): shielded for no reason")
        let canaries = versions.prefix { $0.isCanary }
        check(versions.dropFirst(canaries.count).allSatisfy { !$0.isCanary }, "\(id): back to the canary")
        check(canaries.count <= most, "\(id): \(canaries.count) connects to the canary")
        check(connects.count - canaries.count <= most, "\(id): \(connects.count) connects in all")
    }

    /// What an attempt goes to.
    private struct Version: Hashable {
        let service: Substring
        let generation: Substring
        var isCanary: Bool { service == "shop/new" }

        init(_ upstream: MachineHarness.Upstream) {
            let parts = upstream.name.split(separator: ":")
            service = parts[0]
            generation = parts[1]
        }
    }

    // MARK: Upstreams

    private func judgeUpstreams() {
        for (index, upstream) in harness.upstreams.enumerated() {
            check(upstream.request < simulation.requests.count, "a connect for a request that nobody made")
            guard upstream.request < simulation.requests.count, index < simulation.origins.count else { continue }
            let request = simulation.requests[upstream.request]
            let origin = simulation.origins[index]
            check(request.kind == .routed || request.kind == .upgrade, "connection \(index): \(request.kind) goes to an upstream")
            if let got = ReceivedRequest(upstream.received) {
                check(got.head.hasPrefix("\(request.method) /\(request.id) HTTP/1.1|"), "connection \(index) got \(got.head)")
                check(!got.isBroken, "connection \(index): a broken body")
                judgeSurplus(got.surplus, index, upstream, origin)
                check(
                    got.isWhole ? got.body == request.body : request.body.starts(with: got.body),
                    "connection \(index): the request's body is another one")
                check(!upstream.isSaidReusable || got.isWhole, "connection \(index) is reused with half a request on it")
            } else {
                check(!upstream.isSaidReusable, "connection \(index) is reused without a request")
            }
            if upstream.isSaidReusable {
                check(
                    origin.isComplete && upstream.bytesRead == origin.messageLength,
                    "connection \(index) is reused behind \(upstream.bytesRead) of \(origin.messageLength) bytes")
            }
            judgeRetry(index, upstream, request)
        }
    }

    private func judgeSurplus(
        _ surplus: [UInt8], _ index: Int, _ upstream: MachineHarness.Upstream, _ origin: SimulatedOrigin
    ) {
        guard origin.isTunnel else { return check(surplus.isEmpty, "connection \(index): bytes beyond the request") }
        check(origin.request.tunnel.starts(with: surplus), "connection \(index): the tunnel says something else")
        if upstream.isWriteShut {
            check(surplus.count == simulation.spoken, "connection \(index): the tunnel ended before all was said")
        }
    }

    private func judgeRetry(_ index: Int, _ upstream: MachineHarness.Upstream, _ request: SimulatedRequest) {
        let isTriedAgain = harness.upstreams.dropFirst(index + 1).contains { $0.request == upstream.request }
        guard isTriedAgain else { return }
        let summary = harness.summaries.indices.contains(request.id) ? harness.summaries[request.id] : harness.machine.summary
        if summary.shielded != nil, Version(upstream).isCanary { return }
        let rule = simulation.retry.conditions
        check(
            request.isIdempotent || upstream.received.isEmpty || rule.contains(.nonIdempotent),
            "\(request.id): sent again though not idempotent")
        guard upstream.bytesRead > 0, !upstream.received.isEmpty else {
            // Nothing came, or what came before anything was asked, which is no answer.
            check(!rule.isDisjoint(with: [.error, .timeout]) || upstream.isReused, "\(request.id): tried again though the rule says never")
            return
        }
        let origin = simulation.origins[index]
        let isHeldBack = !rule.isDisjoint(with: RetryRule.Conditions(status: UInt16(origin.status)))
        // Whoever has not read what was asked for cannot agree to it.
        let isBad = !origin.isComplete || origin.isTunnel && upstream.hasStoppedReading
        check(isHeldBack || rule.contains(.invalidHeader) && isBad, "\(request.id): tried again after an answer began")
    }

    /// An answer that the rule tries again elsewhere went to the client only if nothing else could be done.
    private func judgeStatus(_ summary: Summary, _ request: SimulatedRequest, hasInterims: Bool) {
        let rule = simulation.retry
        guard summary.shielded == nil, !rule.conditions.isDisjoint(with: RetryRule.Conditions(status: summary.status)), summary.attempts < rule.tries else { return }
        let mayRepeat = request.isIdempotent || rule.conditions.contains(.nonIdempotent)
        check(!mayRepeat || hasInterims || !simulation.isBrief, "\(request.id): \(summary.status) after \(summary.attempts) attempts by \(rule)")
    }

    // MARK: Client

    private func judgeClient() {
        var reader = ResponseReader(harness.toClient, isAborted: harness.left == .aborted)
        for (id, summary) in harness.summaries.enumerated() where id < simulation.requests.count {
            let isLast = id == harness.summaries.count - 1
            let answer = reader.next(isHead: harness.requestLines[id].hasPrefix("HEAD "), isLast: isLast)
            judge(answer, summary, simulation.requests[id], isLast)
            if !isLast { check(!answer.closes, "\(id): an answer behind one that closes") }
        }
        check(reader.isAtEnd, "bytes to the client that belong to no request")
    }

    private func judge(
        _ answer: ResponseReader.Answer, _ summary: Summary, _ request: SimulatedRequest, _ isLast: Bool
    ) {
        let id = request.id
        check(!answer.isBroken, "\(id): the answer is broken")
        check(answer.interimIDs.allSatisfy { $0 == "\(id)" }, "\(id): another request's interim response")
        check(answer.interimIDs.isEmpty || request.minorVersion > 0, "\(id): an interim response to HTTP/1.0")
        check(answer.isWhole || isLast, "\(id): half an answer, and another one behind it")
        // A tunnel may end for being idle, whatever its client has read of it.
        check(answer.isWhole || summary.failure != nil || summary.status == 101, "\(id): half an answer without a reason")
        guard let head = answer.head else { return }
        check(head.hasPrefix("HTTP/1.1 \(summary.status) "), "\(id): \(head.prefix(12)) counted as \(summary.status)")
        check(request.minorVersion > 0 || !head.contains("|Transfer-Encoding"), "\(id): chunks to HTTP/1.0")
        guard let connection = head.field("X-Conn").flatMap({ Int($0) }) else {
            check(summary.failure != nil, "\(id): an own answer without a reason")
            check(head.contains("|Content-Type: text/plain"), "\(id): neither an own answer nor an upstream's")
            check(answer.isWhole || harness.left == .aborted, "\(id): half an own answer")
            return
        }
        guard connection < simulation.origins.count else { return check(false, "\(id): an answer from nowhere") }
        let origin = simulation.origins[connection]
        judgeStatus(summary, request, hasInterims: !answer.interimIDs.isEmpty)
        check(head.field("X-Id") == "\(id)" && origin.request.id == id, "\(id): another request's answer")
        check(origin.status == Int(summary.status), "\(id): another status")
        if origin.isTunnel {
            check(origin.body.starts(with: answer.body), "\(id): the tunnel says something else")
            check(!harness.isClientWriteShut || answer.body == origin.body, "\(id): the tunnel ended before all was said")
        } else if harness.requestLines[id].hasPrefix("HEAD ") {
            check(answer.body.isEmpty && !(head.contains("|Content-Encoding: gzip|") && head.contains("|Content-Length:")), "\(id): a HEAD's answer")
        } else if head.contains("|Content-Encoding: gzip|") {
            judgeCompressed(answer, summary, origin, id)
        } else if answer.isWhole {
            check(answer.body == origin.body, "\(id): another body, \(answer.body.count) of \(origin.body.count)")
            check(origin.isComplete, "\(id): a broken answer looks whole")
            if summary.failure == nil { check(summary.responseBodyBytes == origin.body.count, "\(id): response bytes") }
        } else {
            check(origin.body.starts(with: answer.body), "\(id): not the beginning of the answer")
        }
    }

    private func judgeCompressed(_ answer: ResponseReader.Answer, _ summary: Summary, _ origin: SimulatedOrigin, _ id: Int) {
        check(simulation.compresses, "\(id): compressed though nothing says so")
        let content = Gunzip(answer.body)
        check(!content.isBroken && content.surplus == 0, "\(id): no gzip")
        check(origin.body.starts(with: content.content), "\(id): not the beginning of the answer")
        guard answer.isWhole || content.isWhole else { return }
        check(answer.isWhole || harness.summaries.last?.failure != nil, "\(id): half an answer, and all of its gzip")
        check(content.isWhole, "\(id): a whole answer, and half of its gzip")
        check(content.content == origin.body, "\(id): another body, \(content.content.count) of \(origin.body.count)")
        check(origin.isComplete, "\(id): a broken answer looks whole")
        if answer.isWhole, summary.failure == nil { check(summary.responseBodyBytes == answer.body.count, "\(id): response bytes") }
    }
}
