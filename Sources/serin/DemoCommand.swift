import Addressing
import ArgumentParser
import Server

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Start an old and a new origin and the proxy, and print what to try.",
        discussion: "Run it in the repository's folder, or name the demo's configuration with -c.")

    @Option(name: [.customShort("c"), .customLong("config")], help: "The demo's configuration.")
    var config = "config/demo.yaml"

    /// Where the example manifests say the two versions are.
    private static let oldAddress = SocketAddress.ipv4(address: 0x7F00_0001, port: 9001)
    private static let newAddress = SocketAddress.ipv4(address: 0x7F00_0001, port: 9002)

    func run() throws {
        // The proxy first: it blocks its signals before any thread could take them.
        let (supervisor, console, lines) = try RunCommand.start(config, nil)
        let origins: [DemoOrigin]
        do throws(Supervisor.StartError) {
            origins = [try DemoOrigin(name: "old", at: Self.oldAddress), try DemoOrigin(name: "new", at: Self.newAddress)]
        } catch {
            console.errors.write("serin: \(error)")
            supervisor.stop(graceful: false)
            supervisor.wait()
            console.close()
            throw ExitCode(1)
        }
        let address = "http://\(supervisor.listeners.first.map(\.description) ?? "")"
        let more = Self.lines(address, admin: "http://\(supervisor.admin)").split(separator: "\n", omittingEmptySubsequences: false)
        console.announce(lines + more.map(String.init))
        let hasEnded = supervisor.wait()
        for origin in origins { origin.stop() }
        console.close(endingProcess: !hasEnded)
    }

    private static func lines(_ address: String, admin: String) -> String {
        """

        Two versions are running: "old" on \(oldAddress), "new" on \(newAddress). Try, in another terminal:

          # header foo: bar gets the new version; of the other requests half do
          curl -H 'Host: www.example.com' -H 'foo: bar' \(address)/
          for i in 1 2 3 4; do curl -s -H 'Host: www.example.com' \(address)/; done

          # cookie canary=always gets the new version, canary=never the old one; of the others one in ten, each user the same every time
          curl -H 'Host: shop.example.com' -b 'canary=always' \(address)/
          curl -H 'Host: shop.example.com' -b 'canary=never' \(address)/
          curl -H 'Host: shop.example.com' -b 'uid=u-17' \(address)/

          # why did it go there? which routes are there? how many requests went where?
          .build/release/serin explain -c config/demo.yaml -H 'foo: bar' http://www.example.com/
          curl \(admin)/v1/routes
          curl -s \(admin)/metrics | grep serin_requests_total

        Stop with Ctrl-C.
        """
    }
}
