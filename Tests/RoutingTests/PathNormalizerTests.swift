import Routing
import TestSupport
import Testing

/// A path and its normal form in both modes; nil where the form is the input itself.
struct PathCase: Sendable, CustomTestStringConvertible {
    enum Form: Equatable, Sendable {
        case asIs, rejected(PathRejection)
        case rewritten(String)
    }

    let path: String
    let strict: Form
    let lenient: Form
    var testDescription: String { path.isEmpty ? "(empty)" : path }

    init(_ path: String, _ both: Form) { self.init(path, strict: both, lenient: both) }

    init(_ path: String, strict: Form, lenient: Form) {
        self.path = path
        self.strict = strict
        self.lenient = lenient
    }
}

private let cases: [PathCase] = [
    .init("", .rewritten("/")),
    .init("/", .asIs),
    .init("/a/b.html", .asIs),
    .init("/a/", .asIs),
    .init("/.well-known/x", .asIs),
    .init("/a.../.b/c..d/", .asIs),
    .init("/a\\b", strict: .rejected(.backslash), lenient: .rewritten("/a\\b")),
    .init("/..\\b", strict: .rejected(.backslash), lenient: .rewritten("/..\\b")),
    .init("/a/..b", .rewritten("/a/..b")),
    .init("//", .rewritten("/")),
    .init("/a//b///c", .rewritten("/a/b/c")),
    .init("/a//", .rewritten("/a/")),
    .init("/.", .rewritten("/")),
    .init("/./", .rewritten("/")),
    .init("/a/.", .rewritten("/a/")),
    .init("/a/./b", .rewritten("/a/b")),
    .init("/a/..", .rewritten("/")),
    .init("/a/../b", .rewritten("/b")),
    .init("/a/b/../../c", .rewritten("/c")),
    .init("/a//../b", .rewritten("/b")),
    .init("/a/b/..", .rewritten("/a/")),
    .init("/..", .rejected(.aboveRoot)),
    .init("/a/../..", .rejected(.aboveRoot)),
    .init("//../a", .rejected(.aboveRoot)),
    .init("/a%20b", .rewritten("/a b")),
    .init("/%61", .rewritten("/a")),
    .init("/caf%C3%A9", .rewritten("/café")),
    .init("/a%3Fb%23c", .rewritten("/a?b#c")),
    .init("/%252e%252e/a", .rewritten("/%2e%2e/a")),
    .init("/a%2eb", .rewritten("/a.b")),
    .init("/a%", .rejected(.malformedEscape)),
    .init("/a%2", .rejected(.malformedEscape)),
    .init("/a%zz", .rejected(.malformedEscape)),
    .init("/a%+1", .rejected(.malformedEscape)),
    .init("/a%00", .rejected(.encodedNUL)),
    .init("/a%2Fb", strict: .rejected(.encodedSlash), lenient: .rewritten("/a/b")),
    .init("/a%2f/b", strict: .rejected(.encodedSlash), lenient: .rewritten("/a/b")),
    .init("/a%5Cb", strict: .rejected(.backslash), lenient: .rewritten("/a\\b")),
    .init("/a/%2e%2e/b", strict: .rejected(.encodedDotSegment), lenient: .rewritten("/b")),
    .init("/a/.%2E/b", strict: .rejected(.encodedDotSegment), lenient: .rewritten("/b")),
    .init("/a/%2e", strict: .rejected(.encodedDotSegment), lenient: .rewritten("/a/")),
    .init("/%2e%2e", strict: .rejected(.encodedDotSegment), lenient: .rejected(.aboveRoot)),
    .init("/a/%2e./../b", strict: .rejected(.encodedDotSegment), lenient: .rejected(.aboveRoot)),
    .init("/%2e%2e%2e", .rewritten("/...")),
    .init("*", .rejected(.relative)),
    .init("a/b", .rejected(.relative)),
]

@Suite struct PathNormalizerTests {
    @Test(arguments: cases, [true, false]) func normalForm(_ example: PathCase, strict: Bool) {
        var normalizer = PathNormalizer()
        // Whatever was left over from an earlier path must not show.
        _ = normalizer.normalize(utf8("/x/%2e%61//y").span, strict: false)
        let form: PathCase.Form = switch normalizer.normalize(utf8(example.path).span, strict: strict) {
        case .asIs: .asIs
        case .rewritten: .rewritten(text(normalizer.normalized))
        case .rejected(let reason): .rejected(reason)
        }
        #expect(form == (strict ? example.strict : example.lenient))
    }

    /// Of random paths over the bytes that matter, a normal form is normal, and in strict mode it has no surprises.
    @Test func aNormalFormIsNormal() {
        var random = SeededGenerator(seed: 11)
        let alphabet = ["/", "/", ".", ".", "a", "%2e", "%2F", "%61", "%", "\\"]
        var normalizer = PathNormalizer()
        var accepted = 0
        for _ in 0..<20_000 {
            var path = "/"
            for _ in 0..<Int.random(in: 0...8, using: &random) { path += alphabet.randomElement(using: &random) ?? "" }
            let strict = Bool.random(using: &random)
            let form: String
            switch normalizer.normalize(utf8(path).span, strict: strict) {
            case .asIs: form = path
            case .rewritten: form = text(normalizer.normalized)
            case .rejected: continue
            }
            accepted += 1
            let segments = form.split(separator: "/", omittingEmptySubsequences: false)
            #expect(form.utf8.first == UInt8(ascii: "/"), "\(path)")
            #expect(!form.contains("//") && !segments.contains(".") && !segments.contains(".."), "\(path) gave \(form)")
            #expect(form.utf8.count <= path.utf8.count)
        }
        #expect(accepted > 2000)
    }

    @Test(arguments: ["/a", "/..", "/.", "//", "/%2e", "/a/.."]) func longPathsAreLinear(_ unit: String) {
        // Quadratic work would not end in this run.
        let path = utf8("/x" + String(repeating: unit, count: 200_000))
        var normalizer = PathNormalizer()
        let form = normalizer.normalize(path.span, strict: false)
        #expect(form == (unit == "/a" ? .asIs : unit == "/.." ? .rejected(.aboveRoot) : .rewritten))
    }
}
