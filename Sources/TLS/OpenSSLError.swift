internal import COpenSSL

/// What OpenSSL says of something that is the operator's to mend.
enum OpenSSLError {
    /// The oldest error of this thread in OpenSSL's words, which speak of formats and algorithms and never quote a key. Forgets all.
    static func take() -> String {
        let code = ERR_peek_error()
        ERR_clear_error()
        // A constant of OpenSSL's, or nil.
        guard code != 0, let text = unsafe ERR_reason_error_string(code) else { return "it is not understood" }
        return unsafe String(cString: text)
    }
}
