import TestSupport
import Testing

/// `rediss://` from the setting to the answer.
@Suite(.timeLimit(.minutes(5)))
struct RedisTLSTests {
    @Test func `a user with a password works in its own database over TLS`() async throws {
        try await Site.run { site in
            let server = try await TLSRedis.start()
            let rules = ["on", ">p@ss:w/rd", "~kefu:{0}:*", "+@all", "-@admin", "-flushall", "+info"]
            let reply = try await server.redis.admin.command(["ACL", "SETUSER", "worker"] + rules.map { .string($0) })
            #expect(reply.text == "OK")
            let settings = [
                "REDIS_URL": "rediss://worker:p%40ss%3Aw%2Frd@localhost:\(server.port)/5",
                "KEFU_REDIS_CA": server.file("ca.pem"),
            ]
            let kefu = try await site.start(settings)
            try await eventually("it serves") { try await kefu.get("/api/health").status == 200 }
            try await kefu.accept(Tasks.message("T1"))
            #expect(try await kefu.report(Tasks.said("好的")) == ["T1"])
            try await kefu.status("T1", is: "completed")
            #expect(try await server.redis.answer("INFO", "keyspace").text?.contains("db5:") == true)
            #expect(try await server.redis.keys("") == [])
            let clients = try await server.redis.answer("CLIENT", "LIST").text ?? ""
            #expect(clients.contains("user=worker"))
            let doctor = try await kefu.kefu("doctor", settings: settings)
            #expect(doctor.output.contains("ok    redis              rediss://worker:***@localhost"))
            #expect(!doctor.output.contains("rd@") && !kefu.child.complaints.contains("p%40ss"))
            try await server.redis.stop()
        }
    }

    @Test(arguments: [
        ("localhost", "other.pem"), ("localhost", nil), ("127.0.0.2", "ca.pem"),
    ])
    func `a server that cannot prove who it is gets nothing, not even the password`(
        host: String, authority: String?
    ) async throws {
        try await Site.run { site in
            let server = try await TLSRedis.start(["--requirepass", "canary"], signIn: { $0.password = "canary" })
            var settings = ["REDIS_URL": "rediss://:canary@\(host):\(server.port)"]
            settings["KEFU_REDIS_CA"] = authority.map(server.file)
            let kefu = try await site.start(settings)
            try await eventually("health says why") {
                let health = try await kefu.get("/api/health")
                return health.status == 503 && health.data["redis"] == "certificate"
            }
            let answer = try await kefu.post("/api/task/receive", Tasks.message("T1"))
            #expect(answer.status == 503 && answer["retry-after"] != nil)
            #expect(kefu.child.complaints.contains("cause=certificate"))
            #expect(!kefu.child.complaints.contains("canary"))
            let stats = try await server.redis.answer("INFO", "commandstats").text ?? ""
            let auth = stats.firstMatch(of: #/cmdstat_auth:calls=(\d+)/#).flatMap { Int($0.1) }
            // The test's own.
            #expect(auth == 1)
            let doctor = try await kefu.kefu("doctor", settings: settings)
            #expect(doctor.status == 1 && doctor.output.contains("KEFU_REDIS_CA"), "\(doctor.output)")
            try await server.redis.stop()
        }
    }
}
