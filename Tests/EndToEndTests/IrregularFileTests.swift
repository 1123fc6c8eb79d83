import Foundation
import Glibc
import Testing

/// Paths of a configuration that lead to something that is no file, or that never ends: nobody waits for them, and no memory goes there.
@Suite struct IrregularFileTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let make: @Sendable (_ path: String) throws -> Void
        let error: String
        var testDescription: String { name }
    }

    private static let cases: [Case] = [
        Case(name: "a FIFO", make: fifo, error: "is no regular file (a FIFO)"),
        Case(
            name: "a link to a device", make: { try FileManager.default.createSymbolicLink(atPath: $0, withDestinationPath: "/dev/zero") },
            error: "is no regular file (a device)"),
        Case(
            name: "a large file",
            make: { path in
                try Data().write(to: URL(fileURLWithPath: path))
                // Without bytes on the disk. The path is only read during the call.
                try #require(unsafe truncate(path, 1 << 40) == 0)
            },
            error: "is larger than 256 MiB"),
    ]

    private static func fifo(_ path: String) throws {
        // The path is only read during the call.
        try #require(unsafe mkfifo(path, 0o600) == 0)
    }

    private static let file = "manifests/z.yaml"

    @Test(arguments: cases) func isRefusedAtTheStart(_ test: Case) throws {
        let folder = try TemporaryFolder()
        try TestConfiguration.origin(try RecordingOrigin.named("app")).write(to: folder)
        try test.make(folder.path(Self.file))
        for command in ["check", "run"] {
            let process = try SerinProcess.launch([command, "-c", SerinProcess.file], in: folder)
            #expect(try process.wait() == .exited(1))
            #expect(process.errors.hasPrefix("manifests/z.yaml:1: error: file: \(test.error)"), "\(process.errors)")
        }
    }

    @Test(arguments: cases) func isRefusedByAReload(_ test: Case) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin))
        for _ in 0..<2 {
            try test.make(serin.folder.path(Self.file))
            let answer = try serin.reload()
            #expect(answer.status == 422)
            #expect(answer.text.contains(test.error), "\(answer.text)")
            #expect(try serin.client().get().text == "app\n")
            try FileManager.default.removeItem(atPath: serin.folder.path(Self.file))
            #expect(try serin.reload().status == 200)
        }
        #expect(try serin.stop() == .exited(0))
    }

    @Test(arguments: cases) func isRefusedWhenItAppears(_ test: Case) throws {
        let origin = try RecordingOrigin.named("app")
        let serin = try SerinProcess(.origin(origin, settings: "watch: true"))
        try test.make(serin.folder.path(Self.file))
        try serin.waitForLog("manifests/z.yaml:1: error: file: \(test.error)")
        #expect(try serin.client().get().text == "app\n")
        try FileManager.default.removeItem(atPath: serin.folder.path(Self.file))
        try serin.waitForLog(" info reloaded: 1 route")
        #expect(try serin.stop() == .exited(0))
    }

    /// Which can be read once, before anybody is served.
    @Test func theConfigurationMayBeAPipeAtTheStartOnly() throws {
        let folder = try TemporaryFolder()
        let origin = try RecordingOrigin.named("app")
        try TestConfiguration.origin(origin).write(to: folder)
        try FileManager.default.moveItem(atPath: folder.path(SerinProcess.file), toPath: folder.path("text.yaml"))
        try Self.fifo(folder.path(SerinProcess.file))
        let writer = try ChildProcess(try Tools.path(of: "sh"), ["-c", "cat text.yaml > \(SerinProcess.file)"], named: "writer", in: folder)
        let serin = try SerinProcess(in: folder)
        #expect(try writer.wait() == .exited(0))
        let answer = try serin.reload()
        #expect(answer.status == 422)
        #expect(answer.text.contains("is no regular file (a FIFO)"), "\(answer.text)")
        #expect(try serin.client().get().text == "app\n")
        #expect(try serin.stop() == .exited(0))
    }

    /// As `kubectl get ingress -A -o yaml | serin check --migrating /dev/stdin`.
    @Test(arguments: ["cat manifests/all.yaml | \"$0\" check --migrating /dev/stdin", "cat serin.yaml | \"$0\" check -c /dev/stdin"])
    func aCommandReadsAPipe(_ line: String) throws {
        let folder = try TemporaryFolder()
        try TestConfiguration.origin(try RecordingOrigin.named("app")).write(to: folder)
        // Relative to the configuration file, which is in /dev here.
        let text = folder.read(SerinProcess.file).replacing("[manifests/]", with: "[\"\(folder.path("manifests/"))\"]")
        try folder.write(text, to: SerinProcess.file)
        let process = try ChildProcess(try Tools.path(of: "sh"), ["-c", line, try SerinProcess.executable()], named: "pipe", in: folder)
        #expect(try process.wait() == .exited(0), "\(process.errors)")
        #expect(process.output.contains("1 Ingress") || process.output.contains("the configuration is good"), "\(process.output)")
    }
}
