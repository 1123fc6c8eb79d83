import Exchange
import TLS
import TestSupport
import Testing
@testable import Configuration

/// `ssl-ciphers` and `ssl-prefer-server-ciphers`: whose count for a host.
@Suite struct CipherTests {
    private static let prefix = "nginx.ingress.kubernetes.io/"

    private static func ciphers(_ ingresses: [Ingress], _ mode: Compatibility) -> (hosts: [String: String], messages: [String]) {
        var log = DiagnosticLog()
        var loader = ManifestLoader()
        loader.add(YAMLFile(name: "test.yaml", text: ingresses.map(\.yaml).joined(separator: "\n---\n")), log: &log)
        let selection = IngressSelection(loader.manifests, classes: ["nginx"])
        let ordered = selection.ordered(loader.manifests, mode, log: &log)
        let hosts = HostCiphers(RoutePlanner.plan(ordered, mode, log: &log), log: &log).hosts
        return (hosts.mapValues { "\($0.list ?? "-") \($0.isOurOrder.map { $0 ? "ours" : "theirs" } ?? "-")" }, log.sorted.map(\.description).filter { $0.contains("ssl-") })
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let ingresses: [Ingress]
        let hosts: [String: String]
        var warning: String?
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "nothing", ingresses: [.main("a", "a.test/ app")], hosts: [:]),
        Case(name: "both", ingresses: [.main("a", "a.test/ app", annotations: ["ssl-ciphers": "HIGH:!aNULL", "ssl-prefer-server-ciphers": "false"])],
             hosts: ["a.test": "HIGH:!aNULL theirs"]),
        Case(name: "all of an Ingress's hosts", ingresses: [.main("a", "a.test/ app", "b.test/ app", annotations: ["ssl-prefer-server-ciphers": "false"])],
             hosts: ["a.test": "- theirs", "b.test": "- theirs"]),
        Case(name: "what is so anyway", ingresses: [.main("a", "a.test/ app", annotations: ["ssl-prefer-server-ciphers": "true"])], hosts: [:]),
        Case(name: "what is so anyway, said first",
             ingresses: [
                .main("a", "a.test/ app", annotations: ["ssl-prefer-server-ciphers": "true"]),
                .main("b", day: 2, "a.test/b app", annotations: ["ssl-prefer-server-ciphers": "false"]),
             ], hosts: [:]),
        Case(name: "the oldest counts, of each by itself",
             ingresses: [
                .main("a", "a.test/ app", annotations: ["ssl-ciphers": "HIGH"]),
                .main("b", day: 2, "a.test/b app", annotations: ["ssl-ciphers": "ALL", "ssl-prefer-server-ciphers": "false"]),
             ], hosts: ["a.test": "HIGH theirs"]),
        Case(name: "no canary's",
             ingresses: [.main("a", "a.test/ app"), .canary("b", "a.test/ app", annotations: ["canary-weight": "1", "ssl-ciphers": "HIGH"])], hosts: [:],
             warning: "ssl-ciphers does nothing in a canary"),
        Case(name: "an alias has its host's",
             ingresses: [.main("a", "a.test/ app", annotations: ["ssl-ciphers": "HIGH", "server-alias": "alias.test"])],
             hosts: ["a.test": "HIGH -", "alias.test": "HIGH -"]),
        Case(name: "characters that do not belong", ingresses: [.main("a", "a.test/ app", annotations: ["ssl-ciphers": "HIGH; x"])], hosts: [:],
             warning: "is not a list of ciphers in OpenSSL's notation: counts as not set"),
        Case(name: "no boolean", ingresses: [.main("a", "a.test/ app", annotations: ["ssl-prefer-server-ciphers": "on"])], hosts: [:],
             warning: "is not a boolean: counts as not set"),
        Case(name: "what OpenSSL does not know", ingresses: [.main("a", "a.test/ app", annotations: ["ssl-ciphers": "NO-SUCH"])], hosts: [:],
             warning: "warning: Ingress default/a: ssl-ciphers: \"NO-SUCH\" can't be used, counts as not set: no cipher match"),
        Case(name: "shared secrets and no certificates", ingresses: [.main("a", "a.test/ app", annotations: ["ssl-ciphers": "PSK:SRP:aNULL"])], hosts: [:],
             warning: "can't be used, counts as not set: of use are those with RSA or ECDSA certificates"),
        Case(name: "keys by parameters that are not there",
             ingresses: [.main("a", "a.test/ app", annotations: ["ssl-ciphers": "DHE-RSA-AES128-GCM-SHA256"])], hosts: [:],
             warning: "can't be used, counts as not set: of use are those with RSA or ECDSA certificates"),
        Case(name: "some that are of use",
             ingresses: [.main("a", "a.test/ app", annotations: ["ssl-ciphers": "PSK-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:AES128-SHA"])],
             hosts: ["a.test": "PSK-AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:AES128-SHA -"]),
    ], [Compatibility.scoped, .ingressNginx])
    func hosts(_ test: Case, _ mode: Compatibility) {
        let (hosts, messages) = Self.ciphers(test.ingresses, mode)
        #expect(hosts == test.hosts)
        #expect(messages.count == (test.warning == nil ? 0 : 1), "\(messages)")
        if let warning = test.warning { #expect(messages.first?.contains(warning) == true, "\(messages)") }
    }
}
