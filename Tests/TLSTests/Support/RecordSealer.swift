import COpenSSL
@testable import TLS

/// A client's first message, as small as it can be or as long as it is wanted (RFC 5246 section 7.4.1.2, RFC 7685).
enum ClientHello {
    static func bytes(count: Int = 45) -> [UInt8] {
        var body: [UInt8] = [3, 3] + [UInt8](repeating: 7, count: 32) + [0] + [0, 2, 0xC0, 0x2B] + [1, 0]
        let padding = count - 4 - body.count - 6
        if padding >= 0 {
            body += two(padding + 4) + [0, 21] + two(padding) + [UInt8](repeating: 0, count: padding)
        }
        return [1, 0] + two(body.count) + body
    }

    private static func two(_ count: Int) -> [UInt8] { [UInt8(count >> 8), UInt8(count & 0xFF)] }
}

/// Makes records of any kind on a client's behalf, which OpenSSL's own client would never send: of TLS 1.2, with AES-128-GCM (RFC 5246
/// section 6.2.3.3, RFC 5288 section 3).
struct RecordSealer {
    enum Kind: UInt8 {
        case alert = 21, handshake = 22, text = 23
    }

    /// What the client has to agree on.
    static let cipher = "ECDHE-ECDSA-AES128-GCM-SHA256"

    private let key: [UInt8]
    private let salt: [UInt8]
    /// Of the next record; the first one of these keys is the client's Finished.
    private var number: UInt64 = 1

    /// - Parameter client: has its handshake behind it, and has sent nothing since.
    init(_ client: TestClient) {
        precondition(client.cipher == Self.cipher)
        let block = Self.expand(client.secrets, count: 40)
        key = Array(block[0..<16])
        salt = Array(block[32..<36])
    }

    /// RFC 5246 sections 5 and 6.3.
    private static func expand(_ secrets: TestClient.Secrets, count: Int) -> [UInt8] {
        let seed = Array("key expansion".utf8) + secrets.serverRandom + secrets.clientRandom
        var output: [UInt8] = []
        var link = seed
        while output.count < count {
            link = authenticate(link, secrets.master)
            output += authenticate(link + seed, secrets.master)
        }
        return output
    }

    private static func authenticate(_ bytes: [UInt8], _ key: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        // The memory is this function's.
        _ = unsafe HMAC(EVP_sha256(), key, CInt(key.count), bytes, bytes.count, &digest, nil)
        return digest
    }

    mutating func seal(_ kind: Kind, _ body: [UInt8]) -> [UInt8] {
        let ownNonce = Self.bytes(number | 1 << 63)
        let header = [kind.rawValue, 3, 3]
        var sealed = [UInt8](repeating: 0, count: body.count + 16)
        var count: CInt = 0
        // All memory is of this function, the context its own.
        unsafe sealed.withUnsafeMutableBufferPointer { sealed in
            let context = unsafe EVP_CIPHER_CTX_new()
            defer { unsafe EVP_CIPHER_CTX_free(context) }
            let authenticated = Self.bytes(number) + header + Self.bytes(UInt16(body.count))
            precondition(unsafe EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), nil, key, salt + ownNonce) == 1)
            precondition(unsafe EVP_EncryptUpdate(context, nil, &count, authenticated, CInt(authenticated.count)) == 1)
            precondition(unsafe EVP_EncryptUpdate(context, sealed.baseAddress, &count, body, CInt(body.count)) == 1)
            precondition(unsafe EVP_EncryptFinal_ex(context, sealed.baseAddress, &count) == 1)
            precondition(unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, sealed.baseAddress! + body.count) == 1)
        }
        number += 1
        return header + Self.bytes(UInt16(8 + sealed.count)) + ownNonce + sealed
    }

    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        (0..<number.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
