import ArgumentParser
import Configuration
import Server

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say where a request would go, and why, without sending anything.",
        discussion: "Exits with 0 if it is routed, 3 if nothing matches, 1 if the configuration is bad.")

    @OptionGroup var options: ConfigurationOptions

    @Option(name: [.customShort("X"), .customLong("request")], help: "The method.")
    var method = "GET"

    @Option(name: [.customShort("H"), .customLong("header")], help: "A header field, 'name: value'; repeatable.")
    var header: [String] = []

    @Option(help: "The client's address.")
    var clientIp: String?

    @Flag(help: "For programs.")
    var json = false

    @Argument(help: "The URL: http://www.example.com/path?query, or without the scheme.")
    var url: String

    func run() throws {
        let question = try question()
        let result = ConfigurationLoader.load(file: options.config)
        Output.report(result.diagnostics, atLeast: .error)
        guard let loaded = result.configuration else { throw ExitCode(1) }
        let explanation = Explanation.explain(question, loaded.snapshot)
        if json { Output.bytes(explanation.json) } else { Output.line(explanation.text) }
        if !explanation.isRouted { throw ExitCode(3) }
    }

    private func question() throws -> Explanation.Question {
        do throws(Explanation.Question.Malformed) {
            var question = try Explanation.Question(url: url)
            try question.setMethod(method)
            for field in header { try question.add(field: field) }
            if let clientIp { try question.setClient(clientIp) }
            return question
        } catch {
            throw ValidationError(error.description)
        }
    }
}
