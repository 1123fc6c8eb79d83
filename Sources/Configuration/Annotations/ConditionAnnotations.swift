internal import Exchange
internal import Routing

/// What a canary asks of a request beyond the annotations of ingress-nginx. One rule for each of header, cookie, query and
/// client address, and any number for further headers; what can't be used is a rule that never holds, so that nobody gets the
/// canary by a slip.
struct ConditionAnnotations {
    static let names = [
        "canary-by-header-value", "canary-by-header-pattern", "canary-by-header-mod", "canary-by-cookie-value",
        "canary-by-cookie-pattern", "canary-by-cookie-mod", "canary-by-query", "canary-by-query-value",
        "canary-by-query-pattern", "canary-by-query-mod", "canary-by-source-range", "canary-match", "canary-by-headers",
    ]
    /// Tengine's, under the prefix of ingress-nginx.
    static let tengineNames = [
        "canary-by-cookie-value", "canary-by-query", "canary-by-query-value", ModuloText.divisor, ModuloText.relation,
        ModuloText.remainder,
    ]

    /// A condition before its key has an index.
    struct Item {
        let family: Condition.Family
        let key: ValueKey?
        let test: Condition.Test
        var readsAbsentAsEmpty = false
    }

    /// The rules of ingress-nginx's own annotations.
    struct Plain {
        let header, headerValue, headerPattern, cookie: String?
    }

    private(set) var items: [Item] = []
    private(set) var combination = Combination.any
    /// The families whose plain rule an item stands for.
    private(set) var replaced: Set<Condition.Family> = []

    /// `canary-by-header-value` with `||` in it, which is a list in Tengine-Ingress. ingress-nginx drops it (R6).
    let vendorList: Annotation?

    private let reader: AnnotationReader
    private var mustMatchAll: Bool { combination != .any }

    init(_ reader: AnnotationReader, _ compatibility: Compatibility) {
        self.reader = reader
        let value = compatibility == .scoped ? reader.canary("canary-by-header-value") : nil
        vendorList = value.flatMap { $0.value.contains("||") ? $0 : nil }
    }

    mutating func read(_ plain: Plain, hasWeight: Bool, log: inout DiagnosticLog) {
        readCombination(hasWeight: hasWeight, log: &log)
        let modulo = ModuloText.tengine(reader, log: &log)
        readHeader(plain, modulo, log: &log)
        if let further = reader.own("canary-by-headers") {
            items += HeaderListText.items(further, reader, mustMatchAll: mustMatchAll, log: &log)
        }
        readCookie(plain, plain.header == nil ? modulo : nil, log: &log)
        readQuery(plain.header == nil && plain.cookie == nil ? modulo : nil, log: &log)
        if plain.header == nil, plain.cookie == nil, reader.extended("canary-by-query") == nil { readNamelessModulo(log: &log) }
        readSourceRange(log: &log)
        if mustMatchAll, items.isEmpty, let annotation = reader.own("canary-match") {
            combination = .any
            reader.warn(annotation, "does nothing, there is no condition; add one or remove it", log: &log)
        }
    }

    private mutating func readCombination(hasWeight: Bool, log: inout DiagnosticLog) {
        guard let annotation = reader.own("canary-match") else { return }
        let text = AnnotationText.normalized(annotation.value)
        if text == "any" { return }
        if text != "all" {
            reader.warn(annotation, "is neither `any` nor `all`: all is taken, as it lets fewer requests through", log: &log)
        }
        combination = hasWeight ? .allThenWeight : .all
    }

    /// Instead of what the annotations say: a release's rule.
    mutating func replace(by match: ServiceRelease.Match?, isWeighed: Bool) {
        items = match.map { [Item(family: $0.family, key: $0.key, test: $0.test, readsAbsentAsEmpty: true)] } ?? []
        combination = match == nil ? .any : isWeighed ? .allThenWeight : .all
        replaced = []
    }

    // MARK: Families

    private mutating func readHeader(_ plain: Plain, _ modulo: ModuloText?, log: inout DiagnosticLog) {
        let base = "canary-by-header"
        guard let name = plain.header else { return readNameless(base, .header, log: &log) }
        let own = ownTests(base, modulo)
        if let chosen = own.first, chosen.isValue || (plain.headerValue == nil && (chosen.isPattern || plain.headerPattern == nil)) {
            for other in ["canary-by-header-value", "canary-by-header-pattern"] {
                guard let annotation = reader.canary(other), annotation.key != chosen.annotation.key else { continue }
                reader.warn(annotation, "is not looked at beside \(chosen.annotation.key); remove one of the two", log: &log)
            }
            add(.header, .header(name), own, log: &log)
        } else {
            for unused in own {
                reader.warn(unused.annotation, "is not looked at beside \(reader.manifest.nginxPrefix)\(base)-value or -pattern", log: &log)
            }
            guard mustMatchAll else { return }
            items.append(Item(family: .header, key: .header(name), test: plainTest(plain, log: &log)))
            replaced.insert(.header)
        }
    }

