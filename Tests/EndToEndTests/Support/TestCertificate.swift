import TestSupport

/// A certificate for 127.0.0.1 and localhost that is its own authority, made by openssl.
enum TestCertificate {
    /// The files are removed with the machine's temporary ones.
    static func make() async throws -> (certificate: String, key: String) {
        let folder = try PrivateRedis.makeFolder()
        let files = (certificate: "\(folder)/peer.crt", key: "\(folder)/peer.key")
        let outcome = try await Child.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-keyout", files.key, "-out", files.certificate, "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            ])
        guard outcome.status == 0 else { throw NotMet(description: "openssl: \(outcome.complaints)") }
        return files
    }
}
