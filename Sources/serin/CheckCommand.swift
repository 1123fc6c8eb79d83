import ArgumentParser
import Configuration

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Load and validate everything; open no port.",
        discussion: "Prints every diagnostic as file:line: error|warning|note: where: what, and what to do.")

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Exit with 1 on warnings, too.")
    var strict = false

    func run() throws {
        try Self.check(options.config, strict: strict)
    }

    static func check(_ path: String, strict: Bool) throws {
        let result = ConfigurationLoader.load(file: path)
        Output.report(result.diagnostics)
        let warnings = result.diagnostics.count { $0.severity == .warning }
        guard result.configuration != nil, !(strict && warnings > 0) else { throw ExitCode(1) }
        Output.line("\(path): the configuration is good\(warnings > 0 ? "; warnings: \(warnings)" : "")")
    }
}
