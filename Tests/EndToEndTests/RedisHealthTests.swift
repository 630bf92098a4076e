import Foundation
import TestSupport
import Testing

/// What `/api/health` says of a Redis that is there and does not serve.
@Suite(.timeLimit(.minutes(5)))
struct RedisHealthTests {
    private func expect(_ word: String, of kefu: Instance) async throws {
        try await eventually("health says \(word)") {
            let health = try await kefu.get("/api/health")
            return health.status == 503 && health.data["redis"].string == word && health["retry-after"] != nil
        }
        let refused = try await kefu.post("/api/task/receive", Tasks.message("refused"))
        #expect(refused.status == 503 && refused.errorType == "unavailable" && refused["retry-after"] != nil, "\(word)")
    }

    private func expectServes(_ kefu: Instance, _ id: String) async throws {
        try await eventually("it serves again") { try await kefu.get("/api/health").status == 200 }
        try await kefu.accept(Tasks.message(id, trigger: ["type": "time_reach", "time": "2020-01-01 00:00:00"]))
        try await kefu.status(id, is: "completed")
    }

    @Test func `a replica, a changed password and a script that does not end are named, and left behind`() async throws
    {
        try await Site.run([:]) { site, kefu in
            _ = try await site.redis.answer("REPLICAOF", "127.0.0.1", "1")
            try await expect("replica", of: kefu)
            _ = try await site.redis.answer("REPLICAOF", "NO", "ONE")
            try await expectServes(kefu, "T1")

            _ = try await site.redis.answer("CONFIG", "SET", "requirepass", "canary")
            _ = try await site.redis.answer("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            try await expect("refused", of: kefu)
            _ = try await site.redis.answer("CONFIG", "SET", "requirepass", "")
            try await expectServes(kefu, "T2")

            _ = try await site.redis.answer("CONFIG", "SET", "busy-reply-threshold", "10")
            let socket = "\(site.redis.folder)/s"
            async let endless = Child.run("redis-cli", ["-s", socket, "EVAL", "while true do end", "0"])
            try await expect("busy", of: kefu)
            _ = try await Child.run("redis-cli", ["-s", socket, "SCRIPT", "KILL"])
            _ = try await endless
            try await expectServes(kefu, "T3")
            #expect(try await kefu.get("/api/task/status/refused").status == 404)
        }
    }

    @Test func `a Redis that loads its data, or cannot write to its disk, is named`() async throws {
        // Each key costs its loading a millisecond.
        let slow = ["--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"]
        try await Site.run(redis: slow + ["--enable-debug-command", "yes"]) { site in
            let kefu = try await site.start()
            _ = try await site.redis.answer("DEBUG", "POPULATE", "3000", "k", "100")
            _ = try await site.redis.answer("SAVE")
            try await site.redis.kill()
            async let started: Void = site.redis.start()
            try await expect("loading", of: kefu)
            try await started
            try await expectServes(kefu, "T1")

            // A folder stands where the file should be.
            let file = "\(site.redis.folder)/dump.rdb"
            try FileManager.default.removeItem(atPath: file)
            try FileManager.default.createDirectory(atPath: "\(file)/x", withIntermediateDirectories: true)
            _ = try await site.redis.answer("CONFIG", "SET", "save", "3600 1")
            _ = try await site.redis.answer("BGSAVE")
            try await expect("disk_failing", of: kefu)
            try FileManager.default.removeItem(atPath: file)
            try await eventually("it saves again") {
                let reply = try await site.redis.admin.command("BGSAVE")
                let info = try await site.redis.answer("INFO", "persistence").text ?? ""
                return reply.error == nil && info.contains("rdb_last_bgsave_status:ok")
            }
            try await expectServes(kefu, "T2")
        }
    }

    @Test func `what is dangerous but works is warned of, in health and once in the log`() async throws {
        try await Site.run([:]) { site, kefu in
            for (name, value) in [("maxmemory-policy", "allkeys-lru"), ("maxmemory", "1")] {
                _ = try await site.redis.answer("CONFIG", "SET", name, value)
            }
            var types: [String] = []
            try await eventually("all is warned of") {
                let health = try await kefu.get("/api/health")
                #expect(health.status == 200 && health.data["redis"] == "ok")
                types = health.data["warnings"].elements.compactMap { $0["type"].string }
                return types.count == 3
            }
            #expect(types == ["not_persistent", "evicts", "full"])
            for word in types { #expect(kefu.child.complaints.components(separatedBy: "cause=\(word)").count == 2) }
            for (name, value) in [("maxmemory-policy", "noeviction"), ("maxmemory", "0"), ("appendonly", "yes")] {
                _ = try await site.redis.answer("CONFIG", "SET", name, value)
            }
            try await eventually("nothing is warned of") {
                try await kefu.get("/api/health").data["warnings"] == []
            }
        }
    }
}
