import Foundation
import TestSupport
import Testing

/// The subcommands that answer and end, and how `run` fails.
@Suite struct CommandLineTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let arguments: [String]
        let exit: Int32
        /// Parts of standard output and of standard error.
        var output: [String] = []
        var errors: [String] = []
        var lines: Int?
        var testDescription: String { name }
    }

    private static let canary: [String: String] = ["canary-by-header": "foo", "canary-by-header-value": "bar", "canary-weight": "25"]

    /// good.yaml, warned.yaml, exact.yaml, bad.yaml, told.yaml, prefixed.yaml, and folders that cannot be read as files.
    private static func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let settings = """
            listeners: [{address: "127.0.0.1:0"}]
            admin: {address: "127.0.0.1:0"}
            manifests: [good/]

            """
        try folder.write(
            [Manifests.ingress("shop", host: "shop.example", service: "old"), Manifests.canary("shop-canary", host: "shop.example", service: "new", canary)]
                .joined(separator: "---\n"), to: "good/shop.yaml")
        let services = "services: {old: [\"127.0.0.1:9001\"], new: [\"127.0.0.1:9002\", \"127.0.0.1:9003\"]}\n"
        try folder.write(settings + services, to: "good.yaml")
        try folder.write(settings + "services: {old: [\"127.0.0.1:9001\"]}\n", to: "warned.yaml")
        try folder.write(
            settings + "canary: {compatibility: ingress-nginx}\nservices: {new: [\"127.0.0.1:9002\"]}\n", to: "exact.yaml")
        try folder.write(settings + "limtis: {}\n" + services, to: "bad.yaml")
        try folder.write(Manifests.canary("lost", host: "lost.example", service: "new", canary), to: "lost/lost.yaml")
        try folder.write(
            settings.replacingOccurrences(of: "good/", with: "lost/") + "services: {new: [\"127.0.0.1:9002\"]}\n", to: "lost.yaml")
        try folder.write("manifests: [nowhere/]\n", to: "nowhere.yaml")
        try folder.write(
            [
                Ingress.main("leaking", "leak.example/ old", "leak.example/x old"),
                .canary("leaking-canary", "leak.example/ new", "leak.example/x third", annotations: ["canary-weight": "100"]),
            ].map(\.yaml).joined(separator: "\n---\n"),
            to: "leaking/all.yaml")
        try folder.write(
            settings.replacingOccurrences(of: "good/", with: "leaking/") + "canary: {compatibility: ingress-nginx}\n" + services, to: "leaking.yaml")
        try folder.write(#"{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "deep"}, "spec": {}}"#, to: "deep/a.json")
        try folder.write("", to: "deep/deeper/b.yaml")
        try folder.write(
            Manifests.ingress("told", service: "old", annotations: ["serin.dev/upstream-proxy-protocol": "v2"]), to: "told/told.yaml")
        try folder.write(settings.replacingOccurrences(of: "good/", with: "told/") + "gzip: {types: [text/html]}\n" + services, to: "told.yaml")
        try folder.write(
            Manifests.ingress("shop", service: "old") + "---\n"
                + Manifests.ingress("next", service: "new", annotations: ["edge.example/canary": "true", "edge.example/canary-weight": "25"]),
            to: "prefixed/all.yaml")
        try folder.write(
            settings.replacingOccurrences(of: "good/", with: "prefixed/") + "canary: {annotationsPrefix: edge.example}\n" + services,
            to: "prefixed.yaml")
        return folder
    }

    @Test(arguments: [
        Case(name: "check: good", arguments: ["check", "-c", "good.yaml"], exit: 0, output: ["Ingress default/shop-canary: in effect on shop.example/ (Prefix)\n", "good.yaml: the configuration is good"]),
        Case(
            name: "check: a canary that binds to nothing", arguments: ["check", "-c", "lost.yaml"], exit: 0,
            output: ["Ingress default/lost: not in effect on lost.example/ (Prefix): no Ingress without the canary annotation has this host"]),
        Case(
            name: "check: a canary without endpoints", arguments: ["check", "-c", "warned.yaml"], exit: 0,
            output: ["Ingress default/shop-canary: not in effect on shop.example/ (Prefix): Service default/new:80 has no endpoint, stable answers"]),
        Case(name: "check: warned", arguments: ["check", "-c", "warned.yaml"], exit: 0, errors: ["good/shop.yaml:", "warning: Ingress default/shop-canary:"]),
        Case(name: "check: warned, strictly", arguments: ["check", "--strict", "-c", "warned.yaml"], exit: 1, errors: ["warning:"]),
        Case(name: "check: good, strictly", arguments: ["check", "--strict", "-c", "good.yaml"], exit: 0),
        Case(name: "check: bad", arguments: ["check", "-c", "bad.yaml"], exit: 1, errors: ["bad.yaml:4: error: limtis: ", "`limits`"], lines: 1),
        Case(name: "check: no file", arguments: ["check", "-c", "none.yaml"], exit: 1, errors: ["none.yaml"], lines: 1),
        Case(name: "check: a folder", arguments: ["check", "-c", "good"], exit: 1, errors: ["good"], lines: 1),
        Case(name: "check: no manifests there", arguments: ["check", "-c", "nowhere.yaml"], exit: 1, errors: ["nowhere.yaml:1: error: "], lines: 1),
        Case(
            name: "check --migrating: a configuration", arguments: ["check", "--migrating", "-c", "good.yaml"], exit: 0,
            output: ["2 Ingresses, 1 of them a canary. No difference from ingress-nginx."]),
        Case(
            name: "check --migrating: a folder and a file", arguments: ["check", "--migrating", "good", "lost/lost.yaml"], exit: 0,
            output: ["3 Ingresses, 2 of them canaries."]),
        Case(
            name: "check --migrating: for programs", arguments: ["check", "--migrating", "--json", "good"], exit: 0,
            output: [#"{"mode":"scoped","differences":[],"conditions":[{"file":"good/shop.yaml""#, #""modes":["scoped"]"#, #""modes":["scoped","ingress-nginx"]"#, #""others":[],"counts":{},"ingresses":2,"canaries":1,"skipped":0}"#]),
        Case(
            name: "check --migrating: a configuration of the other mode", arguments: ["check", "--migrating", "-c", "exact.yaml"], exit: 0,
            output: [
                "Not as things are, only with `canary.compatibility: scoped`:", "as before      keep `canary.compatibility: ingress-nginx`",
                "2 Ingresses, 1 of them a canary. No difference from ingress-nginx.",
            ]),
        Case(
            name: "check --migrating: a configuration of the other mode, for programs", arguments: ["check", "--migrating", "--json", "-c", "exact.yaml"], exit: 0,
            output: [#"{"mode":"ingress-nginx","differences":[],"conditions":[{"#, #""others":[{"file":"good/shop.yaml""#, #""rule":"R21.0""#, #""counts":{},"ingresses":2"#]),
        Case(
            name: "check --migrating: another prefix", arguments: ["check", "--migrating", "--annotations-prefix", "edge.example", "prefixed"], exit: 0,
            output: ["2 Ingresses, 1 of them a canary."]),
        Case(name: "check --migrating: the prefix of a configuration", arguments: ["check", "--migrating", "-c", "prefixed.yaml"], exit: 0, output: ["1 of them a canary."]),
        Case(name: "check --migrating: no prefix", arguments: ["check", "--migrating", "--annotations-prefix", "a b", "good"], exit: 64),
        Case(name: "check --migrating: two prefixes", arguments: ["check", "--migrating", "--annotations-prefix", "edge.example", "-c", "prefixed.yaml"], exit: 64),
        Case(name: "check: a prefix without --migrating", arguments: ["check", "--annotations-prefix", "edge.example", "-c", "good.yaml"], exit: 64),
        Case(name: "check --migrating: bad", arguments: ["check", "--migrating", "-c", "bad.yaml"], exit: 1, errors: ["bad.yaml:4: error: limtis: "], lines: 1),
        Case(name: "check --migrating: nothing there", arguments: ["check", "--migrating", "none"], exit: 1, errors: ["none:1: error: manifests: there is no such"], lines: 1),
        Case(name: "check --migrating: of what?", arguments: ["check", "--migrating"], exit: 64, errors: ["either -c FILE or manifests"]),
        Case(name: "check --migrating: of both?", arguments: ["check", "--migrating", "-c", "good.yaml", "good"], exit: 64),
        Case(name: "check: manifests without --migrating", arguments: ["check", "good"], exit: 64),
        Case(name: "check: without a file", arguments: ["check"], exit: 64, errors: ["-c"]),
        Case(name: "-t is check", arguments: ["-t", "-c", "good.yaml"], exit: 0, output: ["good.yaml"]),
        Case(name: "-t behind the file", arguments: ["-c", "bad.yaml", "-t"], exit: 1, errors: ["bad.yaml:4: error: "], lines: 1),
        Case(
            name: "routes", arguments: ["routes", "-c", "good.yaml"], exit: 0,
            output: ["shop.example/", "default/shop", "127.0.0.1:9001", "default/shop-canary", "127.0.0.1:9003", "foo", "25"]),
        Case(name: "routes: in effect", arguments: ["routes", "-c", "good.yaml"], exit: 0, output: ["Ingress default/shop-canary, in effect\n"]),
        Case(
            name: "routes: a canary that binds to nothing", arguments: ["routes", "-c", "lost.yaml"], exit: 0,
            output: ["lost.example/ (Prefix)  Ingress default/lost is not in effect: no Ingress"]),
        Case(
            name: "routes: a canary without endpoints", arguments: ["routes", "-c", "warned.yaml"], exit: 0,
            output: ["Ingress default/shop-canary, not in effect: Service default/new:80 has no endpoint"]),
        Case(
            name: "routes: a canary with a Service for each path", arguments: ["routes", "-c", "leaking.yaml"], exit: 0,
            output: [
                "Ingress default/leaking-canary, in effect\n            weight 100/100 by request\nleak.example/x (Prefix)",
                "leak.example/x (Prefix)  Ingress default/leaking-canary is not in effect: Service default/old:80 has Service default/new:80",
            ]),
        Case(
            name: "check --migrating: what is not read is said", arguments: ["check", "--migrating", "deep"], exit: 0,
            output: ["1 Ingress"], errors: ["note: manifests: folders in the folder deep are not read (deeper)"]),
        Case(name: "routes: bad", arguments: ["routes", "-c", "bad.yaml"], exit: 1, errors: ["bad.yaml:4: error: "], lines: 1),
        Case(
            name: "explain: the canary", arguments: ["explain", "-c", "good.yaml", "-H", "foo: bar", "http://shop.example/x?y"], exit: 0,
            output: ["canary", "header", "default/new", "127.0.0.1:9002"]),
        Case(
            name: "explain: how upstreams and clients are spoken to", arguments: ["explain", "-c", "told.yaml", "-H", "Accept-Encoding: gzip", "any.example/"], exit: 0,
            output: ["each request behind a PROXY header (v2)", "the response is compressed if it is fit for that: gzip level 1, 1 media type, from 256 bytes on"]),
        Case(
            name: "explain: a client that does not ask for gzip", arguments: ["explain", "-c", "told.yaml", "any.example/"], exit: 0,
            output: ["the response is not compressed, as the client does not ask for gzip"]),
        Case(
            name: "routes: how they are spoken to", arguments: ["routes", "-c", "told.yaml"], exit: 0,
            output: ["127.0.0.1:9001, behind PROXY headers (v2)\n", "answers gzip level 1, 1 media type"]),
        Case(name: "explain: no route", arguments: ["explain", "-c", "good.yaml", "http://other.example/"], exit: 3, output: ["1. host other.example: no Ingress has it", "404"]),
        Case(
            name: "explain: the chain", arguments: ["explain", "-c", "good.yaml", "http://shop.example/x"], exit: 0,
            output: [
                "1. host shop.example: found by the name\n", "2. route shop.example / (Prefix) of Ingress default/shop: the longest that fits\n",
                "3. header of default/shop-canary: no header foo", "4. weight", "5. Service default/",
            ]),
        Case(
            name: "explain: R21.0", arguments: ["explain", "-c", "exact.yaml", "-H", "foo: bar", "http://shop.example/"], exit: 0,
            output: ["stable (stable-without-endpoint)", "(R21.0)", "answered 503"]),
        Case(name: "explain: a Host of its own", arguments: ["explain", "-c", "good.yaml", "-H", "Host: shop.example", "http://127.0.0.1/"], exit: 0),
        Case(name: "explain: refused", arguments: ["explain", "-c", "good.yaml", "-X", "TRACE", "shop.example/"], exit: 3, output: ["405"]),
        Case(name: "explain: bad", arguments: ["explain", "-c", "bad.yaml", "http://shop.example/"], exit: 1, errors: ["bad.yaml:4: error: "], lines: 1),
        Case(name: "explain: no URL", arguments: ["explain", "-c", "good.yaml", "http://"], exit: 64),
        Case(name: "explain: not an address", arguments: ["explain", "-c", "good.yaml", "--client-ip", "me", "shop.example/"], exit: 64),
        Case(name: "run: bad", arguments: ["run", "-c", "bad.yaml"], exit: 1, errors: ["bad.yaml:4: error: "], lines: 1),
        Case(name: "run: no file", arguments: ["run", "-c", "none.yaml"], exit: 1, errors: ["none.yaml"], lines: 1),
        Case(name: "run: without a file", arguments: ["run"], exit: 64, errors: ["-c"]),
        Case(name: "an unknown command", arguments: ["serve"], exit: 64),
        Case(name: "an unknown option", arguments: ["check", "-c", "good.yaml", "--lax"], exit: 64),
        Case(name: "help", arguments: ["--help"], exit: 0, output: ["run", "check", "routes", "explain", "demo"]),
        Case(name: "the version", arguments: ["--version"], exit: 0),
    ])
    func answers(_ test: Case) throws {
        let process = try SerinProcess.launch(test.arguments, in: try Self.folder())
        #expect(try process.wait() == .exited(test.exit), "\(process.output)\(process.errors)")
        for part in test.output { #expect(process.output.contains(part), "\(part) in \(process.output)") }
        for part in test.errors { #expect(process.errors.contains(part), "\(part) in \(process.errors)") }
        if let lines = test.lines {
            #expect(process.errors.split(separator: "\n").count == lines, "\(process.errors)")
            #expect(process.output.isEmpty, "\(process.output)")
        }
    }

    private struct Explained: Decodable {
        struct Candidate: Decodable { let ingress: String, host: String, path: String, pathType: String, outcome: String, why: String }
        struct Rule: Decodable { let rule: String, canary: String?, outcome: String, text: String }
        let candidates: [Candidate]
        let rules: [Rule]
        let route: String?, version: String, reason: String, service: String?, endpoint: String?
        let reasons: [String]
        let bucket: Int?, from: Int?, weight: Int?, total: Int?
    }

    private func explain(_ arguments: String...) throws -> (Explained, keys: Set<String>) {
        let process = try SerinProcess.launch(["explain", "-c", "good.yaml", "--json"] + arguments, in: try Self.folder())
        _ = try process.wait()
        let data = Data(process.output.utf8)
        let keys = (try JSONSerialization.jsonObject(with: data) as? [String: Any])?.keys
        return (try JSONDecoder().decode(Explained.self, from: data), Set(keys.map(Array.init) ?? []))
    }

    @Test func explainsForPrograms() throws {
        let names: Set = ["route", "version", "reason", "service", "endpoint", "endpointCount", "balancing", "reasons", "candidates", "rules", "bucket", "from", "weight", "total"]
        let (header, keys) = try explain("-H", "foo: bar", "http://shop.example/")
        #expect(keys == names)
        #expect(header.route == "default/shop" && header.version == "canary" && header.reason == "header")
        #expect(header.service?.hasPrefix("default/new") == true)
        #expect(header.endpoint == "127.0.0.1:9002")
        #expect(!header.reasons.isEmpty && header.weight == nil)
        #expect(header.candidates.map(\.ingress) == ["default/shop"] && header.candidates.map(\.outcome) == ["chosen"])
        #expect(header.rules.map(\.rule) == ["header"] && header.rules.map(\.canary) == ["default/shop-canary"])
        #expect(header.rules.map(\.outcome) == ["canary"])

        let (weight, _) = try explain("shop.example/")
        #expect(weight.reason == "weight" && weight.weight == 25 && weight.total == 100)
        let bucket = try #require(weight.bucket)
        #expect((0..<100).contains(bucket))
        #expect((weight.version == "canary") == (bucket < 25))
        #expect(weight.from == (bucket < 25 ? 0 : nil))

        let (none, allKeys) = try explain("http://other.example/")
        #expect(none.route == nil && none.version == "none" && none.service == nil)
        #expect(allKeys == names)
    }

    @Test func routesForPrograms() throws {
        let process = try SerinProcess.launch(["routes", "-c", "good.yaml", "--json"], in: try Self.folder())
        #expect(try process.wait() == .exited(0))
        let table = try JSONSerialization.jsonObject(with: Data(process.output.utf8)) as? [String: Any]
        let route = try #require((table?["routes"] as? [[String: Any]])?.first)
        #expect(route["host"] as? String == "shop.example")
        #expect(route["path"] as? String == "/")
        #expect((route["stable"] as? [String: Any])?["endpoints"] as? [String] == ["127.0.0.1:9001"])
        let canary = try #require((route["canaries"] as? [[String: Any]])?.first)
        #expect(canary["ingress"] as? String == "default/shop-canary")
        #expect(canary["inEffect"] as? Bool == true)
        #expect(canary["why"] is NSNull)
    }

    /// The example files are what their names say.
    @Test(arguments: ["serin.yaml", "demo.yaml", "gray-release.yaml", "minimal.yaml", "canary-by-header.yaml", "canary-by-cookie.yaml", "canary-by-weight.yaml", "canary-combined.yaml"])
    func theExamplesAreGood(_ name: String) throws {
        let process = try SerinProcess.launch(["check", "-c", Repository.path + "/config/" + name], in: try TemporaryFolder())
        #expect(try process.wait() == .exited(0), "\(process.errors)")
    }

    // MARK: Starting

    struct Start: Sendable, CustomTestStringConvertible {
        let name: String
        let change: @Sendable (inout TestConfiguration, TemporaryFolder, UInt16) -> Void
        let error: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Start(name: "a port in use", change: { $0.listeners = ["127.0.0.1:0", "127.0.0.1:\($2)"] }, error: "cannot listen on 127.0.0.1:PORT"),
        Start(name: "an address of someone else", change: { configuration, _, _ in configuration.listeners = ["192.0.2.1:0"] }, error: "cannot listen on 192.0.2.1:0"),
        Start(
            name: "a socket in a folder that is not there", change: { configuration, folder, _ in configuration.listeners = ["unix:\(folder.path)/no/a.sock"] },
            error: "cannot listen on unix:"),
        Start(
            name: "a socket in the place of a file", change: { configuration, folder, _ in configuration.listeners = ["unix:\(folder.path)/serin.yaml"] },
            error: "cannot listen on unix:"),
        Start(
            name: "a log that cannot be opened",
            change: { configuration, folder, _ in configuration.settings = "accessLog: {format: combined, path: \(folder.path)/no/access.log}" },
            error: "cannot open the access log"),
    ])
    func whatCannotStartSaysWhyInOneLine(_ test: Start) throws {
        let origin = try RecordingOrigin.named("app")
        let taken = try TestSocket.listen(on: .ipv4(port: 0))
        let folder = try TemporaryFolder()
        var configuration = TestConfiguration.origin(origin)
        test.change(&configuration, folder, taken.localPort)
        try configuration.write(to: folder)
        let process = try SerinProcess.launch(["run", "-c", SerinProcess.file], in: folder)
        #expect(try process.wait() == .exited(1))
        let lines = process.errors.split(separator: "\n")
        #expect(lines.count == 1, "\(lines)")
        let error = test.error.replacingOccurrences(of: "PORT", with: "\(taken.localPort)")
        #expect(lines.first?.hasPrefix("serin: \(error)") == true, "\(lines)")
        #expect(process.output.isEmpty, "nothing was half started: \(process.output)")
    }

    @Test func theDemoRunsAndStops() throws {
        let folder = try TemporaryFolder()
        let source = try String(contentsOfFile: Repository.path + "/config/demo.yaml", encoding: .utf8)
        // The proxy on any port; the demo's origins have theirs in the manifests.
        try folder.write(
            source.replacingOccurrences(of: "127.0.0.1:8080", with: "127.0.0.1:0")
                .replacingOccurrences(of: "[gray-release/", with: "[\(Repository.path)/config/gray-release/")
                .replacingOccurrences(of: ", manifests/", with: ", \(Repository.path)/config/manifests/")
                + "admin: {address: \"127.0.0.1:0\"}\n", to: "demo.yaml")
        let areFree = [9001, 9002].allSatisfy { (try? TestSocket.listen(on: .ipv4(port: $0))) != nil }
        let process = try SerinProcess.launch(["demo", "-c", "demo.yaml"], in: folder)
        guard areFree else {
            #expect(try process.wait() == .exited(1))
            #expect(process.errors.contains("cannot listen on 127.0.0.1:900"))
            return
        }
        let (listeners, admin) = try SerinProcess.addresses(of: process)
        try eventually("the lines to try") { process.output.contains("Stop with Ctrl-C.") }
        let command = "curl -H 'Host: www.example.com' -H 'foo: bar' http://\(listeners[0])/"
        #expect(process.output.split(separator: "\n").contains { $0.trimmingCharacters(in: .whitespaces).hasPrefix(command) }, "on a line of its own")
        #expect(try Curl.run("-H", "Host: www.example.com", "-H", "foo: bar", "http://\(listeners[0])/").body == "new\n")
        #expect(try Curl.run("-H", "Host: shop.example.com", "-b", "canary=always", "http://\(listeners[0])/").body == "new\n")
        #expect(try Curl.run("-H", "Host: shop.example.com", "-b", "canary=never", "http://\(listeners[0])/").body == "old\n")
        #expect(try Curl.run("http://\(admin)/v1/routes").body.contains("www.example.com"))
        process.signal(SIGINT)
        #expect(try process.wait() == .exited(0))
    }
}
