// libyaml as Yams brings it. Yams itself makes a Swift object of everything several times over, which is most of the time that
// loading ten thousand Ingresses takes.
internal import CYaml

/// The events of libyaml's parser, one after the other: scalars, and where lists and mappings begin and end.
@safe
struct YAMLParser: ~Copyable {
    struct Mark {
        /// Both counted from 0, in the text that is parsed.
        let line: Int
        let column: Int
    }

    enum Event {
        case scalar(YAMLScalar, anchor: String?)
        case beginSequence(anchor: String?)
        case beginMapping(anchor: String?)
        /// Of a sequence or a mapping.
        case end
        case alias(String)
        case beginDocument
        case endDocument
        case endStream
    }

    /// Why there is no next event.
    struct Problem: Error {
        /// As libyaml words it.
        let text: String
        let mark: Mark
        /// What was being read, and where that began.
        var context: (text: String, mark: Mark)?
        /// It is about a character that no text may contain.
        var isCharacter = false
    }

    private let text: UnsafeBufferPointer<UInt8>
    /// On the heap, because libyaml keeps pointers into it; nil if there is no memory.
    private let parser: UnsafeMutablePointer<yaml_parser_t>?
    /// Where the event that was read last begins.
    private(set) var mark = Mark(line: 0, column: 0)

    /// Lends `body` a parser of `text`, which is UTF-8.
    static func parsing<Result, Failure: Error>(
        _ text: ArraySlice<UInt8>, _ body: (inout YAMLParser) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The bytes stay where they are while the parser, which does not outlive this call, reads them.
        try unsafe text.withUnsafeBufferPointer { bytes throws(Failure) in
            var parser = unsafe YAMLParser(bytes)
            return try body(&parser)
        }
    }

    private init(_ text: UnsafeBufferPointer<UInt8>) {
        unsafe self.text = text
        let memory = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        // It initialises all of the memory, or answers 0 and keeps nothing.
        guard unsafe yaml_parser_initialize(memory) == 1 else {
            unsafe memory.deallocate()
            unsafe parser = nil
            return
        }
        unsafe yaml_parser_set_encoding(memory, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(memory, text.baseAddress, text.count)
        unsafe parser = memory
    }

    deinit {
        guard let parser = unsafe parser else { return }
        // Both were made by init.
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
    }

    /// Not to be called again after `.endStream` or a problem.
    mutating func next() throws(Problem) -> Event {
        guard let parser = unsafe parser else { throw .outOfMemory }
        while true {
            var event = unsafe yaml_event_t()
            // It initialises the event, whose memory is ours until `yaml_event_delete`.
            guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw unsafe problem(parser.pointee) }
            defer { unsafe yaml_event_delete(&event) }
            unsafe mark = Mark(event.start_mark)
            if let known = unsafe Event(event) { return known }
        }
    }

    private func problem(_ state: yaml_parser_t) -> Problem {
        // The texts are constants of libyaml's.
        guard unsafe state.error != YAML_MEMORY_ERROR, let words = unsafe state.problem else { return .outOfMemory }
        let text = unsafe String(cString: words)
        guard unsafe state.error != YAML_READER_ERROR else {
            // Read ahead of what the marks tell.
            let line = unsafe self.text.prefix(state.problem_offset).count { $0 == 0x0A }
            return Problem(text: text, mark: Mark(line: line, column: 0), isCharacter: true)
        }
        let context = unsafe state.context.map { unsafe (String(cString: $0), Mark(state.context_mark)) }
        return unsafe Problem(text: text, mark: Mark(state.problem_mark), context: context)
    }
}

extension YAMLParser.Problem {
    fileprivate static let outOfMemory = Self(text: "needs more memory than there is", mark: .init(line: 0, column: 0))
}

extension YAMLParser.Mark {
    fileprivate init(_ mark: yaml_mark_t) {
        line = Int(mark.line)
        column = Int(mark.column)
    }
}

extension YAMLParser.Event {
    /// Nil for one that says nothing.
    fileprivate init?(_ event: yaml_event_t) {
        // The type tells which member of the union is set; its texts live as long as the event.
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let text = unsafe String(decoding: bytes, as: UTF8.self)
            let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.tag == nil
            let reading = unsafe Self.text(scalar.tag).flatMap(YAMLScalar.reading(ofTag:))
            self = unsafe .scalar(YAMLScalar(text: text, isPlain: isPlain, tagReading: reading), anchor: Self.text(scalar.anchor))
        case YAML_SEQUENCE_START_EVENT:
            self = unsafe .beginSequence(anchor: Self.text(event.data.sequence_start.anchor))
        case YAML_MAPPING_START_EVENT:
            self = unsafe .beginMapping(anchor: Self.text(event.data.mapping_start.anchor))
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            self = .end
        case YAML_ALIAS_EVENT:
            self = unsafe .alias(Self.text(event.data.alias.anchor) ?? "")
        case YAML_DOCUMENT_START_EVENT:
            self = .beginDocument
        case YAML_DOCUMENT_END_EVENT:
            self = .endDocument
        case YAML_STREAM_END_EVENT:
            self = .endStream
        default:
            return nil
        }
    }

    private static func text(_ characters: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        // Ends with NUL.
        unsafe characters.map { unsafe String(cString: $0) }
    }
}
