import TLS

/// Who speaks TLS when it is fuzzed. Key and certificate are always the same: what was recorded once goes on to fit.
extension TLSRules {
    enum Parties {
        /// Asks the clients of mutual.test for their certificates.
        static let server: TLSContext = {
            let own = [certificate]
            let hosts = [
                HostCertificates(source: "shop", hosts: ["shop.test"], certificates: own),
                HostCertificates(
                    source: "mutual", hosts: ["mutual.test"], certificates: own, clients: ClientVerification(authorities, depth: 1)),
            ]
            return made { () throws(TLSSettingsFault) in
                try TLSContext(TLSSettings(), hosts, fallback: HostCertificates(source: "fallback", hosts: [], certificates: own))
            }
        }()

        /// Checks the server's certificate, and may have one to show.
        static func client(_ mode: Mode) -> UpstreamTLSContext {
            clients[(mode.isTogether && mode.isSecond ? 1 : 0) + (mode.showsCertificate ? 2 : 0)]
        }

        private static let clients: [UpstreamTLSContext] = [false, true].flatMap { showsCertificate in
            [TLSVersion.tls13, .tls12].map { version in
                var settings = UpstreamTLSSettings()
                settings.trust = .those(authorities)
                settings.maximumVersion = version
                if showsCertificate { settings.certificate = certificate }
                return made { () throws(TLSSettingsFault) in try UpstreamTLSContext(settings) }
            }
        }

        private static let certificate = made { () throws(CertificateFault) in try Certificate(chain: Array(chain.utf8), key: Array(key.utf8)) }
        private static let authorities = made { () throws(CertificateFault) in try Authorities(pem: Array(chain.utf8)) }

        private static func made<Made, Fault: Error>(_ make: () throws(Fault) -> Made) -> Made {
            do { return try make() } catch { preconditionFailure("\(error)") }
        }

        /// Of shop.test and mutual.test, P-256, by itself, from 2020 to 2120.
        private static let chain = """
            -----BEGIN CERTIFICATE-----
            MIIBTjCB9aADAgECAgEBMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCXNob3AudGVz
            dDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJ
            c2hvcC50ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEASq5vVgofBOu2MiD
            XaKKhHX3tJrisXRmUFGcnPppawVVnV3UmQBA62bwhkniq25hTJuaqweLb7YOTeQH
            zPWAQKM2MDQwIQYDVR0RBBowGIIJc2hvcC50ZXN0ggttdXR1YWwudGVzdDAPBgNV
            HRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQC+BgrkL2czSt/6ZBfGOC0I
            zsBV3pflTeevSBzzdKz/3QIgSJIIfUX086eMwhcQTcsFuuhEwUWX1hdCKOQ+V/Uf
            Uvk=
            -----END CERTIFICATE-----
            """

        /// Secures nothing but this.
        private static let key = """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBGigOfW5naO+PNhO
            5P2U8xQch/auTo49aR/Ij7R0S/GhRANCAAQBKrm9WCh8E67YyINdooqEdfe0muKx
            dGZQUZyc+mlrBVWdXdSZAEDrZvCGSeKrbmFMm5qrB4tvtg5N5AfM9YBA
            -----END PRIVATE KEY-----
            """
    }
}
