import Foundation
import Glibc
import Testing

/// `watch: true`: changes of the files, in each way in which they come about, lead to a reload.
@Suite struct WatchTests {
    /// A proxy that watches; its manifest sends everything to one of two origins.
    private struct Setting {
        let one: RecordingOrigin
        let two: RecordingOrigin
        let folder: TemporaryFolder
        var configuration: TestConfiguration

        init() throws {
            one = try RecordingOrigin.named("one")
            two = try RecordingOrigin.named("two")
            folder = try TemporaryFolder()
            configuration = TestConfiguration(settings: "watch: true")
            configuration.services = ["one": [one.address.description], "two": [two.address.description]]
            configuration.manifests = [manifest("one")]
        }

        func manifest(_ service: String) -> String { Manifests.ingress("app", service: service) }

        func start() throws -> SerinProcess { try SerinProcess(configuration, folder: folder) }
    }

    private static func expect(_ text: String, from serin: SerinProcess) throws {
        try eventually("the answer “\(text)”; the log:\n\(serin.process.errors)") { try serin.client().get().text == text + "\n" }
    }

    private static func link(_ name: String, to target: String, in folder: TemporaryFolder) throws {
        // `ln -sfn`, in one step.
        try FileManager.default.createSymbolicLink(atPath: folder.path(name + ".new"), withDestinationPath: target)
        try #require(unsafe rename(folder.path(name + ".new"), folder.path(name)) == 0)
    }

    // MARK: Ways to change a file

    @Test func editedInPlace() throws {
        let setting = try Setting()
        let serin = try setting.start()
        for service in ["two", "one", "two"] {
            try setting.manifest(service).write(toFile: setting.folder.path("manifests/all.yaml"), atomically: false, encoding: .utf8)
            try Self.expect(service, from: serin)
        }
    }

    @Test func replacedByAnother() throws {
        let setting = try Setting()
        let serin = try setting.start()
        for service in ["two", "one", "two"] {
            // Not a manifest's name, as editors choose them.
            try setting.folder.write(setting.manifest(service), to: "manifests/.all.yaml.swp")
            try #require(unsafe rename(setting.folder.path("manifests/.all.yaml.swp"), setting.folder.path("manifests/all.yaml")) == 0)
            try Self.expect(service, from: serin)
        }
    }

    @Test func theConfigurationFileItself() throws {
        var setting = try Setting()
        let serin = try setting.start()
        setting.configuration.services["one"] = [setting.two.address.description]
        try setting.configuration.write(to: setting.folder)
        try Self.expect("two", from: serin)
        #expect(try serin.metrics().sum("serin_config_last_reload_successful") == 1)
    }

    @Test func filesThatComeAndGo() throws {
        let setting = try Setting()
        let serin = try setting.start()
        let special = Manifests.ingress("special", host: "special.example", service: "two")
        for _ in 0..<2 {
            try setting.folder.write(special, to: "manifests/special.yml")
            try eventually("the new route") { try serin.client().get(host: "special.example").text == "two\n" }
            try FileManager.default.removeItem(atPath: setting.folder.path("manifests/special.yml"))
            try eventually("the old route") { try serin.client().get(host: "special.example").text == "one\n" }
        }
    }

    /// As the kubelet does: the files are links through `..data`, which is turned to another folder by a rename.
    @Test func aMountedConfigMap() throws {
        let setting = try Setting()
        let folder = setting.folder
        try folder.write(setting.manifest("one"), to: "mount/..v1/all.yaml")
        try Self.link("mount/..data", to: "..v1", in: folder)
        try Self.link("mount/all.yaml", to: "..data/all.yaml", in: folder)
        try FileManager.default.createSymbolicLink(atPath: folder.path("manifests"), withDestinationPath: "mount")
        var configuration = setting.configuration
        configuration.manifests = []
        try folder.write(configuration.text, to: SerinProcess.file)
        let serin = try SerinProcess(in: folder)
        for (version, service) in [(2, "two"), (3, "one"), (4, "two")] {
            try folder.write(setting.manifest(service), to: "mount/..v\(version)/all.yaml")
            try Self.link("mount/..data", to: "..v\(version)", in: folder)
            try FileManager.default.removeItem(atPath: folder.path("mount/..v\(version - 1)"))
            try Self.expect(service, from: serin)
        }
        #expect(try serin.metrics().sum("serin_config_reloads_total", ["result": "failure"]) == 0)
    }

