/// Reports the annotations of Ingresses that are not obeyed, so that none is ignored in silence: each once, where it is first met,
/// as thousands of Ingresses may have it.
struct AnnotationSurvey {
    private struct Finding {
        let place: Place
        let object: String
        let annotation: Annotation
        let complaint: Complaint
        var others = 0
    }

    private struct Complaint {
        let text: String
        var isNote = false
    }

    private var findings: [Finding] = []
    /// By whole key: the position of what is to be said of it, nil if there is nothing to say.
    private var known: [String: Int?] = [:]

    static func report(_ manifests: [Manifest], log: inout DiagnosticLog) {
        var survey = AnnotationSurvey()
        for manifest in manifests { survey.look(at: manifest) }
        for finding in survey.findings {
            let others = finding.others
            let message = "\(finding.annotation.key) \(finding.complaint.text)"
                + (others == 0 ? "" : " (so it is in \(others) other Ingress\(others == 1 ? "" : "es"))")
            if finding.complaint.isNote {
                log.note(finding.place, finding.object, message)
            } else {
                log.warning(finding.place, finding.object, message)
            }
        }
    }

    private mutating func look(at manifest: Manifest) {
        for annotation in manifest.annotations {
            if let position = known[annotation.canonical] {
                if let position { findings[position].others += 1 }
                continue
            }
            let complaint = Self.complaint(annotation.canonical, manifest.nginxPrefix)
            known[annotation.canonical] = .some(complaint == nil ? nil : findings.count)
            guard let complaint else { continue }
            findings.append(
                Finding(
                    place: manifest.place(line: annotation.line), object: manifest.object, annotation: annotation, complaint: complaint))
        }
    }

    /// What there is to say about a key; nil if it is obeyed, or somebody else's.
    private static func complaint(_ key: String, _ nginxPrefix: String) -> Complaint? {
        guard let owner = AnnotationCatalogue.owner(of: key) else {
            // Other controllers have the names of the old prefix, too, but for those of canaries.
            let isNote = key.hasPrefix(AnnotationCatalogue.old) && !key.contains("/canary")
            return AnnotationCatalogue.meant(by: key, nginxPrefix).map {
                Complaint(text: "is unknown, ignored; did you mean `\($0)`?", isNote: isNote)
            }
        }
        switch AnnotationCatalogue.row(key) {
        case let row? where row.state == .supported: return nil
        case let row? where row.state == .planned: return Complaint(text: "is not supported yet (planned), ignored")
        case let row?: return Complaint(text: "is not supported, ignored: \(row.text)")
        case nil:
            let nearest = AnnotationCatalogue.nearest(to: key, nginxPrefix)
            // Vendors have many that are not about canaries.
            if owner == .vendor, nearest == nil, !key.contains("/canary") {
                return Complaint(text: "is none of the vendor's annotations that are read, ignored", isNote: true)
            }
            return Complaint(text: "is unknown, ignored" + (nearest.map { "; did you mean `\($0)`?" } ?? ""))
        }
    }
}
