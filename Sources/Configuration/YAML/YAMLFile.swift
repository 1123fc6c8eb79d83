/// The text of one file, split into its YAML documents.
///
/// Each document is parsed by itself, so that a broken one is reported and does not hide those after it.
struct YAMLFile {
    /// A document: its bytes, valid UTF-8, and the line of the file it begins on.
    struct Part: Sendable {
        /// Of the whole file, for all its parts to share.
        let bytes: [UInt8]
        let range: Range<Int>
        let firstLine: Int

        /// With a line feed at the end.
        var text: String {
            let text = String(decoding: bytes[range], as: UTF8.self)
            return text.utf8.last == 0x0A ? text : text + "\n"
        }
    }

    let name: String
    let parts: [Part]

    init(name: String, text: String) {
        self.init(name: name, bytes: Array(text.utf8), from: 0)
    }

    /// `bytes` are valid UTF-8; those before `start` are left out.
    private init(name: String, bytes: [UInt8], from start: Int) {
        self.name = name
        parts = Self.split(bytes, from: start)
    }

    /// Reads a file; nil, with an error in `log`, if it can't be read or is not text.
    /// - Parameter mayWait: whether it may be a pipe, such as `serin check -c <(generate)` is given.
    static func read(_ path: String, mayWait: Bool = false, log: inout DiagnosticLog) -> YAMLFile? {
        let place = Place(file: path, line: 1)
        let bytes: [UInt8]
        do throws(BoundedFile.Fault) {
            bytes = try BoundedFile.read(path, limit: BoundedFile.manifestLimit, mayWait: mayWait)
        } catch {
            log.error(place, "file", "\(error)")
            return nil
        }
        guard let start = textStart(bytes, place, log: &log) else { return nil }
        return YAMLFile(name: path, bytes: bytes, from: start)
    }

    /// The file's documents, in order; those that can't be parsed are errors in `log`, those that are empty left out.
    func documents(log: inout DiagnosticLog) -> [YAMLNode] {
        let composer = YAMLComposer(file: name)
        return parts.flatMap { composer.compose($0, log: &log) }
    }

    /// Where the text begins, behind a byte order mark; nil, with an error, if it is not UTF-8 without control characters.
    static func textStart(_ bytes: [UInt8], _ place: Place, log: inout DiagnosticLog) -> Int? {
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        guard isUTF8(bytes) else {
            let lines = bytes[start...].split(separator: 0x0A, omittingEmptySubsequences: false)
            let bad = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
            log.error(place.at(line: bad + 1), "file", "is not UTF-8 from here on; save it as UTF-8")
            return nil
        }
        guard let index = bytes[start...].indices.first(where: { isOdd(bytes, $0) }) else { return start }
        let line = bytes[start..<index].count { $0 == 0x0A } + 1
        let byte = "byte 0x" + String(bytes[index], radix: 16)
        let fault = isForeignLineBreak(bytes, index)
            ? "holds a line break (\(byte)) that is neither LF nor CRLF; save it with LF"
            : "holds a control character (\(byte)), which YAML does not allow; remove it"
        log.error(place.at(line: line), "file", fault)
        return nil
    }

    private static func isUTF8(_ bytes: [UInt8]) -> Bool {
        (try? UTF8Span(validating: bytes.span)) != nil
    }

    /// A control character or a foreign line break.
    private static func isOdd(_ bytes: [UInt8], _ index: Int) -> Bool {
        switch bytes[index] {
        case 0x09, 0x0A, 0x20...0x7E: false
        case 0x0D, 0xC2, 0xE2: isForeignLineBreak(bytes, index)
        case 0x80...0xFF: false
        default: true
        }
    }

    /// Where the parser begins a line and nobody else does: a CR alone, NEL, LS and PS (YAML 1.1 section 5.4). Behind one of them
    /// a `---` would begin a document that is not split off, and so be read by nobody; and diagnostics would name other lines.
    private static func isForeignLineBreak(_ bytes: [UInt8], _ index: Int) -> Bool {
        switch bytes[index] {
        case 0x0D: index + 1 == bytes.count || bytes[index + 1] != 0x0A
        case 0xC2: bytes[index + 1] == 0x85
        default: isSeparator(bytes, index)
        }
    }

    /// Whether U+2028 or U+2029 is at `index`, in valid UTF-8.
    static func isSeparator(_ bytes: [UInt8], _ index: Int) -> Bool {
        bytes[index] == 0xE2 && bytes[index + 1] == 0x80 && (bytes[index + 2] == 0xA8 || bytes[index + 2] == 0xA9)
    }

    // MARK: Splitting

    /// Splits at `---` and `...` in the first column, which YAML lets mean nothing else there, not even inside a
    /// block of text (YAML 1.2 section 9.1.2).
    private static func split(_ bytes: [UInt8], from begin: Int) -> [Part] {
        var parts: [Part] = []
        // The part that is being collected: where it begins, and whether a line other than comments and directives is in it.
        var (start, firstLine, hasContent) = (begin, 1, false)
        func close(at end: Int) {
            if hasContent { parts.append(Part(bytes: bytes, range: start..<end, firstLine: firstLine)) }
        }
        var (position, line) = (begin, 1)
        while position < bytes.count {
            var end = position
            while end < bytes.count, bytes[end] != 0x0A { end += 1 }
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

extension YAMLFile.Part {
    /// A text by itself, such as a piece of another part.
    init(_ text: String, firstLine: Int) {
        let bytes = Array(text.utf8)
        self.init(bytes: bytes, range: bytes.indices, firstLine: firstLine)
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
