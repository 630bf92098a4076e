import Foundation
import KefuRedis
import NIOPosix
import TestSupport
import Testing

/// Passwords, users, databases and TLS, on servers that insist on them.
@Suite struct ClientSignInTests {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    @Test func `A password opens the server, and a wrong one is refused without being shown`() async throws {
        let redis = try await PrivateRedis.startOwn(["--requirepass", "right"]) { $0.password = "right" }
        let client = try await redis.client(on: group)
        #expect(try await client.command("PING") == .status("PONG"))
        await client.close()
        var wrong = redis.endpoint
        wrong.password = "canary"
        #expect(try await refusal(wrong).contains("signing in was refused (WRONGPASS)"))
        #expect(try await !refusal(wrong).contains("canary"))
        wrong.password = nil
        #expect(try await refusal(wrong).contains("NOAUTH"))
        try await redis.stop()
    }

    @Test func `A user with few rights can do all that Kefu does, but for loading scripts, which it does without`()
        async throws
    {
        let redis = try await PrivateRedis.startOwn()
        let rules = "on >p@ss ~kefu:* resetchannels -@all +@read +@write -@dangerous -@admin +eval +evalsha +ping"
        let arguments = ["ACL", "SETUSER", "kefu"] + rules.split(separator: " ").map { String($0) }
        #expect(try await redis.admin.command(arguments.map { .string($0) }) == .status("OK"))
        var endpoint = redis.endpoint
        endpoint.user = "kefu"
        endpoint.password = "p@ss"
        let script = RedisScript(name: "set", text: "return redis.call('SET', KEYS[1], ARGV[1])")
        let log = RecordedLog()
        let client = try RedisClient(endpoint: endpoint, group: group, scripts: [script], logger: log.logger)
        try await eventually("the client is connected") { client.isConnected }
        #expect(try await client.run(script, keys: ["kefu:{0}:a"], arguments: ["v"]).text == "OK")
        #expect(try await client.run(script, keys: ["foreign"], arguments: ["v"]).error?.prefix == "NOPERM")
        #expect(log.lines.filter { $0 == "Redis 登录步骤被拒绝" }.count == 2)
        await client.close()
        try await redis.stop()
    }

    @Test func `The database of the endpoint is used, and one that does not exist is refused`() async throws {
        let redis = try await PrivateRedis.startOwn { $0.database = 7 }
        let client = try await redis.client(on: group)
        _ = try await client.command("SET", "k", "v")
        #expect(try await redis.answer("INFO", "keyspace").text?.contains("db7:keys=1") == true)
        await client.close()
        var wrong = redis.endpoint
        wrong.database = 99
        #expect(try await refusal(wrong).contains("SELECT was refused"))
        try await redis.stop()
    }

    @Test func `TLS is spoken with a server of the given authority, by name and by address`() async throws {
        let server = try await TLSServer.start(on: group)
        for host in ["127.0.0.1", "localhost"] {
            let endpoint = try RedisEndpoint(url: "rediss://\(host):\(server.port)", caPath: server.file("ca.pem"))
            let client = try RedisClient(endpoint: endpoint, group: group, logger: .silent)
            try await eventually("connected to \(host)") { await client.waitUntilConnected(within: .seconds(1)) }
            #expect(try await client.command("ECHO", "secret") == .string("secret"))
            await client.close()
        }
        try await server.redis.stop()
    }

    @Test func `A certificate of another authority, or for another name, is refused`() async throws {
        let server = try await TLSServer.start(on: group)
        for (host, authority) in [("localhost", "other.pem"), ("127.0.0.2", "ca.pem")] {
            let endpoint = try RedisEndpoint(url: "rediss://\(host):\(server.port)", caPath: server.file(authority))
            #expect(try await refusal(endpoint).lowercased().contains("certificate"), "\(host), \(authority)")
        }
        let plain = try RedisEndpoint(url: "redis://127.0.0.1:\(server.port)")
        #expect(try await !refusal(plain).isEmpty)
        try await server.redis.stop()
    }

    @Test func `A file without authorities stops the start`() throws {
        let endpoint = try RedisEndpoint(url: "rediss://localhost", caPath: "/nonexistent.pem")
        #expect {
            try RedisClient(endpoint: endpoint, group: group, logger: .silent)
        } throws: { error in
            "\(error)".contains("/nonexistent.pem")
        }
    }

    /// Why an endpoint cannot be reached, as callers are told.
    private func refusal(_ endpoint: RedisEndpoint) async throws -> String {
        let client = try RedisClient(endpoint: endpoint, group: group, logger: .silent)
        var reason = ""
        try await eventually("an attempt has failed") {
            guard case .failure(.unavailable(let text)) = await client.outcome("PING") else { return false }
            reason = text
            return reason != "not connected yet"
        }
        await client.close()
        return reason
    }
}

/// A Redis that speaks TLS on a TCP port, with a certificate for `localhost` and 127.0.0.1 of an authority made for it.
private struct TLSServer {
    let redis: PrivateRedis
    let port: Int

    func file(_ name: String) -> String { "\(redis.folder)/\(name)" }

    static func start(on group: MultiThreadedEventLoopGroup) async throws -> TLSServer {
        let folder = try PrivateRedis.makeFolder()
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
        let port = Ports.free()
        let redis = try await PrivateRedis.startOwn(
            ["--tls-port", "\(port)", "--tls-cert-file", "redis.pem", "--tls-key-file", "redis.key"]
                + ["--tls-ca-cert-file", "ca.pem", "--tls-auth-clients", "no"], folder: folder)
        return TLSServer(redis: redis, port: port)
    }

    private static func openssl(_ folder: String, _ arguments: [String]) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardError = FileHandle.nullDevice
        try process.run()
        try await eventually("openssl is done") { !process.isRunning }
        #expect(process.terminationStatus == 0, "openssl \(arguments)")
    }
}
