import Exchange
import Foundation
import Glibc
import Routing
import TestSupport
import Testing
@testable import Configuration

/// Loading from files: paths, folders, and what can be wrong with them.
@Suite struct LoaderTests {
    private static let service = "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {ports: [{port: 80}]}\n"

    private static func ingress(_ name: String) -> String {
        """
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: \(name)}
        spec:
          rules:
          - http: {paths: [{path: /\(name), pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}]}

        """
    }

    private static func json(_ name: String) -> String {
        #"{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "\#(name)"}, "spec": {"rules": [{"http": {"paths": [{"path": "/\#(name)", "#
            + #""pathType": "Prefix", "backend": {"service": {"name": "shop", "port": {"number": 80}}}}]}}]}}"#
    }

    /// Loads `serin.yaml` of a folder with `files`, and gives the diagnostics with the folder cut off.
    private func load(_ files: [String: String]) throws -> (result: LoadResult, messages: [String]) {
        let folder = try Scratch.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in files { try Scratch.write(text, to: folder + "/" + name) }
        let result = ConfigurationLoader.load(file: folder + "/serin.yaml")
        return (result, result.diagnostics.map { $0.description.replacingOccurrences(of: folder + "/", with: "") })
    }

    @Test func foldersAreReadInTheOrderOfNames() throws {
        let (result, messages) = try load([
            "serin.yaml": "manifests: [more/, single.yml]\nservices: {shop: [127.0.0.1:80]}\naccessLog: {format: combined, path: a.log}\n",
            "more/b.yml": Self.ingress("b"), "more/a.yaml": Self.ingress("a"), "more/readme.md": "no: [yaml",
            "more/c.json": Self.json("c"), "more/.hidden.yaml": "no: [yaml", "more/deeper/c.yaml": "no: [yaml", "more/..data/c.yaml": "no: [yaml",
            "single.yml": Self.ingress("single"),
        ])
        #expect(messages == ["serin.yaml:1: note: manifests: folders in the folder more/ are not read (deeper); name them under `manifests:`, too"])
        let configuration = try #require(result.configuration)
        #expect(configuration.snapshot.routes.routes.map(\.path) == ["/a", "/b", "/c", "/single"])
        #expect(configuration.settings.accessLog.path?.hasSuffix("/a.log") == true)
    }

