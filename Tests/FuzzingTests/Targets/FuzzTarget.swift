/// A reader of bytes from outside, together with the rules that hold for it whatever the bytes are.
///
/// `make fuzz` lets libFuzzer look for inputs that break one; `FuzzingTests` plays the corpus and changes of it. Beside the rules,
/// nothing may trap or read out of bounds.
enum FuzzTarget: String, CaseIterable, Sendable {
    /// `RequestParser`: a request head, and whatever follows it.
    case request
    /// `ResponseParser`: as many responses as there are, one after the other.
    case response
    /// `BodyDecoder`: a chunked body, and whatever follows it.
    case chunks
    /// `ProxyHeader`: the header of the PROXY protocol, and whatever follows it.
    case proxy
    /// `CookieField`, `QueryString` and `PathNormalizer`: a name on the first line, and what to look it up in.
    case lookup
    /// `Route.decide` with conditions: what a request says, a value a line.
    case decision
    /// `RequestDecider` with a header and a cookie rule: the lines of a head.
    case fields
    /// `JSONReader`: one JSON text.
    case json
    /// `CanaryAnnotations`: the value of one annotation a line.
    case annotations
    /// `ManifestLoader` and `SnapshotCompiler`: a file of manifests.
    case manifest
    /// `SettingsReader`: a configuration file.
    case settings
    /// `ExchangeMachine`: what a client says, and after a line of `====` what its upstreams say, `----` between two of them.
    case exchange
    /// `TLSSession`: what one end of a connection hears, or what is done to the records between two.
    case tls

    /// Longer inputs find nothing that these do not, and take longer.
    static let maximumLength = 4096

    /// Reads `input`; returns the rule that it broke, if it broke one.
    func problem(with input: [UInt8]) -> String? {
        guard input.count <= Self.maximumLength else { return nil }
        switch self {
        case .request: return HeadRules.request(input)
        case .response: return HeadRules.responses(input)
        case .chunks: return ChunkRules.problem(with: input)
        case .proxy: return ProxyRules.problem(with: input)
        case .lookup: return LookupRules.problem(with: input)
        case .decision: return DecisionRules.problem(with: input)
        case .fields: return FieldRules.problem(with: input)
        case .json: return JSONRules.problem(with: input)
        case .annotations: return ConfigurationRules.annotations(input)
        case .manifest: return ConfigurationRules.manifest(input)
        case .settings: return ConfigurationRules.settings(input)
        case .exchange: return Conversation.problem(with: input)
        case .tls: return TLSRules.problem(with: input)
        }
    }
}
