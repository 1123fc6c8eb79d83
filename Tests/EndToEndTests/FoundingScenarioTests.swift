import Foundation
import Glibc
import Testing

extension LoadTests {
    /// The gray release of the founding documents, stage by stage, on one running process and under load.
    @Suite(.serialized) struct FoundingScenarioTests {
        /// What a stage promises.
        private enum Share: Equatable {
            case old, new
            /// The new version's part of a hundred.
            case percent(Int)
        }

        private struct Stage {
            let folder: String
            /// Requests without the header.
            let plain: Share
            /// Headers with the version that they lead to.
            var headers: [(field: String, share: Share)] = []
            var usesSignal = false
        }

        private static let first = [
            Stage(folder: "1-old", plain: .old, headers: [("foo: bar", .old)]),
            Stage(folder: "2-header", plain: .old, headers: [("foo: bar", .new), ("foo: other", .old)], usesSignal: true),
            Stage(folder: "3-header-then-weight", plain: .percent(50), headers: [("foo: bar", .new), ("foo: other", .percent(50))]),
            Stage(folder: "4-weight", plain: .percent(50), headers: [("foo: bar", .percent(50))], usesSignal: true),
            Stage(folder: "5-promoted", plain: .new, headers: [("foo: bar", .new)]),
            Stage(folder: "6-canary-removed", plain: .new, headers: [("foo: bar", .new)], usesSignal: true),
        ]

        private static let second = [
            Stage(folder: "second-weight", plain: .percent(10)),
            Stage(
                folder: "second-header-pattern", plain: .old,
                headers: [("Region: cd", .new), ("Region: sz", .new), ("region: CD", .old), ("Region: bj", .old)], usesSignal: true),
        ]

        @Test func theFirstDocumentsStagesInOrder() throws { try walk(Self.first, host: "www.example.com") }

        @Test func theSecondDocumentsStagesInOrder() throws { try walk(Self.second, host: "canary.example.com") }

        private func walk(_ stages: [Stage], host: String) throws {
            let old = try Nginx.named("old"), new = try Nginx.named("new")
            let folder = try Self.manifests(old: old, new: new)
            try Self.write(stages[0], in: folder)
            let process = try SerinProcess.launch(["run", "-c", SerinProcess.file], in: folder)
            let (listeners, admin) = try SerinProcess.addresses(of: process)
            let run = Run(process: process, address: listeners[0], admin: admin, host: host)
            let load = LoadClient(run.address, clients: 4, host: host, accepted: ["old\n", "new\n"])
            try load.waitForMore(20)
            for (index, stage) in stages.enumerated() {
                if index > 0 {
                    try Self.write(stage, in: folder)
                    try run.reload(bySignal: stage.usesSignal)
                }
                try run.check(stage.plain, field: nil, load)
                for (field, share) in stage.headers { try run.check(share, field: field, load) }
                try load.waitForMore(20)
                if case .percent(let percent) = stage.plain { try run.checkUnderLoad(percent, load) }
            }
            try load.stop()
            #expect(load.failures.isEmpty, "no request may fail")
            process.signal(SIGTERM)
            #expect(try process.wait() == .exited(0))
        }

        /// The repository's own manifests, with the ports of this test's origins.
        private static func manifests(old: Nginx, new: Nginx) throws -> TemporaryFolder {
            let folder = try TemporaryFolder()
            let source = Repository.path + "/config/gray-release"
            for stage in try FileManager.default.contentsOfDirectory(atPath: source) {
                for file in try FileManager.default.contentsOfDirectory(atPath: source + "/" + stage) {
                    let text = try String(contentsOfFile: "\(source)/\(stage)/\(file)", encoding: .utf8)
                    let moved = text.replacingOccurrences(of: "9001", with: "\(old.address.port)")
                        .replacingOccurrences(of: "9002", with: "\(new.address.port)")
                    try folder.write(moved, to: "gray-release/\(stage)/\(file)")
                }
            }
            return folder
        }

        private static func write(_ stage: Stage, in folder: TemporaryFolder) throws {
            try folder.write("""
                listeners: [{address: "127.0.0.1:0"}]
                admin: {address: "127.0.0.1:0"}
                workers: 1
                manifests: [gray-release/\(stage.folder)/]

                """, to: SerinProcess.file)
        }

        /// One walk's process, seen from outside.
        private struct Run {
            let process: ChildProcess
            let address: TestAddress
            let admin: TestAddress
            let host: String

            func reload(bySignal: Bool) throws {
                guard bySignal else {
                    let answer = try Curl.run("-X", "POST", "http://\(admin)/v1/reload")
                    #expect(answer.status == 200, "\(answer.body)")
                    return
                }
                let before = try scrape().sum("serin_config_reloads_total", ["result": "success"])
                process.signal(SIGHUP)
                try eventually("the reload") { try scrape().sum("serin_config_reloads_total", ["result": "success"]) > before }
                // Counted when loaded; a scrape goes through every worker's mailbox behind the new snapshot.
                _ = try scrape()
            }

            func scrape() throws -> Metrics {
                let client = try RawClient(admin)
                return Metrics(text: try client.get("/metrics", host: "localhost").text)
            }

            /// Asks with curl, as the document does.
            func check(_ share: Share, field: String?, _ load: LoadClient) throws {
                let what = "\(host) \(field ?? "without a header")"
                let fields = field.map { ["-H", $0] } ?? []
                let arguments = ["-H", "Host: \(host)"] + fields + ["http://\(address)/"]
                switch share {
                case .old, .new:
                    let expected = share == .old ? "old\n" : "new\n"
                    for _ in 0..<5 { #expect(try Curl.run(arguments).body == expected, "\(what)") }
                case .percent(let percent):
                    #expect(["old\n", "new\n"].contains(try Curl.run(arguments).body))
                    try load.whilePaused { try checkExactly(percent, field: field) }
                }
            }

            /// The split is exact, not lucky: within 4 of the share in any run of up to 1000.
            private func checkExactly(_ percent: Int, field: String?) throws {
                let client = try RawClient(address)
                var new = 0
                for _ in 0..<1000 where try client.get(host: host, fields: field.map { [$0] } ?? []).text == "new\n" { new += 1 }
                #expect(abs(new - 10 * percent) <= 4, "\(new) of 1000 got the new version, \(field ?? "without a header")")
            }

            /// Over all requests of the one worker, the load's included, the share holds, too.
            func checkUnderLoad(_ percent: Int, _ load: LoadClient) throws {
                let before = try load.whilePaused { try scrape() }
                try load.waitForMore(500)
                let after = try load.whilePaused { try scrape() }
                func count(_ labels: [String: String]) -> Int { after.requests(labels) - before.requests(labels) }
                let all = count(["reason": "weight"]), new = count(["reason": "weight", "version": "canary"])
                #expect(all >= 500)
                #expect(abs(new * 100 - all * percent) <= 500, "\(new) of \(all)")
            }
        }
    }
}
