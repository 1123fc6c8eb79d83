import Addressing
import ArgumentParser
import Configuration
import Exchange
import Server
import Synchronization

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Serve in the foreground.",
        discussion: """
            HUP reloads, USR1 reopens log files, USR2 starts the program anew and hands over to it, QUIT, TERM and INT stop gracefully \
            within shutdownTimeout; a second TERM or INT stops at once.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        Supervisor.prepareProcess()
        let (supervisor, console, lines) = try Self.start(options.config, .ofThisProcess)
        console.announce(lines)
        console.close(endingProcess: !supervisor.wait())
    }

    /// Starts the proxy that a file describes; answers with a line for each address, to be printed now that it accepts.
    /// - Parameter launch: nil if this process has other purposes, too.
    static func start(_ path: String, _ launch: Launch?) throws -> (supervisor: Supervisor, console: Console, lines: [String]) {
        // Before the console's threads, so that none of them takes one.
        Supervisor.holdSignals()
        let console = try Console()
        do {
            let (supervisor, lines) = try start(path, launch, console)
            return (supervisor, console, lines)
        } catch {
            console.close()
            throw error
        }
    }

    private static func start(_ path: String, _ launch: Launch?, _ console: Console) throws -> (Supervisor, [String]) {
        var files = WatchedFiles()
        var launch = launch
        let before = PreviousLoad(ingresses: takeStored(from: &launch, console))
        let result = Supervisor.untilToldToStop { ConfigurationLoader.load(file: path, after: before) }
        files.note(result)
        console.report(result.diagnostics, atLeast: .warning)
        guard let loaded = result.configuration else { throw ExitCode(1) }
        var options = Supervisor.Options(settings: loaded.settings, snapshot: loaded.snapshot)
        options.tls = loaded.tls
        options.inactiveCanaries = loaded.inactiveCanaries
        options.version = Serin.version
        options.logger = console.logger
        options.logLinesLost = { [errors = console.errors] in errors.linesLost }
        options.handlesSignals = true
        options.launch = launch
        let last = LastLoad(loaded.remains)
        options.reload = { reload(path, last) }
        options.handsOver = { last.remains.ingresses.handOver() }
        options.files = files
        let supervisor: Supervisor
        do throws(Supervisor.StartError) {
            supervisor = try Supervisor.start(options)
        } catch {
            console.errors.write("serin: \(error)")
            throw ExitCode(1)
        }
        let listening = zip(supervisor.listeners, loaded.settings.listeners).map { address, listener in
            "listening \(address.isUnix ? "" : listener.tls ? "https://" : "http://")\(address)"
        }
        return (supervisor, listening + ["admin \(supervisor.admin.isUnix ? "" : "http://")\(supervisor.admin)"])
    }

    /// The last good Ingresses of the process before; without them, refused ones are not served.
    private static func takeStored(from launch: inout Launch?, _ console: Console) -> StoredIngresses {
        do {
            guard let bytes = try launch?.takeHandedOver() else { return StoredIngresses() }
            let stored = StoredIngresses(handedOver: bytes)
            if stored.handOver() != bytes {
                console.errors.write("serin: warning: not all of the Ingresses that the process before has handed over are understood")
            }
            return stored
        } catch {
            console.errors.write("serin: warning: the Ingresses that the process before has handed over cannot be read: \(error)")
            return StoredIngresses()
        }
    }

    private static func reload(_ path: String, _ last: LastLoad) -> ReloadOutcome {
        var files = WatchedFiles()
        let result = ConfigurationLoader.load(file: path, after: last.remains, mayWait: false)
        files.note(result)
        guard let loaded = result.configuration else {
            return .rejected(notes: result.diagnostics.map(ReloadNote.init), files: files)
        }
        last.remains = loaded.remains
        return .loaded(
            loaded.snapshot, loaded.tls, loaded.settings, inactive: loaded.inactiveCanaries,
            notes: result.diagnostics.map(ReloadNote.init), files: files)
    }
}

extension ReloadNote {
    fileprivate init(_ diagnostic: Diagnostic) {
        let severity: Severity = switch diagnostic.severity {
        case .error: .error
        case .warning: .warning
        case .note: .note
        }
        self.init(
            file: diagnostic.file, line: diagnostic.line, severity: severity, object: diagnostic.object, message: diagnostic.message,
            description: diagnostic.description)
    }
}

/// What the last configuration without errors has left, from reload to reload.
private final class LastLoad: Sendable {
    private let state: Mutex<PreviousLoad>

    init(_ remains: PreviousLoad) { state = Mutex(remains) }

    var remains: PreviousLoad {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

extension WatchedFiles {
    fileprivate mutating func note(_ result: LoadResult) {
        paths = result.watched
        suffixes = ConfigurationLoader.manifestSuffixes
    }
}
