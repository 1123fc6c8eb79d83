/// One object of a document, decoded by itself, and what there is to say about it.
struct DecodedObject: Sendable {
    /// Nil if it is of another kind, or can't be used.
    let manifest: Manifest?
    let said: DiagnosticLog
    /// In place of a manifest.
    var stray: StrayDocument?

    /// The objects of one part of a file. What is said about the document itself stands with the first of them.
    ///
    /// - Parameter isNamed: the file was asked for, so that each document of it has to be a manifest.
    static func all(in part: YAMLFile.Part, of file: String, isNamed: Bool = true) -> [DecodedObject] {
        var log = DiagnosticLog()
        let documents = YAMLComposer(file: file).compose(part, log: &log)
        var objects: [DecodedObject] = []
        if !log.entries.isEmpty { objects.append(DecodedObject(manifest: nil, said: log)) }
        for document in documents {
            let place = Place(file: file, line: document.line)
            if !isNamed, let stray = StrayDocument(document, place) {
                objects.append(DecodedObject(manifest: nil, said: DiagnosticLog(), stray: stray))
            } else {
                append(document, nil, place, depth: 0, to: &objects)
            }
        }
        return objects
    }

    /// - Parameter inherited: what an item of a list is, if it does not say so itself.
    private static func append(
        _ node: YAMLNode, _ inherited: ManifestDecoder.ObjectType?, _ place: Place, depth: Int, to objects: inout [DecodedObject]
    ) {
        var log = DiagnosticLog()
        // `kubectl get -o yaml` makes a List, the API an IngressList, whose items leave out what they are.
        if let kind = node["kind"]?.text, kind.hasSuffix("List"), let items = node["items"] {
            guard let items = items.sequence, depth < 4 else {
                log.error(place.at(line: items.line), kind, "expected a list of objects under `items`, found \(items.found)")
                return objects.append(DecodedObject(manifest: nil, said: log))
            }
            let type = typeOfItems(kind, node)
            for item in items { append(item, type, place.at(line: item.line), depth: depth + 1, to: &objects) }
            return
        }
        let manifest = ManifestDecoder.decode(node, inherited, place, log: &log)
        if manifest != nil || !log.entries.isEmpty { objects.append(DecodedObject(manifest: manifest, said: log)) }
    }

    /// Those of a List say it themselves.
    private static func typeOfItems(_ kind: String, _ list: YAMLNode) -> ManifestDecoder.ObjectType? {
        guard let version = list["apiVersion"]?.text, kind != "List" else { return nil }
        return ManifestDecoder.ObjectType(kind: String(kind.dropLast("List".count)), version: version)
    }
}
