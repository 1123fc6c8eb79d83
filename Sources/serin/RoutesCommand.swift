import ArgumentParser
import Configuration
import Exchange
import Routing
import Server

struct RoutesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes", abstract: "Print the compiled route table, and for a canary that is not in effect, why.")

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "For programs.")
    var json = false

    func run() throws {
        let result = ConfigurationLoader.load(file: options.config)
        Output.report(result.diagnostics, atLeast: .error)
        guard let loaded = result.configuration else { throw ExitCode(1) }
        let inactive = loaded.inactiveCanaries
        if json {
            Output.bytes(RouteReport.json(loaded.snapshot, inactive: inactive))
        } else {
            Output.line(RouteReport.text(loaded.snapshot, inactive: inactive))
        }
    }
}

extension LoadedConfiguration {
    /// As the route report shows them.
    var inactiveCanaries: [RouteReport.InactiveCanary] {
        let bound = zip(snapshot.routes.routes, obstacles).flatMap { inactiveCanaries(of: $0, $1) }
        return bound + canaries.filter { !$0.isBound }.compactMap { report in
            report.inactive.map {
                RouteReport.InactiveCanary(
                    object: report.object, host: report.host, path: report.path, pathType: report.pathType, why: $0)
            }
        }
    }

    private func inactiveCanaries(of route: Route, _ obstacles: [String?]) -> [RouteReport.InactiveCanary] {
        zip(route.canaries.indices, obstacles).compactMap { index, why in
            why.map {
                RouteReport.InactiveCanary(
                    object: "Ingress \(route.canaries[index].name)", host: route.host, path: route.path, pathType: route.pathType,
                    why: $0, binding: .init(route: route.index, canary: index))
            }
        }
    }
}
