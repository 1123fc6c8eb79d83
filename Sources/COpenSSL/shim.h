#pragma once
// OpenSSL 3 as Swift needs it: what its headers define as macros, which Swift does not see, and lists of things, whose types
// are made by macros. Nothing here decides anything.
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

// MARK: Contexts

static inline void openssl_set_versions(SSL_CTX *context, int minimum) {
    SSL_CTX_set_min_proto_version(context, minimum);
    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
}

static inline void openssl_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    // One record at a time: a read that found one without text would go on to the next, for as long as there are any.
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_read_ahead(context, 1);
}

/// Our order of ciphers counts, but a client without AES in hardware may have ChaCha20 first. A client that ends its half of the
/// connection without a word still gets its answer: a request shows by itself whether it is complete.
static inline void openssl_set_options(SSL_CTX *context, int allows_tickets, int is_our_order) {
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                     (is_our_order ? SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA : 0) |
                                     (allows_tickets ? 0 : SSL_OP_NO_TICKET));
}

static inline int openssl_set_groups(SSL_CTX *context, const char *groups) {
    return (int)SSL_CTX_set1_groups_list(context, groups);
}

/// How many cipher suites of TLS 1.3 a context has, or how many of older versions.
static inline int openssl_cipher_count(SSL_CTX *context, int is_newest) {
    const STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(context);
    int count = 0;
    for (int index = 0; index < sk_SSL_CIPHER_num(ciphers); index += 1) {
        int is_new = strcmp(SSL_CIPHER_get_version(sk_SSL_CIPHER_value(ciphers, index)), "TLSv1.3") == 0;
        if (is_new == is_newest) count += 1;
    }
    return count;
}

/// How many of a context's ciphers for TLS 1.2 a connection of it can come to: neither those that need a shared secret or show no
/// certificate, nor, of a server, those for kinds of keys that it does not have. Authentication is a NID, or 0 for any.
static inline int openssl_usable_count(SSL_CTX *context, int is_server, int authentication) {
    SSL *session = SSL_new(context);
    if (session == NULL) return 0;
    STACK_OF(SSL_CIPHER) *ciphers = SSL_get1_supported_ciphers(session);
    int count = 0;
    for (int index = 0; index < sk_SSL_CIPHER_num(ciphers); index += 1) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, index);
        if (strcmp(SSL_CIPHER_get_version(cipher), "TLSv1.3") == 0) continue;
        int agreement = SSL_CIPHER_get_kx_nid(cipher), own = SSL_CIPHER_get_auth_nid(cipher);
        if (is_server && agreement != NID_kx_rsa && agreement != NID_kx_ecdhe) continue;
        if (is_server && own != NID_auth_rsa && own != NID_auth_ecdsa) continue;
        if (authentication == 0 || own == authentication) count += 1;
    }
    sk_SSL_CIPHER_free(ciphers);
    SSL_free(session);
    return count;
}

static inline void openssl_set_session_cache(SSL_CTX *context, long sessions, long seconds) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(context, sessions);
    SSL_CTX_set_timeout(context, seconds);
}

/// Bytes of certificates that the other side may send, all of them together.
static inline void openssl_set_longest_chain(SSL_CTX *context, long bytes) { SSL_CTX_set_max_cert_list(context, bytes); }

/// The certificates that go with the one that was set last.
static inline int openssl_set_chain(SSL_CTX *context, X509 *const *certificates, int count) {
    SSL_CTX_clear_chain_certs(context);
    for (int index = 0; index < count; index += 1) {
        if (SSL_CTX_add1_chain_cert(context, certificates[index]) != 1) return 0;
    }
    return 1;
}

// MARK: Contexts towards upstreams

static inline void openssl_set_client_versions(SSL_CTX *context, int minimum, int maximum) {
    SSL_CTX_set_min_proto_version(context, minimum);
    SSL_CTX_set_max_proto_version(context, maximum);
}

/// Unlike with clients, an end without a word is a fault: an answer may have its end as its framing.
static inline void openssl_set_client_options(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
}

