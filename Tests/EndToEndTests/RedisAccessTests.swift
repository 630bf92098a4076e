import TestSupport
import Testing

/// The ways to a Redis that somebody else runs.
@Suite(.timeLimit(.minutes(2)))
struct RedisAccessTests {
    @Test func `a user who may touch Kefu's keys only is enough, over TCP with a password`() async throws {
        let port = Ports.free()
        try await Site.run(redis: ["--port", "\(port)", "--bind", "127.0.0.1"]) { site in
            let rules = [
                "on", ">p@ss:w/rd", "~kefu:*", "resetchannels", "-@all", "+@read", "+@write", "-@dangerous", "-@admin",
                "+eval", "+evalsha", "+script|load", "+wait", "+ping", "+info", "+role", "+time", "+client|setname",
                "+select",
            ]
            let reply = try await site.redis.admin.command(["ACL", "SETUSER", "worker"] + rules.map { .string($0) })
            #expect(reply.text == "OK")
            let url = "redis://worker:p%40ss%3Aw%2Frd@127.0.0.1:\(port)/3"
            let kefu = try await site.start(["REDIS_URL": url])
            let stream = try await EventStream.open(port: kefu.port)
            try await kefu.accept(Tasks.message("T1"))
            try await eventually("it is heard") { stream.changes == ["T1 waiting"] }
            try await kefu.accept(Tasks.message("T2", ["timeout_hours": 0.0001]))
            try await kefu.status("T2", is: "failed")
            #expect(try await kefu.report(Tasks.said("好的", ["event_id": "m1"])) == ["T1"])
            try await kefu.status("T1", is: "completed")
            _ = try await site.receiver.requests(atLeast: 2)
            for path in ["/api/task/list?q=T", "/api/task/stats", "/api/callbacks?state=dead", "/api/health"] {
                #expect(try await kefu.get(path).status == 200, "\(path)")
            }
            #expect(try await kefu.post("/api/callbacks/replay", ["all_dead": true]).status == 200)
            // Its own database, and no other key than its own.
            #expect(try await site.redis.keys("") == [])
            kefu.child.signal(15)
            #expect(try await kefu.child.end() == 0)
            #expect(!kefu.child.complaints.contains("p%40ss") && !kefu.child.complaints.contains("p@ss"))
            let refused = try await site.redis.answer("ACL", "LOG").array ?? []
            #expect(refused.isEmpty, "\(refused)")
            // Doctor asks for settings, which such a user may not see; it says so.
            let doctor = try await kefu.kefu("doctor", settings: ["REDIS_URL": url])
            #expect(!doctor.output.contains("rd@") && doctor.output.contains("ok    redis scripts"))
            #expect(doctor.output.contains("warn  redis persistence  unknown"))
        }
    }

    @Test func `a user who lacks a right of the scripts is refused before anything is written`() async throws {
        try await Site.run { site in
            func allow(_ rules: String...) async throws {
                let arguments = ["ACL", "SETUSER", "worker"] + rules
                #expect(try await site.redis.admin.command(arguments.map { .string($0) }).text == "OK")
            }
            try await allow("on", ">pw", "~kefu:*", "+@all", "-zadd", "-xadd")
            let kefu = try await site.start(["REDIS_URL": "unix://worker:pw@\(site.redis.folder)/s"])
            let health = try await kefu.get("/api/health")
            #expect(health.status == 503 && health.data["redis"] == "refused")
            #expect(try await kefu.post("/api/task/receive", Tasks.message("T1")).status == 503)
            #expect(kefu.child.complaints.contains("the user may not run xadd, zadd"))
            #expect(try await site.redis.keys("") == [])
            try await allow("+zadd", "+xadd")
            try await eventually("requests are taken") { try await kefu.get("/api/health").status == 200 }
            try await kefu.accept(Tasks.message("T1"))
            // Taken away later, it is noticed by the first call that needs it.
            try await allow("-evalsha", "-eval")
            try await eventually("health says so") {
                _ = try await kefu.post("/api/task/receive", Tasks.message("T2"))
                return try await kefu.get("/api/health").data["redis"] == "refused"
            }
            try await allow("+evalsha", "+eval")
            try await eventually("requests are taken again") { try await kefu.get("/api/health").status == 200 }
            try await kefu.accept(Tasks.message("T2"))
        }
    }

    @Test func `a wrong password is said, and never shown`() async throws {
        try await Site.run(redis: ["--requirepass", "right"], signIn: { $0.password = "right" }) { site in
            let kefu = try await site.start(["REDIS_URL": "unix://:canary-password@\(site.redis.folder)/s"])
            #expect(try await kefu.get("/api/health").status == 503)
            #expect(try await kefu.post("/api/task/receive", Tasks.message("T1")).status == 503)
            #expect(kefu.child.complaints.contains("WRONGPASS"))
            #expect(!kefu.child.complaints.contains("canary-password"))
            _ = try await site.redis.answer("CONFIG", "SET", "requirepass", "canary-password")
            try await eventually("requests are taken") { try await kefu.get("/api/health").status == 200 }
            try await kefu.accept(Tasks.message("T1"))
        }
    }
}
