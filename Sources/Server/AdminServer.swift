import Addressing
import Exchange
import HTTP1
import Reactor
import Routing
import Synchronization
import Telemetry

/// The admin address: health, metrics, the route table, reload. A loop and a thread of its own, so that it answers while
/// the workers are busy, and never on the addresses that clients use.
final class AdminServer: Sendable {
    let address: SocketAddress
    private let listener: Mutex<Int32?>
    private let inbox: AdminMailbox
    private let loopStart: AdminLoop.Start

    /// - Parameter inherited: its socket, if this process was started with it.
    init(
        _ options: Supervisor.Options, _ beginning: StartingPoint, _ supervisor: Mailbox<SupervisorMessage>, _ counts: ProcessCounts,
        _ files: SocketFiles, inherited: InheritedSocket?
    ) throws(Supervisor.StartError) {
        do throws(Errno) {
            inbox = try AdminMailbox()
            if let inherited {
                address = inherited.address
                listener = Mutex(inherited.fd)
            } else {
                guard let wanted = options.settings.admin.socketAddress else { throw Errno.EINVAL }
                let bound = try Listener.bind(wanted)
                address = bound.localAddress
                listener = Mutex(bound.release())
            }
        } catch {
            throw Supervisor.StartError("cannot listen on the admin address \(options.settings.admin)", error)
        }
        loopStart = AdminLoop.Start(
            hosts: options.settings.adminHosts, version: options.version, beginning: beginning, counts: counts, socketFiles: files,
            role: SocketRole(isAdmin: true, isActivated: inherited?.isActivated ?? false),
            waitsForItsTurn: inherited.map { $0.role != nil } ?? false,
            idleLimit: options.adminIdleLimit, logLinesLost: options.logLinesLost, inbox: inbox, supervisor: supervisor)
    }

    func start() throws(Errno) -> Thread {
        guard let descriptor = listener.withLock({ $0.take() }) else { throw Errno.EINVAL }
        do throws(Errno) {
            return try Thread.start(name: "admin") { [loopStart] in AdminLoop.run(loopStart, descriptor) }
        } catch {
            listener.withLock { $0 = descriptor }
            throw error
        }
    }

    func begin(_ workers: [Mailbox<WorkerMessage>]) { inbox.post(.begin(workers)) }
    func serve(_ snapshot: Snapshot, _ inactive: [RouteReport.InactiveCanary]) { inbox.post(.serving(snapshot, inactive)) }
    func reloaded(nanoseconds: UInt64?) { inbox.post(.loaded(nanoseconds: nanoseconds)) }
    func workerEnded(_ worker: Int, _ last: WorkerCounts) { inbox.post(.ended(last, worker: worker)) }
    func lend() { inbox.post(.lend) }
    func handOver() { inbox.post(.handOver) }
    func takeBack() { inbox.post(.takeBack) }
    func beginDrain() { inbox.post(.draining) }

    /// The loop ends, and with it the file of a unix socket goes; also when it never ran.
    func stop() {
        inbox.post(.stop)
        guard let descriptor = listener.withLock({ $0.take() }) else { return }
        guard let unused = try? Listener(adopting: descriptor, ownsSocketFile: !loopStart.role.isActivated) else { return }
        loopStart.socketFiles.remove(of: unused)
    }
}
