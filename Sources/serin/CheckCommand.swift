import ArgumentParser
import Configuration

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Load and validate everything; open no port.",
        discussion: """
            Prints every diagnostic as file:line: error|warning|note: where: what, and what to do, and for every path of a canary \
            whether it is in effect. With --migrating, prints where Serin \
            behaves differently from ingress-nginx for these manifests, and nothing else: \
            kubectl get ingress -A -o yaml > live.yaml; serin check --migrating live.yaml
            """)

    @Option(name: [.customShort("c"), .customLong("config")], help: "The configuration file.")
    var config: String?

    @Flag(help: "Exit with 1 on warnings, too.")
    var strict = false

    @Flag(help: "Say where Serin behaves differently from ingress-nginx.")
    var migrating = false

    @Flag(help: "With --migrating: for programs.")
    var json = false

    @Option(help: "With --migrating and without -c: ingress-nginx's own --annotations-prefix.")
    var annotationsPrefix: String?

    @Argument(help: "With --migrating, in place of -c: manifests, files or folders.")
    var manifests: [String] = []

    func validate() throws {
        if migrating {
            guard (config == nil) != manifests.isEmpty else {
                throw ValidationError("--migrating wants either -c FILE or manifests")
            }
            if let annotationsPrefix, config != nil || AnnotationPrefix(annotationsPrefix) == nil {
                throw ValidationError(
                    config == nil
                        ? "--annotations-prefix wants a DNS name such as nginx.ingress.kubernetes.io"
                        : "--annotations-prefix goes without -c, whose file says it as canary.annotationsPrefix")
            }
            if strict { throw ValidationError("--strict is about warnings, of which --migrating prints none") }
        } else {
            if config == nil { throw ValidationError("Missing expected argument '-c <config>'") }
            if let first = manifests.first { throw ValidationError("Unexpected argument '\(first)'") }
            if json { throw ValidationError("--json goes with --migrating") }
            if annotationsPrefix != nil { throw ValidationError("--annotations-prefix goes with --migrating") }
        }
    }

    func run() throws {
        if migrating {
            try compare()
        } else if let config {
            try check(config)
        }
    }

    private func check(_ path: String) throws {
        let result = ConfigurationLoader.load(file: path)
        Output.report(result.diagnostics)
        let warnings = result.diagnostics.count { $0.severity == .warning }
        for canary in result.configuration?.canaries ?? [] { Output.line(canary.description) }
        guard result.configuration != nil, !(strict && warnings > 0) else { throw ExitCode(1) }
        Output.line("\(path): the configuration is good\(warnings > 0 ? "; warnings: \(warnings)" : "")")
    }

    private func compare() throws {
        let result = config.map(ConfigurationLoader.migration(file:))
            ?? ConfigurationLoader.migration(manifests: manifests, prefix: annotationsPrefix.flatMap(AnnotationPrefix.init))
        // What is not read is not in the report.
        Output.report(result.diagnostics.filter { $0.severity == .error || $0.object == "manifests" })
        guard let report = result.report else { throw ExitCode(1) }
        if json { Output.bytes(report.json) } else { Output.line(report.description) }
    }
}
