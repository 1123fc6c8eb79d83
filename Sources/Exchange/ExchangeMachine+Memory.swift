import HTTP1

/// Where the buffers of all requests have reached their limit (`BufferPool.limit`).
extension ExchangeMachine {
    /// The blocks of others alone reach it: what this request has itself does not count, so that there is always room for one.
    var isCrowdedOut: Bool { pool.isExhausted && pool.bytesTaken - blockBytes >= pool.limit }

    /// The request has not begun to reach an upstream, and shall not. Its client is told by whoever has its connection, so that the answer
    /// takes no block.
    @inline(never)
    func refuse(_ now: Instant) {
        let isWhole = request.input.retained > 0
        let answer = LocalAnswer(
            status: Failure.memoryLimit.status, closes: true, saysKeepAlive: false, omitsBody: isWhole && head.method == .head)
        summary.failure = .memoryLimit
        summary.status = answer.status
        summary.isAnswered = true
        summary.responseBodyBytes = answer.bodyBytes
        finish(.refuse(omitsBody: answer.omitsBody), now)
    }
}
