import Foundation
import KefuCore
import KefuServer
import NIOSSL
import Testing

@Suite struct TLSTests {
    @Test func `The front speaks HTTPS with a certificate`() async throws {
        try await Certificate.use { files in
            try await TestServer.run(tls: files, store: { $0.receive = { _ in .accepted(generation: 1) } }) { server in
                let client = try await RawClient.connect(port: server.port, tls: try Certificate.clientContext())
                for number in 0..<100 {
                    let answer = try await client.exchange(
                        "POST", "/api/task/receive", body: Bodies.task("T\(number)"))
                    #expect(answer.status == 200)
                }
                let last = try await client.exchange("GET", "/api/health", headers: ["Connection: close"])
                #expect(last.closes)
                #expect(try await client.rest() == "")
            }
        }
    }

    @Test func `Pipelined answers come in order through TLS`() async throws {
        try await Certificate.use { files in
            try await TestServer.run(
                tls: files, store: { $0.status = { TaskRecord(id: $0, customer: Customer(id: "c")) } }
            ) {
                server in
                let client = try await RawClient.connect(port: server.port, tls: try Certificate.clientContext())
                try await client.send((0..<50).map { RawClient.request("GET", "/api/task/status/T\($0)") }.joined())
                for number in 0..<50 {
                    #expect(try await client.answer().json["data"]["task_id"].string == "T\(number)")
                }
            }
        }
    }

    @Test func `Plain HTTP on a TLS port is not answered`() async throws {
        try await Certificate.use { files in
            try await TestServer.run(tls: files) { server in
                let client = try await server.connect()
                try await client.send(RawClient.request("GET", "/api/health"))
                #expect(try await !client.rest().contains("200 OK"))
                #expect(!server.log.events.contains { !$0.contains("HTTP server") })
            }
        }
    }

    @Test func `A wrong certificate or key stops the start`() async throws {
        try await Certificate.use { files in
            let pairs = [
                TLSFiles(certificate: files.certificate + ".none", key: files.key),
                TLSFiles(certificate: files.certificate, key: files.key + ".none"),
                TLSFiles(certificate: files.certificate, key: files.certificate),
                TLSFiles(certificate: files.certificate, key: files.key + ".other"),
            ]
            for pair in pairs {
                let error = await #expect(throws: ServerError.self) { try await TestServer.run(tls: pair) { _ in } }
                guard case .badCertificate = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
        }
    }
}

/// A self-signed certificate for 127.0.0.1 and its key, used in these tests only.
private enum Certificate {
    /// Writes the files, and beside the key another one, into a folder of their own.
    static func use(_ body: (TLSFiles) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kefu-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // What cannot be removed stays in the temporary folder; no test depends on it.
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = TLSFiles(
            certificate: folder.appending(path: "cert.pem").path(), key: folder.appending(path: "key.pem").path())
        try Data(pem.utf8).write(to: URL(filePath: files.certificate))
        try Data(key.utf8).write(to: URL(filePath: files.key))
        try Data(otherKey.utf8).write(to: URL(filePath: files.key + ".other"))
        try await body(files)
    }

    static func clientContext() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates([try NIOSSLCertificate(bytes: Array(pem.utf8), format: .pem)])
        configuration.certificateVerification = .noHostnameVerification
        return try NIOSSLContext(configuration: configuration)
    }

    private static let pem = """
        -----BEGIN CERTIFICATE-----
        MIIBkDCCATagAwIBAgIUVcgsqSQK04HPhU7yT+c6b6jnElkwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJa2VmdSB0ZXN0MCAXDTI2MTEyMjIxMzAzMVoYDzIxMjYxMDI5
        MjEzMDMxWjAUMRIwEAYDVQQDDAlrZWZ1IHRlc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAARhJBEPVSZbPRjqaNd/nrsLOwFi7kram85DjJXKa9Fjh1Fb4JFhDIQQ
        w6kUO3ypiemvQnhiea0wUNbd1fu4Gffgo2QwYjAdBgNVHQ4EFgQU+TOJGledrRNg
        cTE7BEuAw8Y0JUAwHwYDVR0jBBgwFoAU+TOJGledrRNgcTE7BEuAw8Y0JUAwDwYD
        VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0gAMEUC
        IQCQFhXxPk+QQEL45TeVQlRTau+TrZM6amxu6xhUxS71igIgQBPprQtn0uLY3/hT
        LjH8WpXzkcvtn4OyC7TqhmELuOg=
        -----END CERTIFICATE-----
        """

    private static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwFWbY+Ka6LrUrGrY
        AydGwTr3UuGKu5Q8+CTtvMZV43qhRANCAARhJBEPVSZbPRjqaNd/nrsLOwFi7kra
        m85DjJXKa9Fjh1Fb4JFhDIQQw6kUO3ypiemvQnhiea0wUNbd1fu4Gffg
        -----END PRIVATE KEY-----
        """

    private static let otherKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjjjd0iBCx1Ky6vyG
        DXUGOkJ86d/CtF8zYxz1Gi94V4ahRANCAAQlw0NVKgt2SMsvCtxocgepCBLEr9Wj
        W3V9OUqb7ESxZGKj5mcGjIGLNoK8PW5ug0qDwUcn+8yLbhbS03MoFG7B
        -----END PRIVATE KEY-----
        """
}
