import Glibc
import Testing

/// A load that does not end: the manifests lie on a mount that does not answer.
@Suite struct SlowLoadTests {
    private struct Stalled {
        let origin: RecordingOrigin
        let faults: FaultFolder
        let serin: SerinProcess

        /// - Parameter settings: further lines of serin.yaml.
        init(_ origin: RecordingOrigin? = nil, settings: String = "") throws {
            let origin = try origin ?? RecordingOrigin.named("app")
            self.origin = origin
            let folder = try TemporaryFolder()
            faults = try FaultFolder(folder)
            serin = try SerinProcess(.origin(origin, settings: settings), folder: folder, variables: try faults.variables)
            try faults.stall(opening: "all.yaml")
            serin.process.signal(SIGHUP)
            try faults.waitForStall()
        }
    }

    @Test(arguments: [SIGTERM, SIGQUIT])
    func aStopDoesNotWaitForIt(_ signal: Int32) throws {
        let stalled = try Stalled()
        #expect(try stalled.serin.client().get().text == "app\n")
        stalled.serin.process.signal(signal)
        #expect(try stalled.serin.process.wait() == .exited(0))
        let log = stalled.serin.process.errors
        #expect(log.contains("the configuration is still being loaded: not waited for") && log.contains("stopped"), "\(log)")
    }

    /// Nor for a request that does not end.
    @Test func norDoesOneAtOnce() throws {
        let gate = Gate()
        defer { gate.open() }
        let stalled = try Stalled(RecordingOrigin { connection in
            while let request = try connection.readRequest() {
                try gate.wait()
                try connection.answer("late\n", to: request)
            }
        }, settings: "shutdownTimeout: 600s")
        let client = try stalled.serin.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try stalled.origin.requests(1)
        stalled.serin.process.signal(SIGTERM)
        try stalled.serin.waitForLog("stopping: finishing what runs")
        stalled.serin.process.signal(SIGTERM)
        #expect(try stalled.serin.process.wait() == .exited(0))
        #expect(stalled.serin.process.errors.contains("stopping at once"))
    }
}
