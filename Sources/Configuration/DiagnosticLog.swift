/// A place in a file: what a diagnostic points at.
struct Place: Hashable, Sendable {
    var file: String
    /// Counted from 1.
    var line: Int

    func at(line: Int) -> Place { Place(file: file, line: line) }
}

extension Place: CustomStringConvertible {
    var description: String { "\(file):\(line)" }
}

/// Collects diagnostics while files are read and compiled.
struct DiagnosticLog: Sendable {
    private(set) var entries: [Diagnostic] = []
    private(set) var errorCount = 0

    var hasErrors: Bool { errorCount > 0 }

    mutating func error(_ place: Place, _ object: String, _ message: String) {
        errorCount += 1
        add(.error, place, object, message)
    }

    mutating func warning(_ place: Place, _ object: String, _ message: String) {
        add(.warning, place, object, message)
    }

    mutating func note(_ place: Place, _ object: String, _ message: String) {
        add(.note, place, object, message)
    }

    /// Adds what was collected elsewhere.
    mutating func append(_ other: DiagnosticLog) {
        guard !other.entries.isEmpty else { return }
        entries += other.entries
        errorCount += other.errorCount
    }

    /// In the order of the files as first met, and of the lines within a file.
    var sorted: [Diagnostic] {
        var rank: [String: Int] = [:]
        for entry in entries where rank[entry.file] == nil { rank[entry.file] = rank.count }
        return entries.enumerated().sorted { left, right in
            let leftKey = (rank[left.element.file] ?? 0, left.element.line, left.offset)
            let rightKey = (rank[right.element.file] ?? 0, right.element.line, right.offset)
            return leftKey < rightKey
        }.map(\.element)
    }

    private mutating func add(_ severity: Diagnostic.Severity, _ place: Place, _ object: String, _ message: String) {
        entries.append(
            Diagnostic(file: place.file, line: place.line, severity: severity, object: object, message: message))
    }
}