/// Sessions go to the callback only; 1 if the callback keeps what it is given.
static inline void openssl_keep_sessions(SSL_CTX *context, int (*callback)(SSL *, SSL_SESSION *)) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, callback);
}

static inline int openssl_set_server_name(SSL *session, const char *name) {
    return (int)SSL_set_tlsext_host_name(session, name);
}

// MARK: BIOs

static inline void openssl_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void openssl_retry_write(BIO *bio) { BIO_set_retry_write(bio); }
static inline void openssl_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }

// MARK: Certificates

/// How many DNS names a certificate is for.
static inline int openssl_dns_name_count(const X509 *certificate) {
    GENERAL_NAMES *names = (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int count = 0;
    for (int index = 0; index < sk_GENERAL_NAME_num(names); index += 1) {
        if (sk_GENERAL_NAME_value(names, index)->type == GEN_DNS) count += 1;
    }
    GENERAL_NAMES_free(names);
    return count;
}

/// Copies the DNS name of that number; its length, or 0 if it does not fit.
static inline int openssl_dns_name(const X509 *certificate, int number, unsigned char *space, int room) {
    GENERAL_NAMES *names = (GENERAL_NAMES *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int length = 0;
    for (int index = 0; index < sk_GENERAL_NAME_num(names); index += 1) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
        if (name->type != GEN_DNS) continue;
        if (number == 0) {
            int count = ASN1_STRING_length(name->d.dNSName);
            if (count <= room) {
                memcpy(space, ASN1_STRING_get0_data(name->d.dNSName), (size_t)count);
                length = count;
            }
            break;
        }
        number -= 1;
    }
    GENERAL_NAMES_free(names);
    return length;
}

/// Seconds since 1970, or 0 if it is no time.
static inline long openssl_seconds(const ASN1_TIME *time) {
    struct tm parts;
    return ASN1_TIME_to_tm(time, &parts) == 1 ? (long)timegm(&parts) : 0;
}

/// Writes a name as RFC 2253 has it; 0 if that is not possible.
static inline int openssl_print_name(BIO *bio, const X509_NAME *name) {
    return X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0;
}

/// The first private key of a text in PEM form, if it is the certificate's, else NULL; what is wrong is not found out.
static inline EVP_PKEY *openssl_read_key(BIO *bio, X509 *certificate, pem_password_cb *passphrase) {
    const EVP_PKEY *public_key = X509_get0_pubkey(certificate);
    const char *kind = public_key == NULL ? NULL : EVP_PKEY_get0_type_name(public_key);
    if (kind == NULL) return NULL;
    EVP_PKEY *key = NULL;
    OSSL_DECODER_CTX *decoder = OSSL_DECODER_CTX_new_for_pkey(&key, "PEM", NULL, kind, EVP_PKEY_KEYPAIR, NULL, NULL);
    if (decoder == NULL) return NULL;
    OSSL_DECODER_CTX_set_pem_password_cb(decoder, passphrase, NULL);
    int found = OSSL_DECODER_from_bio(decoder, bio);
    OSSL_DECODER_CTX_free(decoder);
    if (found == 1 && key != NULL && X509_check_private_key(certificate, key) == 1) return key;
    EVP_PKEY_free(key);
    return NULL;
}

/// A key on the curve P-256.
static inline EVP_PKEY *openssl_new_key(void) { return EVP_EC_gen("P-256"); }

/// Gives a certificate an extension by its name and value in OpenSSL's own notation; 0 if that is not possible.
static inline int openssl_add_extension(X509 *certificate, int number, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, number, value);
    if (extension == NULL) return 0;
    int added = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return added;
}

/// Whether its issuer wants a response about it to come with every handshake (RFC 7633: status_request).
static inline int openssl_must_staple(const X509 *certificate) {
    TLS_FEATURE *features = (TLS_FEATURE *)X509_get_ext_d2i(certificate, NID_tlsfeature, NULL, NULL);
    int found = 0;
    for (int index = 0; index < sk_ASN1_INTEGER_num(features); index += 1) {
        if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, index)) == TLSEXT_TYPE_status_request) found = 1;
    }
    TLS_FEATURE_free(features);
    return found;
}

