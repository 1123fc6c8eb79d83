import Foundation
import TestSupport
import Testing
@testable import Configuration

/// Files in folders of manifests that are none, and those that should be some.
@Suite struct FolderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let file: String
        let text: String
        /// What is said of it, `file:` left out, in a folder and if it is named.
        let inFolder: [String]
        let named: [String]
        var testDescription: String { name }

        init(_ name: String, _ file: String, _ text: String, inFolder: [String], named: [String]) {
            (self.name, self.file, self.text, self.inFolder, self.named) = (name, file, text, inFolder, named)
        }

        /// The same in both.
        init(_ name: String, _ file: String, _ text: String, _ said: String...) {
            self.init(name, file, text, inFolder: said, named: said)
        }
    }

    private static func skipped(_ line: Int, _ reason: String, others: String = "") -> [String] {
        ["\(line): warning: manifest: skipped, as this is no Kubernetes manifest: \(reason)\(others); keep it in another folder"]
    }

    private static let neither = "it has no `kind` and no `apiVersion`"
    private static let bare = ["1: error: manifest: has no `kind` and no `apiVersion`; is this a Kubernetes manifest?"]
    private static let kindless = "1: error: manifest: has no `kind`; is this a Kubernetes manifest?"

    private static let strays: [Case] = [
        Case("package.json", "package.json", #"{"name": "x", "scripts": {}}"#, inFolder: skipped(1, neither), named: bare),
        Case("a chart's values", "values.yaml", "# ingress\ningress: {enabled: true, annotations: {a/b: c}}\n", inFolder: skipped(2, neither),
            named: ["2: error: manifest: has no `kind` and no `apiVersion`; is this a Kubernetes manifest?"]),
        Case("a chart", "Chart.yaml", "apiVersion: v2\nname: x\n", inFolder: skipped(1, "it has no `kind`"), named: [kindless]),
        Case("an old chart", "Chart.yaml", "apiVersion: v1\nname: x\n", inFolder: skipped(1, "it has no `kind`"), named: [kindless]),
        Case("kustomization.yaml", "kustomization.yaml", "resources: [a.yaml]\n", inFolder: skipped(1, neither), named: bare),
        Case("a list", "list.json", #"[1, {"a": 2}]"#, inFolder: skipped(1, "it is a list"), named: ["1: error: manifest: expected a Kubernetes object, found a list"]),
        Case("a text", "text.yml", "hello\n", inFolder: skipped(1, "it is `hello`"), named: ["1: error: manifest: expected a Kubernetes object, found `hello`"]),
        Case("a kind of another world", "x.json", #"{"kind": "youtube#video", "items": [{"kind": "youtube#x"}]}"#,
            inFolder: skipped(1, "it has no `apiVersion`"), named: ["1: error: youtube#video: has no `apiVersion`; write it as kubectl wants it"]),
        Case("several documents", "x.yaml", "a: 1\n---\nb: 1\n---\nc: 1\n", inFolder: skipped(1, neither, others: " (so are 2 other documents of the file)"),
            named: [1, 3, 5].map { "\($0): error: manifest: has no `kind` and no `apiVersion`; is this a Kubernetes manifest?" }),
    ]

    private static let faults: [Case] = [
        Case("broken YAML", "x.yaml", "a: [\n", 
            "1: error: YAML: did not find expected node content, while parsing a flow node that begins on line 1; check the syntax and quote values with special characters"),
        Case("no apiVersion", "x.yaml", "kind: Ingress\nmetadata: {name: a}\n", "1: error: Ingress: has no `apiVersion`; write it as kubectl wants it"),
        Case("no kind", "x.yaml", "apiVersion: networking.k8s.io/v1\nspec: {}\n", kindless),
        Case("no kind, of the core group", "x.yaml", "apiVersion: v1\nmetadata: {name: a}\n", kindless),
        Case("a misspelt kind and no apiVersion", "x.yaml", "kind: Ingres\n", "1: error: Ingres: has no `apiVersion`; write it as kubectl wants it"),
        Case("a misspelt key", "x.yaml", "apiversion: networking.k8s.io/v1\nKind: Ingress\n", bare[0]),
        Case("neither, but a name", "x.yaml", "metadata: {name: a}\n", bare[0]),
        Case("neither, but a spec, behind a `---` too many", "x.yaml", "spec: {rules: []}\n", bare[0]),
        Case("no spaces", "x.yaml", "apiVersion:v1\n", "1: error: manifest: expected a Kubernetes object, found `apiVersion:v1`"),
        Case("objects in a JSON array", "x.json", #"[{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"}]"#,
            "1: error: manifest: expected a Kubernetes object, found a list"),
        Case("an item of a List", "x.yaml", "apiVersion: v1\nkind: List\nitems: [{a: b}]\n", "3: error: manifest: has no `kind` and no `apiVersion`; is this a Kubernetes manifest?"),
        Case("a List without apiVersion, of an Ingress without one", "x.yaml", "kind: List\nitems: [{kind: Ingress, metadata: {name: a}}]\n",
            "2: error: Ingress: has no `apiVersion`; write it as kubectl wants it"),
    ]

    private static let others: [Case] = [
        Case("another kind", "x.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n",
            "1: note: Deployment a: skipped: Serin does not look at objects of apps/v1 Deployment"),
        Case("another's Ingress", "x.yaml", "apiVersion: example.com/v1\nkind: Ingress\nmetadata: {name: a}\n",
            "1: note: Ingress a: skipped: Serin does not look at objects of example.com/v1 Ingress"),
        Case("a misspelt kind", "x.yaml", "apiVersion: networking.k8s.io/v1\nkind: Ingres\nmetadata: {name: a}\n",
            "1: warning: Ingres a: skipped: Serin does not look at objects of networking.k8s.io/v1 Ingres; did you mean `Ingress`?"),
        Case("a misspelt group", "x.yaml", "apiVersion: networking.k8.io/v1\nkind: Ingress\nmetadata: {name: a}\n",
            "1: warning: Ingress a: skipped: Serin does not look at objects of networking.k8.io/v1 Ingress; did you mean `networking.k8s.io/v1`?"),
        Case("no group", "x.yaml", "apiVersion: v1\nkind: Ingress\nmetadata: {name: a}\n",
            "1: warning: Ingress a: skipped: Serin does not look at objects of v1 Ingress; did you mean `networking.k8s.io/v1`?"),
    ]

    /// Beside a good manifest in a folder, and named by itself.
    @Test(arguments: strays + faults + others)
    func said(_ test: Case) throws {
        let folder = try Scratch.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}\n"
        try Scratch.write(service, to: folder + "/all/service.yaml")
        try Scratch.write(test.text, to: folder + "/all/" + test.file)
        // A file that is named, too, counts as named.
        for (sources, expected) in [("all", test.inFolder), ("all/\(test.file)", test.named), ("all, all/\(test.file)", test.named)] {
            try Scratch.write("manifests: [\(sources)]\n", to: folder + "/serin.yaml")
            let result = ConfigurationLoader.load(file: folder + "/serin.yaml")
            let said = result.diagnostics.map { $0.description.replacingOccurrences(of: folder + "/", with: "") }
                .filter { !$0.contains("named twice") && !$0.contains("there is no route") }.map { $0.replacingOccurrences(of: "all/\(test.file):", with: "") }
            #expect(said == expected, "\(sources)")
            #expect((result.configuration == nil) == expected.contains { $0.contains(" error: ") })
        }
    }
}
