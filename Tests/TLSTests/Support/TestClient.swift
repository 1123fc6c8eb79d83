import COpenSSL
@testable import TLS

/// OpenSSL's own client. It knows no socket: the test carries its bytes.
@safe
final class TestClient {
    struct Options {
        var serverName: String? = "shop.test"
        var minimumVersion = TLS1_2_VERSION
        var maximumVersion = TLS1_3_VERSION
        /// Of TLS 1.2.
        var ciphers: String?
        var curves: String?
        /// With their lengths in front.
        var protocols: [UInt8] = []
        /// Wants to know what the authority says of the certificate (OCSP).
        var asksForResponse = false
        /// What it shows if it is asked; and how often once more, as if these were its chain.
        var certificate: Certificate?
        var repetitions = 0
        /// To be resumed.
        var session: Session?
    }

    /// What an earlier connection left for a later one.
    @safe
    final class Session {
        let pointer: OpaquePointer
        init?(_ pointer: OpaquePointer?) {
            guard let pointer = unsafe pointer else { return nil }
            unsafe self.pointer = pointer
        }
        deinit { unsafe SSL_SESSION_free(pointer) }

        /// Bytes of early data that the server has allowed.
        var earlyDataLimit: UInt32 { unsafe SSL_SESSION_get_max_early_data(pointer) }

        /// The client does as if the server had allowed them.
        func allowEarlyData() { unsafe SSL_SESSION_set_max_early_data(pointer, 16_384) }
    }

    private let ssl: OpaquePointer
    // Owned by `ssl`.
    private let input: OpaquePointer
    private let output: OpaquePointer