    /// The header rule of ingress-nginx's annotations (R21.5).
    private func plainTest(_ plain: Plain, log: inout DiagnosticLog) -> Condition.Test {
        if let value = plain.headerValue { return .anyOf([Array(value.utf8)]) }
        guard let pattern = plain.headerPattern else { return .alwaysNever }
        let key = reader.canary("canary-by-header-pattern")?.key ?? ""
        return PatternText.test(pattern, reader.manifest, key, log: &log)
    }

    private mutating func readCookie(_ plain: Plain, _ modulo: ModuloText?, log: inout DiagnosticLog) {
        guard let name = plain.cookie else { return readNameless("canary-by-cookie", .cookie, log: &log) }
        let own = ownTests("canary-by-cookie", modulo)
        if own.isEmpty, !mustMatchAll { return }
        add(.cookie, .cookie(name), own, log: &log)
    }

    private mutating func readQuery(_ modulo: ModuloText?, log: inout DiagnosticLog) {
        guard let annotation = reader.extended("canary-by-query") else {
            return readNameless("canary-by-query", .query, log: &log)
        }
        let name = AnnotationText.normalized(annotation.value)
        guard !name.isEmpty, name.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"&=#".utf8.contains($0) }) else {
            reader.warn(annotation, "never holds; expected the name of a query parameter", log: &log)
            items.append(Item(family: .query, key: nil, test: .nothing("query \(name.clipped)")))
            return
        }
        add(.query, .query(name), ownTests("canary-by-query", modulo), log: &log)
    }

    /// Adds the first of `tests`, or `always` and `never` without any, and reports the others.
    private mutating func add(_ family: Condition.Family, _ key: ValueKey, _ tests: [OwnTest], log: inout DiagnosticLog) {
        for unused in tests.dropFirst() {
            reader.warn(unused.annotation, "is not looked at beside \(tests[0].annotation.key); remove one of the two", log: &log)
        }
        let test = tests.first.map { $0.read(reader, log: &log) }
        items.append(Item(family: family, key: key, test: test ?? .alwaysNever))
        replaced.insert(family)
    }

    /// Annotations that speak of a header, cookie or parameter that none names.
    private mutating func readNameless(_ base: String, _ family: Condition.Family, log: inout DiagnosticLog) {
        for test in ownTests(base, nil) where test.annotation.key != vendorList?.key {
            reader.warn(test.annotation, "does nothing without \(base), which names what is looked at; add it", log: &log)
        }
        // What was to narrow the canary must not widen it by being dropped.
        let named = reader.extended(base) ?? reader.canary(base)
        if mustMatchAll, let written = named ?? ownTests(base, nil).first?.annotation {
            items.append(Item(family: family, key: nil, test: .nothing(written.key)))
        }
    }

    /// Tengine's annotations about a remainder, without anything that says of what.
    private mutating func readNamelessModulo(log: inout DiagnosticLog) {
        let names = [ModuloText.divisor, ModuloText.relation, ModuloText.remainder]
        let written = names.compactMap { reader.nginx($0) }
        for annotation in written {
            reader.warn(
                annotation, "does nothing without canary-by-header, canary-by-cookie or canary-by-query, which names what is looked at; "
                    + "add one", log: &log)
        }
        // What was to narrow the canary must not widen it by being dropped.
        if mustMatchAll, let first = written.first { items.append(Item(family: .query, key: nil, test: .nothing(first.key))) }
    }

    private mutating func readSourceRange(log: inout DiagnosticLog) {
        guard let annotation = reader.own("canary-by-source-range") else { return }
        items.append(Item(family: .source, key: nil, test: SourceRangeText.test(annotation, reader, log: &log)))
    }

    // MARK: Tests

    /// One annotation that says what a value must be.
    private struct OwnTest {
        enum Kind { case value, pattern, modulo, tengine(ModuloText) }

        let annotation: Annotation
        let kind: Kind

        var isValue: Bool { if case .value = kind { true } else { false } }
        var isPattern: Bool { if case .pattern = kind { true } else { false } }

        func read(_ reader: AnnotationReader, log: inout DiagnosticLog) -> Condition.Test {
            switch kind {
            case .value: return ValueListText.test(annotation, reader, log: &log)
            case .pattern:
                return PatternText.test(AnnotationText.normalized(annotation.value), reader.manifest, annotation.key, log: &log)
            case .modulo: return ModuloText(annotation).test(reader, log: &log)
            case .tengine(let text): return text.test(reader, log: &log)
            }
        }
    }

    /// Those there are, in their order of precedence.
    private func ownTests(_ base: String, _ modulo: ModuloText?) -> [OwnTest] {
        var tests: [OwnTest] = []
        let value = base == "canary-by-header" ? reader.own(base + "-value") ?? vendorList : reader.extended(base + "-value")
        if let value { tests.append(OwnTest(annotation: value, kind: .value)) }
        if let pattern = reader.extended(base + "-pattern", tengine: false) { tests.append(OwnTest(annotation: pattern, kind: .pattern)) }
        if let own = reader.own(base + "-mod") { tests.append(OwnTest(annotation: own, kind: .modulo)) }
        if let modulo { tests.append(OwnTest(annotation: modulo.annotation, kind: .tengine(modulo))) }
        return tests
    }
}
