public import Addressing
public import Exchange
public import Logging
import Reactor
import Routing
import Synchronization
public import TLS

/// A whole proxy in this process: binds the listeners, runs the workers, reloads, stops.
///
///     let supervisor = try Supervisor.start(.init(settings: settings, snapshot: snapshot))
///     print(supervisor.listeners)          // with real ports where 0 was asked for
///     try supervisor.install(otherSnapshot)
///     supervisor.stop(graceful: true)
///     supervisor.wait()
public final class Supervisor: Sendable {
    public struct Options: Sendable {
        public var settings: ProcessSettings
        public var snapshot: Snapshot
        /// What clients of TLS listeners are served with; there has to be one if there are any.
        public var tls = TLSContexts()
        /// Canaries of the configuration that are not in effect, for `GET /v1/routes`.
        public var inactiveCanaries: [RouteReport.InactiveCanary] = []
        /// Shown by the metrics.
        public var version = ""
        public var logger = Logger(label: "serin")
        /// How many lines the logger has lost, for the metrics; see `LogSink`.
        public var logLinesLost: @Sendable () -> Int = { 0 }
        /// Loads the configuration again, for SIGHUP and `POST /v1/reload`; nil when there is nothing to load.
        public var reload: (@Sendable () -> ReloadOutcome)?
        /// What the snapshot was loaded from, to be watched.
        public var files = WatchedFiles()
        /// Obey HUP, USR1, USR2, QUIT, TERM and INT. Start from the main thread before any other is started, or after `holdSignals`.
        public var handlesSignals = false
        /// How the process was started; nil for a proxy in a process that has other purposes: it inherits no sockets, tells no
        /// service manager, and is not upgraded.
        public var launch: Launch?
        /// What the next process of an upgrade finds as `Launch.takeHandedOver`, up to 32 MiB; nil is nothing.
        public var handsOver: (@Sendable () -> [UInt8]?)?
        /// How names among the endpoints become addresses.
        var lookUp: Resolver.LookUp = { NameLookup.addresses(of: $0, port: $1) }

        /// How long a start, a reload, or addresses that have changed wait for names that do not answer (nanoseconds).
        var namePatience: UInt64 = 5_000_000_000
        /// How long connections to the admin address may be idle (nanoseconds).
        var adminIdleLimit: UInt64 = 30_000_000_000

        public init(settings: ProcessSettings, snapshot: Snapshot) {
            self.settings = settings
            self.snapshot = snapshot
        }

        /// Without what a reload takes the place of.
        fileprivate var withoutBeginning: Options {
            var options = self
            options.snapshot = Snapshot(routes: RouteTableBuilder().build(), backends: [], sequences: [])
            (options.tls, options.inactiveCanaries) = (TLSContexts(), [])
            return options
        }
    }

    /// Why a proxy could not start; nothing was left half started.
    public struct StartError: Error, CustomStringConvertible {
        public let description: String

        static let noCertificates = StartError("a listener speaks TLS, for which there is no `TLSContext`")

        static let noListeners = StartError(
            "`listeners` is gone, as if the file was cut; write the default, if it is meant: listeners: [{address: 0.0.0.0:8080}]")

        static func cannotOpen(_ log: ProcessSettings.AccessLog, _ error: Errno) -> StartError {
            StartError("cannot open the access log \(log.path ?? "on stdout")", error)
        }

        init(_ description: String) { self.description = description }

        /// - Parameter error: what the kernel said to it.
        init(_ what: String, _ error: Errno) {
            let limit = error == .EMFILE ? "; \(DescriptorBudget.limitAsText)" : ""
            self.init("\(what): \(error)\(limit)")
        }
    }

    /// Where clients connect, in the order of the settings, with the ports that were bound.
    public let listeners: [SocketAddress]
    public let admin: SocketAddress
    private let mailbox: Mailbox<SupervisorMessage>
    private let control: Thread
    private let ending: Ending

