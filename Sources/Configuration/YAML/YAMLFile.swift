internal import Foundation

/// The text of one file, split into its YAML documents.
///
/// Each document is parsed by itself, so that a broken one is reported and does not hide those after it.
struct YAMLFile {
    /// A document: its text, with a line feed at the end, and the line of the file it begins on.
    struct Part {
        let text: String
        let firstLine: Int
    }

    let name: String
    let parts: [Part]

    init(name: String, text: String) {
        self.name = name
        parts = Self.split(text)
    }

    /// Reads a file; nil, with an error in `log`, if it can't be read or is not text.
    static func read(_ path: String, log: inout DiagnosticLog) -> YAMLFile? {
        let place = Place(file: path, line: 1)
        let bytes: [UInt8]
        do {
            // A handle also reads pipes, which `serin check -c <(generate)` is given.
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            bytes = try [UInt8](handle.readToEnd() ?? Data())
        } catch {
            log.error(place, "file", "can't be read: \(reason(path, error))")
            return nil
        }
        guard let text = text(bytes, place, log: &log) else { return nil }
        return YAMLFile(name: path, text: text)
    }

    /// The file's documents, in order; those that can't be parsed are errors in `log`, those that are empty left out.
    func documents(log: inout DiagnosticLog) -> [YAMLNode] {
        var composer = YAMLComposer(file: name)
        return parts.flatMap { composer.compose($0, log: &log) }
    }

    private static func reason(_ path: String, _ error: any Error) -> String {
        switch FilePath.kind(of: path) {
        case nil: "there is no such file; check the path"
        case .folder: "it is a folder; name a file"
        case .file where !FileManager.default.isReadableFile(atPath: path): "permission denied; make it readable"
        case .file: (error as NSError).localizedDescription
        }
    }

    /// UTF-8 without control characters, a byte order mark dropped.
    static func text(_ bytes: [UInt8], _ place: Place, log: inout DiagnosticLog) -> String? {
        var body = bytes[...]
        if body.starts(with: [0xEF, 0xBB, 0xBF]) { body = body.dropFirst(3) }
        guard let text = String(validating: body, as: UTF8.self) else {
            let lines = body.split(separator: 0x0A, omittingEmptySubsequences: false)
            let bad = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
            log.error(place.at(line: bad + 1), "file", "is not UTF-8 from here on; save it as UTF-8")
            return nil
        }
        var line = 1
        for index in body.indices {
            let byte = body[index]
            if byte == 0x0A { line += 1 }
            if isForeignLineBreak(body[index...]) {
                log.error(
                    place.at(line: line), "file",
                    "holds a line break (byte 0x\(String(byte, radix: 16))) that is neither LF nor CRLF; save it with LF")
                return nil
            }
            guard byte < 0x20 || byte == 0x7F, ![0x09, 0x0A, 0x0D].contains(byte) else { continue }
            log.error(
                place.at(line: line), "file",
                "holds a control character (byte 0x\(String(byte, radix: 16))), which YAML does not allow; remove it")
            return nil
        }
        return text
    }

    /// Where the parser begins a line and nobody else does: a CR alone, NEL, LS and PS (YAML 1.1 section 5.4). Behind one of them
    /// a `---` would begin a document that is not split off, and so be read by nobody; and diagnostics would name other lines.
    private static func isForeignLineBreak(_ rest: ArraySlice<UInt8>) -> Bool {
        switch rest.first {
        case 0x0D: rest.dropFirst().first != 0x0A
        case 0xC2: rest.starts(with: "\u{85}".utf8)
        case 0xE2: rest.starts(with: "\u{2028}".utf8) || rest.starts(with: "\u{2029}".utf8)
        default: false
        }
    }

    // MARK: Splitting

    /// Splits at `---` and `...` in the first column, which YAML lets mean nothing else there, not even inside a
    /// block of text (YAML 1.2 section 9.1.2).
    private static func split(_ text: String) -> [Part] {
        let bytes = Array(text.utf8)
        var parts: [Part] = []
        // The part that is being collected: where it begins, and whether a line other than comments and directives is in it.
        var (start, firstLine, hasContent) = (0, 1, false)
        func close(at end: Int) {
            guard hasContent else { return }
            let text = String(decoding: bytes[start..<end], as: UTF8.self)
            parts.append(Part(text: text.utf8.last == 0x0A ? text : text + "\n", firstLine: firstLine))
        }
        var (position, line) = (0, 1)
        while position < bytes.count {
            let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
            switch bytes[position] {
            case UInt8(ascii: ".") where isMarker(bytes[position..<end], "..."):
                close(at: position)
                (start, firstLine, hasContent) = (end + 1, line + 1, false)
            case UInt8(ascii: "-") where isMarker(bytes[position..<end], "---"):
                // Directives belong to the document whose `---` follows them.
                if hasContent {
                    close(at: position)
                    (start, firstLine) = (position, line)
                }
                hasContent = true
            case UInt8(ascii: "%"):
                break
            default:
                hasContent = hasContent || !isBlankOrComment(bytes[position..<end])
            }
            position = end + 1
            line += 1
        }
        close(at: bytes.count)
        return parts
    }

    private static func isMarker(_ line: ArraySlice<UInt8>, _ marker: String) -> Bool {
        guard line.starts(with: marker.utf8) else { return false }
        let next = line.dropFirst(3).first
        return next == nil || next == 0x20 || next == 0x09 || next == 0x0D
    }

    private static func isBlankOrComment(_ line: ArraySlice<UInt8>) -> Bool {
        let content = line.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }
        return content == nil || content == UInt8(ascii: "#")
    }
}

extension String {
    /// The lines without their line feeds; a carriage return before one stays.
    var lines: [Substring] {
        utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { Substring($0) }
    }
}

extension Substring {
    var isBlankOrComment: Bool {
        let content = utf8.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }
        return content == nil || content == UInt8(ascii: "#")
    }

    /// The spaces it begins with.
    var indentation: Int { utf8.prefix { $0 == 0x20 }.count }
}
