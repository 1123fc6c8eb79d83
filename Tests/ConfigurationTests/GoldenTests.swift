import Exchange
import Foundation
import Testing
@testable import Configuration

/// Whole files: what they compile to and what is said about them, kept in `*.expected` files.
@Suite struct GoldenTests {
    @Test(arguments: Golden.names(in: "manifests"))
    func manifests(_ name: String) throws {
        let text = try Golden.text("manifests/\(name).yaml")
        try Golden.expect(Loaded(text, file: "\(name).yaml").listing, at: "manifests/\(name).expected")
    }

    /// The YAML blocks of the documents that Serin began with, slips included.
    @Test(arguments: Golden.names(in: "founding"))
    func founding(_ name: String) throws {
        let text = try Golden.text("founding/\(name).yaml")
        try Golden.expect(Loaded(text, file: "\(name).yaml").listing, at: "founding/\(name).expected")
    }

    static let examples = Golden.names(of: Golden.repository.appendingPathComponent("config"))

    @Test(arguments: examples)
    func example(_ name: String) throws {
        let path = Golden.repository.appendingPathComponent("config/\(name).yaml").path
        let result = ConfigurationLoader.load(file: path)
        #expect(result.diagnostics.isEmpty, "an example has nothing to complain about")
        let configuration = try #require(result.configuration)
        let listing = Listing.routes(configuration.snapshot) + Listing.inactive(configuration.canaries)
        try Golden.expect(listing.map { $0 + "\n" }.joined(), at: "examples/\(name).expected")
    }

    static let stages = [
        "1-old", "2-header", "3-header-then-weight", "4-weight", "5-promoted", "6-canary-removed", "second-weight",
        "second-header-pattern",
    ]

    @Test(arguments: stages)
    func stage(_ name: String) throws {
        var log = DiagnosticLog()
        let folder = Golden.repository.appendingPathComponent("config").path
        let config = Place(file: "serin.yaml", line: 1)
        let source = Settings.Source(path: "gray-release/\(name)/", line: 1)
        let manifests = ManifestLoader.load(ManifestFiles.find([source], folder: folder, config: config), log: &log)
        let compiled = SnapshotCompiler.compile(manifests, settings: Settings(), config: config, log: &log)
        #expect(log.entries.isEmpty)
        let listing = Listing.routes(compiled.snapshot) + Listing.inactive(compiled.canaries)
        try Golden.expect(listing.map { $0 + "\n" }.joined(), at: "stages/\(name).expected")
    }
}
