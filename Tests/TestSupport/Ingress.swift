/// An Ingress in short.
public struct Ingress: Sendable {
    public var name: String
    /// The day of January 2026 it was created on; nil is no timestamp.
    public var day: Int?
    /// With `canary` and the like without their prefix; names with a slash are taken as they are.
    public var annotations: [String: String]
    /// `host/path service:port`, a leading `=` for Exact, `~` for ImplementationSpecific. `*` is no host,
    /// no port is 80.
    public var paths: [String]
    public var defaultBackend: String?
    public var namespace: String

    public init(
        name: String, day: Int?, annotations: [String: String] = [:], paths: [String] = [], defaultBackend: String? = nil,
        namespace: String = "default"
    ) {
        (self.name, self.day, self.annotations) = (name, day, annotations)
        (self.paths, self.defaultBackend, self.namespace) = (paths, defaultBackend, namespace)
    }

    /// An ordinary Ingress.
    public static func main(
        _ name: String, day: Int? = 1, _ paths: String..., defaultBackend: String? = nil, namespace: String = "default",
        annotations: [String: String] = [:]
    ) -> Ingress {
        Ingress(
            name: name, day: day, annotations: annotations, paths: paths, defaultBackend: defaultBackend, namespace: namespace)
    }

    /// A canary, by weight 10 if nothing else is said.
    public static func canary(
        _ name: String, day: Int? = 2, _ paths: String..., defaultBackend: String? = nil, namespace: String = "default",
        annotations: [String: String] = ["canary-weight": "10"]
    ) -> Ingress {
        Ingress(
            name: name, day: day, annotations: annotations.merging(["canary": "true"]) { one, _ in one }, paths: paths,
            defaultBackend: defaultBackend, namespace: namespace)
    }

    /// One line of YAML.
    public var yaml: String {
        var metadata = ["name: \(name)", "namespace: \(namespace)"]
        if let day { metadata.append("creationTimestamp: \"2026-01-\(day < 10 ? "0" : "")\(day)T00:00:00Z\"") }
        let pairs = annotations.sorted { $0.key < $1.key }.map { key, value in
            "\(key.contains("/") ? key : "nginx.ingress.kubernetes.io/" + key): " + Self.scalar(value)
        }
        if !pairs.isEmpty { metadata.append("annotations: {\(pairs.joined(separator: ", "))}") }
        var spec = paths.isEmpty ? [] : ["rules: [\(paths.map(Self.rule).joined(separator: ", "))]"]
        if let defaultBackend { spec.append("defaultBackend: \(Self.backend(defaultBackend))") }
        return "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {\(metadata.joined(separator: ", "))}, "
            + "spec: {\(spec.joined(separator: ", "))}}"
    }

    /// What would fold or go is escaped.
    private static func scalar(_ value: String) -> String {
        let escapes: [Unicode.Scalar: String] = ["\n": "\\n", "\r": "\\r", "\t": "\\t", "\"": "\\\"", "\\": "\\\\"]
        guard value.unicodeScalars.contains(where: { "\n\r\t".unicodeScalars.contains($0) }) else { return "'\(value)'" }
        return "\"" + value.unicodeScalars.map { escapes[$0] ?? String($0) }.joined() + "\""
    }

    private static func rule(_ text: String) -> String {
        let words = text.split(separator: " ")
        let type = words[0].hasPrefix("=") ? "Exact" : words[0].hasPrefix("~") ? "ImplementationSpecific" : "Prefix"
        let place = type == "Prefix" ? words[0] : words[0].dropFirst()
        let slash = place.firstIndex(of: "/") ?? place.endIndex
        let host = place[..<slash] == "*" ? "" : "host: \"\(place[..<slash])\", "
        return "{\(host)http: {paths: [{path: '\(place[slash...])', pathType: \(type), "
            + "backend: \(backend(String(words[1])))}]}}"
    }

    private static func backend(_ text: String) -> String {
        let parts = text.split(separator: ":")
        let port = parts.count > 1 ? String(parts[1]) : "80"
        return "{service: {name: \(parts[0]), port: {\(port.allSatisfy(\.isNumber) ? "number" : "name"): \(port)}}}"
    }

    /// `namespace/service` of every backend.
    public var services: [String] {
        (paths.map { String($0.split(separator: " ")[1]) } + [defaultBackend].compactMap { $0 }).map { backend in
            "\(namespace)/\(backend.split(separator: ":")[0])"
        }
    }
}
