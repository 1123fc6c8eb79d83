import Exchange
import Routing
import TestSupport
import Testing
@testable import Configuration

/// What a process hands over of its stored Ingresses, and what the next one takes of that.
@Suite struct StoredIngressesTests {
    private static func manifests(_ yaml: String, prefix: AnnotationPrefix = .ingressNginx) -> [Manifest] {
        var log = DiagnosticLog()
        var loader = ManifestLoader()
        loader.add(YAMLFile(name: "all.yaml", text: yaml), log: &log)
        #expect(!log.hasErrors, "\(log.entries)")
        return prefix.apply(to: loader.manifests, log: &log)
    }

    private static func stored(_ manifests: [Manifest]) -> StoredIngresses {
        var stored = StoredIngresses()
        for manifest in manifests {
            if case .ingress = manifest.body { stored.store(manifest) }
        }
        return stored
    }

    /// By what the planner makes of them.
    private static func listing(_ stored: StoredIngresses) -> String {
        var log = DiagnosticLog()
        var settings = Settings()
        settings.compatibility = .ingressNginx
        let manifests = stored.manifests.sorted { $0.key < $1.key }.map(\.value)
        let compiled = SnapshotCompiler.compile(manifests, settings: settings, config: Place(file: "serin.yaml", line: 1), log: &log)
        // All of an Ingress is on its first line then.
        let messages = log.sorted.map { $0.message.replacing(/yaml:\d+/, with: "yaml") }.sorted()
        return (Listing.routes(compiled.snapshot) + messages).joined(separator: "\n")
    }

    /// Every fixture without errors.
    @Test(arguments: Golden.names(in: "migrating").map { "migrating/" + $0 } + ["manifests/order", "manifests/classes", "manifests/default-backends", "manifests/list"])
    func whatIsHandedOverIsTaken(_ path: String) throws {
        let stored = Self.stored(Self.manifests(try Golden.text(path + ".yaml")))
        let bytes = try #require(stored.handOver())
        let taken = StoredIngresses(handedOver: bytes)
        #expect(taken.manifests.keys.sorted() == stored.manifests.keys.sorted())
        #expect(taken.handOver() == bytes, "whatever is written is read again")
        #expect(Self.listing(taken) == Self.listing(stored))
        for (label, manifest) in stored.manifests { #expect(taken[label]?.place == manifest.place) }
    }

    @Test func nothingOfATextIsLost() throws {
        let value = "a \"b\" \\ 'c' # {d}: [e]\n\ttab \u{7F} \u{85} \u{2028} é \u{1F426} %@`!&*|> - ? ~ null"
        let yaml = """
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata:
              name: shop
              labels: {app: "on"}
              annotations: {edge.example/canary-by-header: \(ManifestText.quoted(value)), other.example/x: ""}
            spec:
              rules: [{host: a.test}]
            """
        let prefix = try #require(AnnotationPrefix("edge.example"))
        let stored = Self.stored(Self.manifests(yaml, prefix: prefix))
        let bytes = try #require(stored.handOver())
        let manifest = try #require(StoredIngresses(handedOver: bytes)["default/shop"])
        #expect(manifest.annotations.map(\.value) == [value, ""])
        #expect(manifest.annotation("nginx.ingress.kubernetes.io/canary-by-header")?.key == "edge.example/canary-by-header")
        #expect(manifest.labels == ["app": "on"] && manifest.nginxPrefix == "edge.example/")
    }

    @Test func nothingIsHandedOverOfNothing() {
        #expect(StoredIngresses().handOver() == nil)
    }

    // MARK: What nobody has written

    @Test func damageIsNeverTakenForMore() throws {
        let yaml = (0..<5).map { Ingress.main("main\($0)", "a\($0)/ shop", annotations: ["use-regex": "true"]).yaml }.joined(separator: "\n---\n")
        let stored = Self.stored(Self.manifests(yaml))
        let bytes = try #require(stored.handOver())
        for count in stride(from: 0, to: bytes.count, by: 7) {
            let taken = StoredIngresses(handedOver: Array(bytes.prefix(count)))
            #expect(taken.manifests.count < 5 && taken.manifests.keys.allSatisfy { stored[$0] != nil })
        }
        var random = SeededGenerator(seed: 7)
        for _ in 0..<300 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let taken = StoredIngresses(handedOver: damaged)
            #expect(taken.manifests.count <= 5)
            _ = Self.listing(taken)
        }
    }

    @Test(arguments: [
        "", "serin ingresses 2\n", "kind: Ingress", #"{apiVersion: v1, kind: Service, metadata: {name: a}}"#,
        #"{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {rules: [{host: "a b"}]}}"#,
        "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}}\n---\n{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: b}}",
    ]) func whatIsNoIngressIsNotTaken(_ text: String) {
        func record(_ texts: [String]) -> [UInt8] {
            texts.flatMap { text in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: text.utf8.count >> $0) } + Array(text.utf8) }
        }
        let mark = Array("serin ingresses 1\n".utf8), prefix = "nginx.ingress.kubernetes.io/"
        #expect(StoredIngresses(handedOver: Array(text.utf8)).manifests.isEmpty)
        #expect(StoredIngresses(handedOver: mark + record([prefix, "f", "1", text])).manifests.isEmpty)
        let good = Ingress.main("main", "a/ shop").yaml
        #expect(StoredIngresses(handedOver: mark + record([prefix, "f", "1", text, prefix, "f", "1", good])).manifests.count == 1)
        for bad in [["serin.dev/", "f", "1", good], [prefix, "f", "0", good], [prefix, "f", "x", good]] {
            #expect(StoredIngresses(handedOver: mark + record(bad)).manifests.isEmpty)
        }
        #expect(StoredIngresses(handedOver: mark + [0xFF, 0xFF, 0xFF, 0xFF]).manifests.isEmpty)
    }
}
