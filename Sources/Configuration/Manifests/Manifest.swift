/// One Kubernetes object of the kinds Serin looks at, decoded and checked by itself, not yet against others.
///
/// A class, as thousands of them pass from hand to hand.
final class Manifest: Sendable {
    enum Body: Sendable {
        case ingress(IngressManifest)
        case ingressClass(IngressClassManifest)
        case service(ServiceManifest)
        case endpoints(EndpointsManifest)
        case endpointSlice(EndpointSliceManifest)
        case secret(SecretManifest)
        case configMap(ConfigMapManifest)
    }

    let kind: String
    /// Empty for an IngressClass.
    let namespace: String
    let name: String
    /// Where the object begins.
    let place: Place
    /// `metadata.creationTimestamp` as Kubernetes writes it (UTC to the second), so that text order is time order; nil if
    /// it has none, which counts as the oldest.
    let created: String?
    let labels: [String: String]
    let annotations: [Annotation]
    let body: Body
    /// What ingress-nginx's annotations begin with here (R1).
    let nginxPrefix: String

    init(
        kind: String, namespace: String, name: String, place: Place, created: String?, labels: [String: String],
        annotations: [Annotation], body: Body, nginxPrefix: String = AnnotationCatalogue.ingressNginx
    ) {
        (self.kind, self.namespace, self.name) = (kind, namespace, name)
        (self.place, self.created) = (place, created)
        (self.labels, self.annotations) = (labels, annotations)
        (self.body, self.nginxPrefix) = (body, nginxPrefix)
    }

    /// `Ingress default/shop`: what diagnostics call it.
    var object: String { "\(kind) \(label)" }
    /// `default/shop`; only the name of what has no namespace.
    var label: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    func place(line: Int) -> Place { place.at(line: line) }

    func replacing(body: Body? = nil, annotations: [Annotation]? = nil, nginxPrefix: String? = nil) -> Manifest {
        Manifest(
            kind: kind, namespace: namespace, name: name, place: place, created: created, labels: labels,
            annotations: annotations ?? self.annotations, body: body ?? self.body, nginxPrefix: nginxPrefix ?? self.nginxPrefix)
    }

    /// - Parameter key: as `Annotation.canonical`.
    func annotation(_ key: String) -> Annotation? { annotations.first { $0.canonical == key } }

    /// The annotation whose key is `prefix` and `name`, without making it: there are thousands of objects and dozens of names.
    func annotation(_ prefix: String, _ name: String) -> Annotation? {
        let count = prefix.utf8.count + name.utf8.count
        return annotations.first { $0.canonical.utf8.count == count && $0.canonical.hasPrefix(prefix) && $0.canonical.hasSuffix(name) }
    }
}

/// One annotation.
struct Annotation: Sendable {
    /// As written; for messages.
    let key: String
    /// What it is looked up by: the key, but under `AnnotationCatalogue.ingressNginx` if ingress-nginx's prefix is another here (R1).
    let canonical: String
    let value: String
    let line: Int

    init(key: String, canonical: String? = nil, value: String, line: Int) {
        (self.key, self.canonical) = (key, canonical ?? key)
        (self.value, self.line) = (value, line)
    }
}

/// A word of a manifest and where it stands.
struct Located<Value: Sendable>: Sendable {
    let value: Value
    let line: Int
}

extension Located: Equatable where Value: Equatable {}

/// `spec` of an Ingress, the same for every API version.
struct IngressManifest: Sendable {
    enum PathKind: String, Sendable, CaseIterable {
        case exact = "Exact"
        case prefix = "Prefix"
        case implementationSpecific = "ImplementationSpecific"
    }

    struct Path: Sendable {
        /// As written, `/` if it was empty (R10).
        let path: String
        let kind: PathKind
        let backend: BackendReference
        let line: Int
    }

    /// Hosts and the Secret with their certificate.
    struct TLSEntry: Sendable {
        /// Lower case; empty: the hosts that the certificate is for.
        let hosts: [Located<String>]
        /// Nil is the default certificate.
        let secret: Located<String>?
        let line: Int
    }

    struct Rule: Sendable {
        /// Lower case; empty is every host.
        let host: String
        let line: Int
        let paths: [Path]
    }

    var className: Located<String>?
    var defaultBackend: BackendReference?
    var rules: [Rule] = []
    /// Where `spec.tls` is.
    var tlsLine: Int?
    var tls: [TLSEntry] = []
    /// What there is to say about it, if it is Serin's: an Ingress of another controller may be as that likes it.
    var said = DiagnosticLog()
    /// Parts of it were in error and are missing here.
    var isDamaged: Bool { said.hasErrors }
}

/// A Service and a port of it, as an Ingress names them.
struct BackendReference: Sendable {
    let service: String
    let port: PortReference
    let line: Int
}

/// A port by number or by name.
enum PortReference: Hashable, Sendable {
    case number(UInt16)
    case name(String)

    /// `80` and `"80"` are the number.
    init?(_ text: String) {
        if let number = Quantity.number(text) {
            guard let port = UInt16(exactly: number), port > 0 else { return nil }
            self = .number(port)
        } else if text.isEmpty || text.utf8.count > 63 {
            return nil
        } else {
            self = .name(text)
        }
    }
}

extension PortReference: CustomStringConvertible {
    var description: String {
        switch self {
        case .number(let number): String(number)
        case .name(let name): name
        }
    }
}

struct IngressClassManifest: Sendable {
    let controller: String
}

struct ServiceManifest: Sendable {
    struct Port: Sendable {
        let name: String
        let port: UInt16
        /// Nil is the same as `port`.
        let target: PortReference?
    }

    let ports: [Port]
    /// Its own address within the cluster.
    let clusterIP: String?
    /// The DNS name of a Service of type ExternalName.
    let externalName: Located<String>?
}

/// A port of Endpoints and EndpointSlices; no number is every port, which no endpoint can be made of.
struct EndpointPort: Sendable {
    let name: String
    let port: UInt16?
}

struct EndpointsManifest: Sendable {
    struct Subset: Sendable {
        let addresses: [Located<String>]
        let ports: [EndpointPort]
    }

    let subsets: [Subset]
}

struct EndpointSliceManifest: Sendable {
    /// Label `kubernetes.io/service-name`.
    let service: String
    /// Addresses of the endpoints that are ready.
    let addresses: [Located<String>]
    /// Addresses that are not.
    let unready: Int
    let ports: [EndpointPort]
}

struct SecretManifest: Sendable {
    let type: String
    let keys: [String]
    /// PEM, of a Secret that has both.
    var certificate: Located<[UInt8]>?
    var key: Located<[UInt8]>?
    /// DER: what the certificate's authority says of it (OCSP).
    var response: Located<[UInt8]>?
    /// PEM: certificates that others are checked against.
    var authorities: Located<[UInt8]>?
    /// PEM: what the authorities have taken back.
    var revocations: Located<[UInt8]>?
}

struct ConfigMapManifest: Sendable {
    let keys: [String]
}
