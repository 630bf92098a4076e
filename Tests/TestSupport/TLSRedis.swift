import Foundation
import KefuRedis

/// A Redis that speaks TLS on a TCP port, with a certificate for `localhost` and 127.0.0.1 of an authority made for it.
package struct TLSRedis: Sendable {
    package let redis: PrivateRedis
    package let port: Int

    /// `ca.pem`: the authority; `other.pem`: another; `redis.pem`, `redis.key`: the server's.
    package func file(_ name: String) -> String { "\(redis.folder)/\(name)" }

    /// - Parameter arguments: on top, as on `redis-server`'s command line.
    package static func start(
        _ arguments: [String] = [], signIn: (inout RedisEndpoint) -> Void = { _ in }
    ) async throws -> TLSRedis {
        let folder = try PrivateRedis.makeFolder()
        try await makeCertificates(in: folder)
        let port = Ports.free()
        let redis = try await PrivateRedis.startOwn(
            ["--tls-port", "\(port)", "--bind", "127.0.0.1", "127.0.0.2"] + Self.arguments(folder) + arguments,
            folder: folder, signIn: signIn)
        return TLSRedis(redis: redis, port: port)
    }

    /// What a server or sentinel needs beside its port.
    package static func arguments(_ folder: String) -> [String] {
        [
            "--tls-cert-file", "\(folder)/redis.pem", "--tls-key-file", "\(folder)/redis.key", "--tls-ca-cert-file",
            "\(folder)/ca.pem", "--tls-auth-clients", "no",
        ]
    }

    private static func makeCertificates(in folder: String) async throws {
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        for name in ["ca", "other"] {
            try await openssl(
                folder, ["req", "-x509", "-subj", "/CN=\(name)", "-keyout", "\(name).key", "-out", "\(name).pem"] + key)
        }
        try await openssl(
            folder,
            ["req", "-x509", "-subj", "/CN=redis", "-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "redis.key"]
                + ["-out", "redis.pem", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
                + ["-addext", "basicConstraints=critical,CA:FALSE"] + key)
    }

    private static func openssl(_ folder: String, _ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardError = FileHandle.nullDevice
        try process.run()
        try await eventually("openssl is done") { !process.isRunning }
        guard process.terminationStatus == 0 else { throw NotMet(description: "openssl \(arguments)") }
    }
}