    @Test func aLinkTurnedToAnotherFolder() throws {
        let setting = try Setting()
        let folder = setting.folder
        let serin = try setting.start()
        try folder.move("manifests", to: "v0")
        try folder.write(setting.manifest("two"), to: "v1/all.yaml")
        try Self.link("manifests", to: "v1", in: folder)
        try Self.expect("two", from: serin)
        try folder.write(setting.manifest("one"), to: "v1/all.yaml")
        try Self.expect("one", from: serin)
    }

    // MARK: Trouble

    @Test func aBadFileChangesNothingUntilItIsPutRight() throws {
        let setting = try Setting()
        let serin = try setting.start()
        try setting.folder.write("kind: [", to: "manifests/all.yaml")
        try serin.waitForLog("reload refused: the configuration in force stays")
        try serin.waitForLog("manifests/all.yaml:1: error: YAML")
        #expect(try serin.client().get().text == "one\n")
        #expect(try serin.metrics().sum("serin_config_last_reload_successful") == 0)
        try setting.folder.write(setting.manifest("two"), to: "manifests/all.yaml")
        try Self.expect("two", from: serin)
        // The answer may come from the first worker that has swapped; the counter changes when all have.
        try eventually("success") { try serin.metrics().sum("serin_config_last_reload_successful") == 1 }
    }

    @Test func aFolderThatVanishesIsWatchedAgain() throws {
        let setting = try Setting()
        let serin = try setting.start()
        for service in ["two", "one"] {
            let refused = try serin.metrics().sum("serin_config_reloads_total", ["result": "failure"])
            try FileManager.default.removeItem(atPath: setting.folder.path("manifests"))
            try eventually("a refusal") { try serin.metrics().sum("serin_config_reloads_total", ["result": "failure"]) > refused }
            #expect(try serin.client().get().status == 200)
            try setting.folder.write(setting.manifest(service), to: "manifests/all.yaml")
            try Self.expect(service, from: serin)
        }
        try setting.folder.write(setting.manifest("two"), to: "manifests/all.yaml")
        try Self.expect("two", from: serin)
    }

    @Test func whatIsWatchedFollowsTheConfiguration() throws {
        let setting = try Setting()
        let serin = try setting.start()
        try setting.folder.write(setting.configuration.text.replacing("[manifests/]", with: "[other/]"), to: SerinProcess.file)
        try serin.waitForLog("there is no other/")
        // A folder that only the refused configuration names.
        try setting.folder.write(setting.manifest("two"), to: "other/all.yaml")
        try Self.expect("two", from: serin)
        try setting.folder.write(setting.manifest("one"), to: "other/all.yaml")
        try Self.expect("one", from: serin)
    }

    @Test func isOffUnlessAskedFor() throws {
        let setting = try Setting()
        var configuration = setting.configuration
        configuration.settings = ""
        let serin = try SerinProcess(configuration, folder: setting.folder)
        #expect(!Self.watches(serin))
        #expect(try serin.reload(setting.configuration).status == 200)
        #expect(Self.watches(serin))
        #expect(try serin.reload(configuration).status == 200)
        #expect(!Self.watches(serin))
    }

    private static func watches(_ serin: SerinProcess) -> Bool {
        let folder = "/proc/\(serin.process.pid)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.contains { (try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + $0)) == "anon_inode:inotify" }
    }
}