// MARK: Responses about certificates (OCSP)

/// Whether a response is about a certificate. Without the issuer's own certificate the digest of its key can't be compared.
static inline int openssl_is_about(const OCSP_CERTID *id, const X509 *certificate, const X509 *issuer) {
    ASN1_OBJECT *algorithm = NULL;
    ASN1_OCTET_STRING *name = NULL;
    ASN1_INTEGER *serial = NULL;
    if (OCSP_id_get0_info(&name, &algorithm, NULL, &serial, (OCSP_CERTID *)id) != 1) return 0;
    if (ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) != 0) return 0;
    const EVP_MD *digest = EVP_get_digestbyobj(algorithm);
    if (digest == NULL) return 0;
    if (issuer != NULL) {
        OCSP_CERTID *own = OCSP_cert_to_id(digest, certificate, issuer);
        int is_same = own != NULL && OCSP_id_cmp(own, id) == 0;
        OCSP_CERTID_free(own);
        return is_same;
    }
    unsigned char space[EVP_MAX_MD_SIZE];
    unsigned int count = 0;
    return X509_NAME_digest(X509_get_issuer_name(certificate), digest, space, &count) == 1 &&
           (int)count == ASN1_STRING_length(name) && memcmp(space, ASN1_STRING_get0_data(name), count) == 0;
}

/// Whether the issuer has signed a response, or somebody that it has entrusted with that.
static inline int openssl_is_signed_by(OCSP_BASICRESP *response, X509 *issuer) {
    X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *certificates = sk_X509_new_null();
    int is_signed = 0;
    if (store != NULL && certificates != NULL && X509_STORE_add_cert(store, issuer) == 1 && sk_X509_push(certificates, issuer) > 0) {
        // It need not be a root.
        X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
        is_signed = OCSP_basic_verify(response, certificates, store, 0) == 1;
    }
    sk_X509_free(certificates);
    X509_STORE_free(store);
    return is_signed;
}

/// Seconds since 1970, or 0 if it is no time.
static inline long openssl_generalized_seconds(const ASN1_GENERALIZEDTIME *time) {
    return time == NULL ? 0 : openssl_seconds((const ASN1_TIME *)time);
}

static inline void openssl_set_status_callback(SSL_CTX *context, int (*callback)(SSL *, void *), void *argument) {
    SSL_CTX_set_tlsext_status_cb(context, callback);
    SSL_CTX_set_tlsext_status_arg(context, argument);
}

/// Gives a handshake its response, of which it takes a copy; 0 if there is no memory.
static inline int openssl_staple(SSL *session, const unsigned char *bytes, size_t count) {
    unsigned char *copy = (unsigned char *)OPENSSL_memdup(bytes, count);
    if (copy == NULL) return 0;
    if (SSL_set_tlsext_status_ocsp_resp(session, copy, (int)count) == 1) return 1;
    OPENSSL_free(copy);
    return 0;
}

// MARK: Tickets

/// Readies both for one session ticket: AES-256-CBC and HMAC-SHA-256, whose keys are 32 bytes each; 0 if that is not possible.
static inline int openssl_ready_ticket(EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, const EVP_CIPHER *algorithm,
                                       const unsigned char *cipher_key, unsigned char *mac_key, const unsigned char *iv,
                                       int encrypts) {
    OSSL_PARAM parameters[3];
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key, 32);
    parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    parameters[2] = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(mac, parameters) == 1 &&
           EVP_CipherInit_ex(cipher, algorithm, NULL, cipher_key, iv, encrypts) == 1;
}

static inline void openssl_set_ticket_callback(
    SSL_CTX *context,
    int (*callback)(SSL *, unsigned char *, unsigned char *, EVP_CIPHER_CTX *, EVP_MAC_CTX *, int)) {
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, callback);
}

// MARK: Errors

static inline int openssl_library(unsigned long code) { return ERR_GET_LIB(code); }
static inline int openssl_reason(unsigned long code) { return ERR_GET_REASON(code); }
