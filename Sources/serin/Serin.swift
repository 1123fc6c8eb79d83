import ArgumentParser

/// The command. Each subcommand has a file of its own.
@main
struct Serin: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "serin",
        abstract: "An edge reverse proxy for canary releases.",
        discussion: "Serves Kubernetes Ingress manifests with ingress-nginx's canary annotations, and says why each request went where it went. `serin -t -c FILE` is `serin check -c FILE`.",
        version: version,
        subcommands: [RunCommand.self, CheckCommand.self, RoutesCommand.self, ExplainCommand.self, DemoCommand.self])

    /// `serin -t -c FILE` is what nginx's users type for `serin check -c FILE`.
    static func main() {
        var arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first?.hasPrefix("-") == true, let test = arguments.firstIndex(of: "-t") {
            arguments.remove(at: test)
            arguments.insert(CheckCommand.configuration.commandName ?? "", at: 0)
        }
        main(arguments)
    }
}

/// What every subcommand that reads a configuration takes.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: [.customShort("c"), .customLong("config")], help: "The configuration file.")
    var config: String
}
