/// Kubernetes documents for tests.
enum Manifests {
    /// - Parameter host: nil is every host.
    static func ingress(
        _ name: String, host: String? = nil, path: String = "/", type: String = "Prefix", service: String,
        annotations: [String: String] = [:]
    ) -> String {
        var lines = ["apiVersion: networking.k8s.io/v1", "kind: Ingress", "metadata:", "  name: \(name)"]
        if !annotations.isEmpty {
            lines.append("  annotations:")
            lines += annotations.sorted { $0.key < $1.key }.map { "    \($0.key): '\($0.value)'" }
        }
        lines += ["spec:", "  rules:", host.map { "  - host: \"\($0)\"\n    http:" } ?? "  - http:"]
        lines += [
            "      paths:", "      - path: \(path)", "        pathType: \(type)", "        backend:", "          service:",
            "            name: \(service)", "            port: {number: 80}",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// - Parameter annotations: `canary-weight` and the like, without their prefix; names with a slash are taken as they are.
    static func canary(
        _ name: String, host: String? = nil, path: String = "/", service: String, _ annotations: [String: String]
    ) -> String {
        var full = ["nginx.ingress.kubernetes.io/canary": "true"]
        for (key, value) in annotations { full[key.contains("/") ? key : "nginx.ingress.kubernetes.io/" + key] = value }
        return ingress(name, host: host, path: path, service: service, annotations: full)
    }

    /// ACK's release: two Services on one path. `annotations` are `service-match` and the like, without their prefix.
    static func release(_ name: String, old: String, new: String, _ annotations: [String: String]) -> String {
        let full = Dictionary(uniqueKeysWithValues: annotations.map { ("nginx.ingress.kubernetes.io/" + $0.key, $0.value) })
        let second = """
                  - path: /
                    pathType: Prefix
                    backend:
                      service:
                        name: \(new)
                        port: {number: 80}

            """
        return ingress(name, service: old, annotations: full) + second
    }
}
