import Addressing
import Exchange
import Foundation
import TLS
import TestCertificates
import TestSupport
import Testing
@testable import Configuration

/// What a host is served with, where a wildcard's Ingress or one without a host speaks for it.
@Suite struct ServedHostsTests {
    /// An authority, and a certificate that stands for all.
    private static let values: (authority: String, certificate: Certificate)? = {
        guard let authority = try? TestAuthority(), let pair = try? authority.issue("any.test"), let text = try? authority.certificate,
              let certificate = try? Certificate(chain: Array(pair.chain.utf8), key: Array(pair.key.utf8))
        else { return nil }
        return (text, certificate)
    }()

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let ingresses: [Ingress]
        /// Hosts with certificates, which have their names.
        var certified: [String] = []
        /// Hosts that would have them, if they were good.
        var broken: [String] = []
        /// By the name that a client says: the certificate, ` asks` and the ciphers.
        let expect: [String: String]
        /// Requests for any of them come on a connection for any of them.
        var together: [[String]] = []
        /// And here they do not.
        var apart: [[String]] = []
        var testDescription: String { name }
    }

    private static let asks = ["auth-tls-secret": "default/clients"]

    @Test(arguments: [
        Case(name: "a name below a wildcard that asks", ingresses: [.main("a", "*.a.test/ app", annotations: asks)], certified: ["own.a.test"],
             expect: ["own.a.test": "own.a.test asks", "other.a.test": "default asks", "a.test": "default", "deep.own.a.test": "default"],
             together: [["own.a.test", "other.a.test", "*.a.test"]], apart: [["own.a.test", "a.test"]]),
        Case(name: "both with certificates", ingresses: [.main("a", "*.a.test/ app", annotations: asks)], certified: ["*.a.test", "own.a.test"],
             expect: ["own.a.test": "own.a.test asks", "other.a.test": "*.a.test asks"], together: [["own.a.test", "other.a.test"]]),
        Case(name: "an Ingress without a host asks", ingresses: [.main("a", "*/ app", annotations: asks)], certified: ["own.test", "*.b.test"],
             expect: ["own.test": "own.test asks", "any.b.test": "*.b.test asks", "other.test": "default asks"],
             together: [["own.test", "any.b.test", "other.test", ""]]),
        Case(name: "a name of its own below a wildcard that asks",
             ingresses: [.main("a", "*.a.test/ app", annotations: asks), .main("b", "own.a.test/ app")], certified: ["*.a.test"],
             expect: ["own.a.test": "*.a.test", "other.a.test": "*.a.test asks"], apart: [["own.a.test", "other.a.test"]]),
        Case(name: "the same without any certificate",
             ingresses: [.main("a", "*.a.test/ app", annotations: asks), .main("b", "own.a.test/ app")],
             expect: ["own.a.test": "default", "other.a.test": "default asks"], apart: [["own.a.test", "other.a.test"]]),
        Case(name: "a host beside an Ingress without one, which asks",
             ingresses: [.main("a", "*/ app", annotations: asks), .main("b", "own.test/ app")],
             expect: ["own.test": "default", "other.test": "default asks"], apart: [["own.test", "other.test"]]),
        Case(name: "a host that asks under a wildcard's certificate", ingresses: [.main("a", "own.a.test/ app", annotations: asks)], certified: ["*.a.test"],
             expect: ["own.a.test": "*.a.test asks", "other.a.test": "*.a.test"], apart: [["own.a.test", "other.a.test"]]),
        Case(name: "two that ask by themselves",
             ingresses: [.main("a", "a.test/ app", annotations: asks), .main("b", "b.test/ app", annotations: asks)], certified: ["a.test", "b.test"],
             expect: ["a.test": "a.test asks", "b.test": "b.test asks"], apart: [["a.test", "b.test"]]),
        Case(name: "an alias", ingresses: [.main("a", "a.test/ app", annotations: asks.merging(["server-alias": "b.test"]) { $1 })], certified: ["b.test"],
             expect: ["a.test": "default asks", "b.test": "b.test asks"], together: [["a.test", "b.test"]]),
        Case(name: "a wildcard's ciphers", ingresses: [.main("a", "*.a.test/ app", annotations: ["ssl-ciphers": "HIGH"])], certified: ["own.a.test"],
             expect: ["own.a.test": "own.a.test HIGH", "other.a.test": "default HIGH", "a.test": "default"]),
        Case(name: "the ciphers of an Ingress without a host", ingresses: [.main("a", "*/ app", annotations: ["ssl-ciphers": "HIGH"]), .main("b", "b.test/ app")],
             certified: ["own.test", "b.test"], expect: ["own.test": "own.test HIGH", "other.test": "default HIGH", "b.test": "b.test"]),
        Case(name: "a host whose certificate is of no use", ingresses: [.main("a", "*.a.test/ app"), .main("b", "own.a.test/ app")], certified: ["*.a.test"],
             broken: ["own.a.test"], expect: ["own.a.test": "default", "other.a.test": "*.a.test"]),
    ], [Compatibility.scoped, .ingressNginx])
    func servers(_ test: Case, _ mode: Compatibility) throws {
        let served = try Self.served(test, mode)
        let sets = served.sets
        let table = HostNameTable(sets.indices.flatMap { index in sets[index].hosts.map { ($0, index) } })
        func found(_ host: String) -> HostCertificates { table.find(Array(host.utf8).span).map { sets[$0] } ?? served.fallback }
        for (host, expected) in test.expect {
            let set = found(host)
            let text = set.source + (set.clients == nil ? "" : " asks") + (set.ciphers?.list.map { " " + $0 } ?? "")
            #expect(text == expected, "\(host)")
        }
        for hosts in test.together { #expect(Set(hosts.map { found($0).identity }).count == 1, "\(hosts)") }
        for hosts in test.apart { #expect(Set(hosts.map { found($0).identity }).count == hosts.count, "\(hosts)") }
    }

    private static func served(_ test: Case, _ mode: Compatibility) throws -> ServedHosts {
        let values = try #require(values)
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: clients}\ndata: {ca.crt: \(Data(values.authority.utf8).base64EncodedString())}"
        var log = DiagnosticLog()
        var loader = ManifestLoader()
        loader.add(YAMLFile(name: "test.yaml", text: (test.ingresses.map(\.yaml) + [secret]).joined(separator: "\n---\n")), log: &log)
        let ordered = IngressSelection(loader.manifests, classes: ["nginx"]).ordered(loader.manifests, mode, log: &log)
        let plan = RoutePlanner.plan(ordered, mode, log: &log)
        let clients = ClientTLSCompiler(plan, loader.manifests, mode, now: 0, log: &log)
        let ciphers = HostCiphers(plan, log: &log)
        #expect(log.entries.filter { $0.severity != .note }.isEmpty, "\(log.entries)")
        var owned: [String: [CertificateReader.Source]] = [:]
        for host in test.certified { owned[host] = [CertificateReader.Source(name: host, isFile: true, certificate: values.certificate)] }
        for host in test.broken { owned[host] = [] }
        return ServedHosts(
            test.certified + test.broken, owned, plan, clients, ciphers, fallback: HostCertificates(source: "default", hosts: [], certificates: []))
    }
}