    init(_ options: Options = Options()) {
        // Every pointer is OpenSSL's and lives as long as this object.
        let context = unsafe SSL_CTX_new(TLS_client_method())!
        _ = unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(options.minimumVersion), nil)
        _ = unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(options.maximumVersion), nil)
        unsafe SSL_CTX_set_security_level(context, 0)
        // It uses a ticket of TLS 1.3 once, as browsers do.
        _ = unsafe SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL), nil)
        if let ciphers = options.ciphers { _ = unsafe SSL_CTX_set_cipher_list(context, ciphers) }
        if let curves = options.curves { _ = unsafe openssl_set_groups(context, curves) }
        if !options.protocols.isEmpty {
            _ = unsafe options.protocols.withUnsafeBufferPointer { unsafe SSL_CTX_set_alpn_protos(context, $0.baseAddress, UInt32($0.count)) }
        }
        if let certificate = options.certificate {
            _ = unsafe certificate.install(in: context)
            _ = unsafe openssl_set_chain(context, Array(repeating: certificate.leaf, count: options.repetitions), CInt(options.repetitions))
        }
        unsafe ssl = SSL_new(context)!
        unsafe SSL_CTX_free(context)
        unsafe input = BIO_new(BIO_s_mem())!
        unsafe output = BIO_new(BIO_s_mem())!
        unsafe SSL_set_bio(ssl, input, output)
        if let name = options.serverName {
            _ = unsafe name.withCString { unsafe SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), UnsafeMutableRawPointer(mutating: $0)) }
        }
        if let session = options.session { unsafe SSL_set_session(ssl, session.pointer) }
        if options.asksForResponse { _ = unsafe SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE, Int(TLSEXT_STATUSTYPE_ocsp), nil) }
        unsafe SSL_set_connect_state(ssl)
    }

    deinit { unsafe SSL_free(ssl) }

    // MARK: Bytes on the line

    /// What it has to say.
    func take() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe BIO_read(output, $0.baseAddress, CInt($0.count)) }
        return Array(bytes.prefix(max(0, Int(count))))
    }

    func give(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        guard !bytes.isEmpty else { return }
        _ = unsafe bytes.withUnsafeBytes { unsafe BIO_write(input, $0.baseAddress, CInt($0.count)) }
    }

    // MARK: Plain text

    /// Goes on with the handshake; whether it is done.
    func handshake() -> Bool {
        ERR_clear_error()
        return unsafe SSL_do_handshake(ssl) == 1
    }

    func write(_ bytes: [UInt8]) {
        _ = unsafe bytes.withUnsafeBytes { unsafe SSL_write(ssl, $0.baseAddress, CInt($0.count)) }
    }

    func write(_ text: String) { write(Array(text.utf8)) }

    /// Of TLS 1.3.
    /// - Parameter asking: the server is to change its own, too.
    func changeKeys(asking: Bool = false) {
        _ = unsafe SSL_key_update(ssl, asking ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED)
        _ = handshake()
    }

    /// What has come.
    func read() -> [UInt8] {
        var all: [UInt8] = []
        var bytes = [UInt8](repeating: 0, count: 32 << 10)
        while true {
            ERR_clear_error()
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe SSL_read(ssl, $0.baseAddress, CInt($0.count)) }
            guard count > 0 else { return all }
            all += bytes.prefix(Int(count))
        }
    }

    func sayGoodbye() { unsafe SSL_shutdown(ssl) }

    /// The server has said that no more follows.
    var hasHeardGoodbye: Bool { unsafe SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 }

    // MARK: Early data

    /// Sends a request together with its first words, as a session to be resumed allows it; whether that was possible.
    func writeEarly(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var count = 0
        ERR_clear_error()
        return unsafe bytes.withUnsafeBytes { unsafe SSL_write_early_data(ssl, $0.baseAddress, $0.count, &count) } == 1
    }

    var isEarlyDataAccepted: Bool { unsafe SSL_get_early_data_status(ssl) == SSL_EARLY_DATA_ACCEPTED }

    // MARK: What came of it

    /// What the keys of TLS 1.2 are made from.
    struct Secrets {
        var master = [UInt8](repeating: 0, count: 48)
        var clientRandom = [UInt8](repeating: 0, count: 32)
        var serverRandom = [UInt8](repeating: 0, count: 32)
    }

    var secrets: Secrets {
        var secrets = Secrets()
        // OpenSSL writes to the arrays, during the calls.
        unsafe SSL_SESSION_get_master_key(SSL_get_session(ssl), &secrets.master, secrets.master.count)
        unsafe SSL_get_client_random(ssl, &secrets.clientRandom, secrets.clientRandom.count)
        unsafe SSL_get_server_random(ssl, &secrets.serverRandom, secrets.serverRandom.count)
        return secrets
    }

    var isResumed: Bool { unsafe SSL_session_reused(ssl) == 1 }

    var version: Int32 { unsafe SSL_version(ssl) }

    var session: Session? { unsafe Session(SSL_get1_session(ssl)) }

    /// What the authority says of the server's certificate; nil if that did not come with it.
    var response: [UInt8]? {
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = unsafe withUnsafeMutablePointer(to: &bytes) { unsafe SSL_ctrl(ssl, SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 0, $0) }
        guard count > 0, let bytes = unsafe bytes else { return nil }
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    }

    /// The common name of the server's certificate.
    var peerName: String? {
        guard let certificate = unsafe SSL_get1_peer_certificate(ssl) else { return nil }
        defer { unsafe X509_free(certificate) }
        var name = [UInt8](repeating: 0, count: 256)
        let count = unsafe name.withUnsafeMutableBytes {
            unsafe X509_NAME_get_text_by_NID(
                X509_get_subject_name(certificate), NID_commonName, $0.baseAddress?.assumingMemoryBound(to: CChar.self), CInt($0.count))
        }
        return count > 0 ? String(decoding: name.prefix(Int(count)), as: UTF8.self) : nil
    }

    var peerHasRSA: Bool {
        guard let certificate = unsafe SSL_get1_peer_certificate(ssl) else { return false }
        defer { unsafe X509_free(certificate) }
        return unsafe EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) == EVP_PKEY_RSA
    }

    /// Nil while none is agreed on.
    var cipher: String? {
        guard let cipher = unsafe SSL_get_current_cipher(ssl), let name = unsafe SSL_CIPHER_get_name(cipher) else { return nil }
        return unsafe String(cString: name)
    }

    var chosenProtocol: String {
        var start: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &start, &count)
        return unsafe String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
    }
}