    /// The API leaves out of the items of an IngressList what they are; so does `kubectl get --raw`.
    @Test func itemsOfAListAreOfItsKind() throws {
        func item(_ name: String) -> String {
            Self.json(name).replacingOccurrences(of: #""apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "#, with: "")
        }
        let service = #"{"metadata": {"name": "shop"}, "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 80}]}}"#
        let (result, messages) = try load([
            "serin.yaml": "manifests: [all/]\nservices: {shop: [127.0.0.1:80]}\n",
            "all/ingresses.json": #"{"apiVersion": "networking.k8s.io/v1", "kind": "IngressList", "items": [\#(item("a")), \#(Self.json("b"))]}"#,
            "all/old.json": #"{"apiVersion": "networking.k8s.io/v1beta1", "kind": "IngressList", "items": [\#(item("c"))]}"#,
            "all/services.json": #"{"apiVersion": "v1", "kind": "ServiceList", "items": [\#(service)]}"#,
            "all/list.json": #"{"apiVersion": "v1", "kind": "List", "items": [\#(service)]}"#,
        ])
        #expect(messages == [
            "all/list.json:1: error: manifest: has no `kind` and no `apiVersion`; is this a Kubernetes manifest?",
            "all/old.json:1: warning: Ingress default/c: `service` in a backend belongs to networking.k8s.io/v1: taken as meant, but kubectl would refuse it; "
                + "v1beta1 has `serviceName` and `servicePort`",
        ])
        #expect(result.configuration == nil)
    }

    @Test func whatIsMissingIsNamed() throws {
        let (result, messages) = try load([
            "serin.yaml": "manifests:\n- nowhere/\n- empty/\n- a.yaml\n- ./a.yaml\n- a.yaml\n", "empty/readme.md": "", "a.yaml": Self.service,
        ])
        #expect(result.configuration == nil)
        #expect(
            messages == [
                "serin.yaml:2: error: manifests: there is no nowhere/; paths are relative to the configuration file",
                "serin.yaml:3: warning: manifests: the folder empty/ holds no *.yaml, *.yml or *.json file",
                "serin.yaml:6: warning: manifests: a.yaml is named twice; it is read once",
                "./a.yaml:1: error: Service default/shop: the same object is also at a.yaml:1; remove one or rename it",
            ])
    }

    /// Threads share the work; nobody can tell from what comes of it.
    @Test func manyDocumentsAreReadAsIfOneByOne() throws {
        var files: [String: String] = ["serin.yaml": "manifests: [all/]\n"]
        for file in 0..<24 {
            let documents = (0..<80).map { number -> String in
                switch (file * 80 + number) % 37 {
                case 3: "a: [\n"
                case 11: Self.ingress("twice")
                case 17: "kind: Ingress\n"
                case 23: Self.ingress("a\(number)") + Self.service
                default: Self.ingress("web-\(file)-\(number)")
                }
            }
            files["all/\(file).yaml"] = documents.joined(separator: "---\n")
        }
        files["all/7.yaml"] = "\u{1}"
        let folder = try Scratch.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in files { try Scratch.write(text, to: folder + "/" + name) }
        let found = ManifestFiles.find([Settings.Source(path: "all/", line: 1)], folder: folder, config: Place(file: "serin.yaml", line: 1))
        #expect(found.found.count == 24)
        var one = DiagnosticLog(), many = DiagnosticLog()
        var loader = ManifestLoader()
        for file in found.found {
            if let file = YAMLFile.read(file.path, log: &one) { loader.add(file, log: &one) }
        }
        let manifests = ManifestLoader.load(found, log: &many)
        #expect(manifests.count > 1500)
        #expect(manifests.map { "\($0.object) \($0.place)" } == loader.manifests.map { "\($0.object) \($0.place)" })
        #expect(many.entries.count > 100)
        #expect(many.entries == one.entries)
        #expect(many.errorCount == one.errorCount)
    }

    @Test func whatIsWatched() throws {
        let files = [
            "serin.yaml": "watch: true\nmanifests: [all, nowhere/, one.yaml, all]\n", "all/a.yaml": Self.service, "all/readme.md": "", "one.yaml": "a: [",
        ]
        let folder = try Scratch.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in files { try Scratch.write(text, to: folder + "/" + name) }
        let loaded = ConfigurationLoader.load(file: folder + "/serin.yaml")
        #expect(loaded.configuration == nil, "also what is bad, to be put right")
        #expect(Set(loaded.watched) == Set(["serin.yaml", "all", "all/a.yaml", "nowhere/", "one.yaml"].map { folder + "/" + $0 }))
        try Scratch.write("manifests: [all]\n", to: folder + "/serin.yaml")
        #expect(ConfigurationLoader.load(file: folder + "/serin.yaml").watched.isEmpty)
    }

    @Test func theFileItself() throws {
        let folder = try Scratch.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let missing = ConfigurationLoader.load(file: folder + "/serin.yaml")
        #expect(missing.configuration == nil)
        #expect(
            missing.diagnostics.map(\.description) == [
                "\(folder)/serin.yaml:1: error: file: can't be read: there is no such file; check the path",
            ])
        let isFolder = ConfigurationLoader.load(file: folder)
        #expect(
            isFolder.diagnostics.map(\.description) == ["\(folder):1: error: file: can't be read: it is a folder; name a file"])
    }

    @Test func faultsOfSeveralFilesAreAllTold() throws {
        let (result, messages) = try load([
            "serin.yaml": "manifests: [a.yaml, b.yaml]\nworkers: x\n", "a.yaml": "a: [\n", "b.yaml": "kind: Service\n",
        ])
        #expect(result.configuration == nil)
        #expect(messages.count == 3)
        #expect(messages.map { $0.prefix { $0 != ":" } } == ["serin.yaml", "a.yaml", "b.yaml"])
    }

    @Test func aConfigurationWithoutRoutesIsUsableButSaysSo() throws {
        let (result, messages) = try load(["serin.yaml": "workers: 1\n"])
        #expect(result.configuration != nil)
        #expect(messages.count == 1)
        #expect(messages.first?.contains("warning: configuration: there is no route") == true)
    }

    @Test func aPipeIsReadLikeAFile() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("workers: x\n".utf8))
        try pipe.fileHandleForWriting.close()
        let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        let result = ConfigurationLoader.load(file: path)
        #expect(
            result.diagnostics.map(\.description) == [
                "\(path):1: error: workers: expected `auto`, or a whole number between 1 and 1024, found `x`",
            ])
    }

    /// Nobody who serves can wait for its writer, and the second time it would be empty.
    @Test func aPipeIsNotReadAgain() throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.close()
        let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
        #expect(
            ConfigurationLoader.load(file: path, mayWait: false).diagnostics.map(\.description) == [
                "\(path):1: error: file: is no regular file (a FIFO); put a file there, or a link to one",
            ])
    }

    struct Irregular: Sendable, CustomTestStringConvertible {
        let name: String
        /// What the configuration file has in it; `x.yaml` and `all/x.yaml` are FIFOs, `hole` is larger than any file may be.
        let settings: String
        let message: String
        var testDescription: String { name }
    }

    private static let fifo = "is no regular file (a FIFO); put a file there, or a link to one"

    @Test(arguments: [
        Irregular(name: "in a folder", settings: "manifests: [all]", message: "all/x.yaml:1: error: file: \(fifo)"),
        Irregular(name: "named", settings: "manifests: [x.yaml]", message: "x.yaml:1: error: file: \(fifo)"),
        Irregular(name: "a device", settings: "manifests: [/dev/zero]", message: "/dev/zero:1: error: file: is no regular file (a device); put a file there, or a link to one"),
        Irregular(name: "too large", settings: "manifests: [hole]", message: "hole:1: error: file: is larger than 256 MiB; split it, or name the right file"),
        Irregular(
            name: "a certificate", settings: "tls: {certificates: [{certificate: x.yaml, key: key}]}", message: "serin.yaml:1: error: tls: x.yaml \(fifo)"),
        Irregular(name: "a key", settings: "tls: {certificates: [{certificate: key, key: x.yaml}]}", message: "serin.yaml:1: error: tls: x.yaml \(fifo)"),
        Irregular(
            name: "a certificate that is too large", settings: "tls: {defaultCertificate: {certificate: hole, key: key}}",
            message: "serin.yaml:1: error: tls: hole is larger than 1 MiB; split it, or name the right file"),
        Irregular(
            name: "a certificate that is a folder", settings: "tls: {defaultCertificate: {certificate: all, key: key}}",
            message: "serin.yaml:1: error: tls: all can't be read: it is a folder; name a file"),
        Irregular(
            name: "an OCSP response", settings: "tls: {certificates: [{certificate: key, key: key, ocsp: x.yaml}]}",
            message: "serin.yaml:1: warning: tls: x.yaml \(fifo)"),
    ])
    func whatIsNoRegularFileIsNotOpened(_ test: Irregular) throws {
        let folder = try Scratch.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Scratch.write(test.settings + "\n", to: folder + "/serin.yaml")
        try Scratch.write(Self.service, to: folder + "/all/a.yaml")
        try Scratch.write("", to: folder + "/key")
        try Scratch.write("", to: folder + "/hole")
        // Without bytes on the disk. The path is only read during the call.
        try #require(unsafe truncate(folder + "/hole", BoundedFile.manifestLimit + 1) == 0)
        for path in ["/x.yaml", "/all/x.yaml"] { try Scratch.fifo(folder + path) }
        let result = ConfigurationLoader.load(file: folder + "/serin.yaml")
        let messages = result.diagnostics.map { $0.description.replacingOccurrences(of: folder + "/", with: "") }
        #expect(messages.contains(test.message), "\(messages)")
        if test.message.contains(": error: ") { #expect(result.configuration == nil) }
    }

    @Test func linkedFolders() throws {
        let folder = try Scratch.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        // As Kubernetes mounts a ConfigMap: the folder's files are links through a linked folder.
        try Scratch.write(Self.ingress("a"), to: folder + "/mount/..2026/a.yaml")
        try FileManager.default.createSymbolicLink(atPath: folder + "/mount/..data", withDestinationPath: "..2026")
        try FileManager.default.createSymbolicLink(atPath: folder + "/mount/a.yaml", withDestinationPath: "..data/a.yaml")
        try FileManager.default.createSymbolicLink(atPath: folder + "/linked", withDestinationPath: "mount")
        try Scratch.write("manifests: [linked]\nservices: {shop: [127.0.0.1:80]}\n", to: folder + "/serin.yaml")
        let result = ConfigurationLoader.load(file: folder + "/serin.yaml")
        #expect(result.diagnostics.isEmpty)
        #expect(result.configuration?.snapshot.routes.routes.map(\.path) == ["/a"])
    }
}
