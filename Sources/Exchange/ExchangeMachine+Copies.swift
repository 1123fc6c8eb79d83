import Addressing
import HTTP1
import Routing

/// Copies of a request for canaries that are shown a share of the stable version's requests (`Mirror`).
///
/// A copy is whole before it is sent, so that neither side waits for the other: here it is only written and filled, which cannot
/// fail the request. Sending it is the worker's business.
extension ExchangeMachine {
    func beginCopies(_ target: RequestDecider.Target, _ address: IPAddress?, _ snapshot: Snapshot) {
        guard !asksForUpgrade(request.input) else { return }
        let canaries = snapshot.routes.routes[target.route].canaries
        for index in canaries.indices {
            guard let mirror = canaries[index].mirror, mirror.takesNext(context.rolls) else { continue }
            if let failure = obstacle(canaries[index], snapshot) {
                context.copies.refuse(target, failure, snapshot)
            } else {
                beginCopy(of: target, for: index, address, snapshot)
            }
        }
        if request.isSourceComplete { sendCopies() }
    }

    /// What is known to prevent a copy before it is made.
    private func obstacle(_ canary: Canary, _ snapshot: Snapshot) -> Failure? {
        if snapshot.backends[canary.backend].endpoints.isEmpty { return .noEndpoint }
        if case .length(let count) = head.framing, count > snapshot.limits.mirrorBody { return .requestTooLarge }
        let hasRoom = context.copies.hasRoom(snapshot.limits, isWhole: request.isSourceComplete) && !pool.isExhausted
        return hasRoom ? nil : .overloaded
    }

    private func beginCopy(of target: RequestDecider.Target, for canary: Int, _ address: IPAddress?, _ snapshot: Snapshot) {
        let marks = snapshot.routes.routes[target.route].marks?.copyMarks(of: canary)
        guard let copied = copyTarget(of: target, for: canary, address, request.input, snapshot) else {
            return context.copies.refuse(target, .pathRefused, snapshot)
        }
        let fields = certificateFields(snapshot)
        let room = RequestRewrite.room(for: head) + (copied.isRewritten ? context.decider.pathLength : 0) + (marks?.requestRoom ?? 0)
            + (fields?.room ?? 0)
        guard room <= BufferPool.Size.huge.rawValue else { return context.copies.refuse(target, .pathRefused, snapshot) }
        let rewrite = rewrite(for: copied, address, marks, fields, isCopy: true, snapshot)
        var written = pool.take(.holding(room))
        rewrite.write(head, in: request.input, to: &written, snapshot, context)
        assert(written.count <= room, "blocks are larger than what is asked for: do not count on that")
        context.copies.begin()
        let announcement = snapshot.backends[copied.backend].proxyProtocol.map { writtenAnnouncement($0, address) } ?? []
        copies.append(RequestCopy(head: written, method: head.method, of: copied, announcement: announcement, snapshot))
    }

    private func copyTarget(
        of target: RequestDecider.Target, for canary: Int, _ address: IPAddress?, _ input: borrowing ByteBuffer, _ snapshot: Snapshot
    ) -> RequestDecider.Target? {
        context.decider.copy(
            of: target, for: canary, head, in: input.bytesFromFront, client: address, isTLS: client.isTLS, snapshot: snapshot)
    }

    private func asksForUpgrade(_ input: borrowing ByteBuffer) -> Bool { RequestRewrite.passesUpgrade(head, in: input.bytesFromFront) }

    /// Decodes more of the body, for the copies, too.
    func pumpCopying() -> Relay.Fault? {
        var isTooLarge = false
        let (copies, pool) = (copies, pool)
        let wanted: Int? = if case .length(let count) = head.framing { count } else { nil }
        let fault = request.pump(pool) { bytes in
            for copy in copies where !copy.append(bytes, expecting: wanted, pool) { isTooLarge = true }
        }
        if isTooLarge || request.bodyBytes > snapshot.limits.mirrorBody {
            endCopies(.requestTooLarge)
        } else if request.isSourceComplete {
            sendCopies()
        }
        return fault
    }

    private func sendCopies() {
        for copy in copies { context.copies.add(copy, pool) }
        copies = []
    }

    /// The request has ended before its body was there.
    func abandonCopies() { endCopies(.clientClosed) }

    private func endCopies(_ failure: Failure) {
        for copy in copies { context.copies.end(copy, failure, pool) }
        copies = []
    }
}