    /// What the supervisor's thread leaves.
    private final class Ending: Sendable {
        let isComplete = Atomic(true)
    }

    private init(
        _ addresses: ControlLoop.Addresses, _ mailbox: Mailbox<SupervisorMessage>, _ control: Thread, _ ending: Ending
    ) {
        listeners = addresses.listeners
        admin = addresses.admin
        self.mailbox = mailbox
        self.control = control
        self.ending = ending
    }

    /// For a program that does nothing but serve, before it reads its configuration: memory that is freed goes back to the system soon,
    /// and so does some of idle TLS connections.
    public static func prepareProcess() {
        ProcessMemory.mapBigBlocks()
        SessionMemory.install()
    }

    /// For a program that does nothing but serve, at its very beginning, before any thread is started: the signals of
    /// `Options.handlesSignals` that come from now on wait for `start`.
    public static func holdSignals() { SignalSource.hold(ControlLoop.signals) }

    /// Runs `body` after `holdSignals`, and lets those signals that stop a proxy end the process at once meanwhile: there is nothing yet
    /// that it would have to see to its end, and the configuration may take long to be read. Threads that `body` starts end before it does.
    public static func untilToldToStop<Result>(_ body: () -> Result) -> Result {
        SignalSource.endingProcess(by: ControlLoop.stopSignals, during: body)
    }

    /// Binds every address and starts every thread, or throws and leaves nothing behind.
    public static func start(_ options: Options) throws(StartError) -> Supervisor {
        IgnoreSIGPIPE.install()
        do {
            // Signals are blocked before the first thread starts, so that none of them takes one.
            let signals = options.handlesSignals ? try SignalSource(signals: ControlLoop.signals).release() : nil
            let mailbox = try Mailbox<SupervisorMessage>()
            let outcome = try Mailbox<Result<ControlLoop.Addresses, StartError>>()
            let beginning = StartingPoint(.init(
                snapshot: options.snapshot, tls: options.tls, inactiveCanaries: options.inactiveCanaries))
            let lasting = options.withoutBeginning
            let ending = Ending()
            let thread = try Thread.start(name: "supervisor") {
                let isComplete = ControlLoop.run(lasting, beginning, mailbox, signals: signals) { outcome.post($0) }
                ending.isComplete.store(isComplete, ordering: .relaxed)
            }
            outcome.wakeUp.wait()
            switch outcome.takeAll().first {
            case .success(let addresses):
                return Supervisor(addresses, mailbox, thread, ending)
            case .failure(let error):
                thread.join()
                throw error
            case nil:
                preconditionFailure("the control loop says how it started")
            }
        } catch let error as StartError {
            throw error
        } catch let error as Errno {
            throw StartError("cannot start", error)
        } catch {
            throw StartError("\(error)")
        }
    }

    /// Makes new requests be served by `snapshot`; those under way keep theirs. Without effect once it is stopping.
    public func install(_ snapshot: Snapshot) { mailbox.post(.install(snapshot)) }

    /// Loads the configuration again, as SIGHUP does.
    public func reload() { mailbox.post(.reload(nil)) }

    /// Goes on in a new process, as SIGUSR2 does, if `Options.launch` says how it is started.
    public func upgrade() { mailbox.post(.upgrade) }

    /// - Parameter graceful: what runs is finished, within `shutdownTimeout`; otherwise it is cut.
    public func stop(graceful: Bool) { mailbox.post(.stop(graceful: graceful)) }

    /// Returns when the proxy has stopped and its threads have ended. Call it once.
    ///
    /// Some may outlive it: those that wait for the system's resolver, and the one that loads the configuration, with its helpers, if
    /// that does not end within a second, or at all when the stop is at once. They serve nothing and end by themselves.
    ///
    /// - Returns: whether there are no such threads. They use libraries: a process that ends meanwhile shall not run handlers that tear
    ///   those down (`_exit`, not `exit`).
    @discardableResult
    public func wait() -> Bool {
        control.join()
        return ending.isComplete.load(ordering: .relaxed)
    }
}
