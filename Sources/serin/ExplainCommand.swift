import Addressing
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
        var question = try Self.question(url)
        question.method = method
        for field in header where !field.contains(":") || field.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 }) {
            throw ValidationError("-H wants one field, 'name: value', not \(field.debugDescription)")
        }
        question.fields = header
        if let clientIp {
            guard let address = IPAddress(clientIp) else { throw ValidationError("--client-ip wants an IP address, not \(clientIp)") }
            question.client = address
        }
        let result = ConfigurationLoader.load(file: options.config)
        Output.report(result.diagnostics, atLeast: .error)
        guard let loaded = result.configuration else { throw ExitCode(1) }
        let explanation = Explanation.explain(question, loaded.snapshot)
        if json { Output.bytes(explanation.json) } else { Output.line(explanation.text) }
        if !explanation.isRouted { throw ExitCode(3) }
    }

    /// Taken apart by hand: the path must reach the decision as it was typed, not as a URL library would have it.
    private static func question(_ url: String) throws -> Explanation.Question {
        var rest = url[...]
        if let scheme = rest.range(of: "://") {
            guard ["http", "https"].contains(rest[..<scheme.lowerBound].lowercased()) else {
                throw ValidationError("the URL's scheme is http or https")
            }
            rest = rest[scheme.upperBound...]
        }
        if let fragment = rest.firstIndex(of: "#") { rest = rest[..<fragment] }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard end > rest.startIndex else { throw ValidationError("the URL names no host: http://www.example.com/path") }
        let path = rest[end...]
        return Explanation.Question(authority: String(rest[..<end]), target: path.hasPrefix("/") ? String(path) : "/" + path)
    }
}

extension Substring {
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
