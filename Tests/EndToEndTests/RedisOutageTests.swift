import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct RedisOutageTests {
    private static let durable = ["--appendonly", "yes", "--appendfsync", "always"]

    @Test func `while Redis is away requests are refused, and afterwards nothing accepted is missing`() async throws {
        try await Site.run(redis: Self.durable) { site in
            let gate = HTTPSink.Gate()
            site.gateway.respond { $0.number == 1 ? .held(by: gate, .status(200)) : .status(200) }
            let kefu = try await site.start()
            try await kefu.accept(Tasks.message("running", customer: "c0"))
            _ = try await kefu.report(Tasks.said("好的", by: "c0"))
            _ = try await site.gateway.requests(atLeast: 1)
            var accepted: [String] = []
            for number in 1...50 {
                try await kefu.accept(Tasks.message("T\(number)"))
                accepted.append("T\(number)")
            }

            try await site.redis.kill()
            try await expectRefused(by: kefu)
            // An attempt that ends meanwhile is recorded later.
            gate.open()
            try await site.redis.start()
            try await eventually("requests are taken again") { try await kefu.get("/api/health").status == 200 }
            let fired = try await kefu.report(Tasks.said("好的"))
            #expect(fired.sorted() == accepted.sorted())
            try await eventually("all are completed") {
                try await kefu.get("/api/task/stats").data["by_status"]["completed"] == 51
            }
            #expect(try await kefu.status("running")["attempts"] == 1)
            #expect(try await kefu.get("/api/task/status/refused").status == 404)
            let keys = site.gateway.requests.map { $0.header("idempotency-key") }
            #expect(keys.count == 51 && Set(keys).count == 51)
            let told = try await site.receiver.until { log in Set(log.requests.map(\.text)).count == 51 }
            #expect(Set(told.requests.map { $0.json["task_id"] }).count == 51)
        }
    }

    @Test func `a frozen Redis does not hold requests up`() async throws {
        try await Site.run([:]) { site, kefu in
            try await kefu.accept(Tasks.message("T1"))
            await site.redis.pause()
            let answer = try await kefu.post("/api/task/receive", Tasks.message("T2"))
            let health = try await kefu.get("/api/health")
            await site.redis.resume()
            #expect(answer.status == 503 && answer.errorType == "unavailable" && answer["retry-after"] != nil)
            #expect(health.status == 503 && health.data["redis"] == "unreachable")
            try await eventually("requests are taken again") { try await kefu.get("/api/health").status == 200 }
            // Whether it was carried out is not known; to repeat it is safe.
            try await kefu.accept(Tasks.message("T2"))
            let fired = try await kefu.report(Tasks.said("好的"))
            #expect(fired.sorted() == ["T1", "T2"])
            for id in fired { try await kefu.status(id, is: "completed") }
            #expect(site.gateway.requests.count == 2)
        }
    }

    @Test func `an instance that starts before its Redis waits for it`() async throws {
        try await Site.run { site in
            try await site.redis.kill()
            let kefu = try await site.start()
            try await expectRefused(by: kefu)
            try await site.redis.start()
            try await eventually("requests are taken") { try await kefu.get("/api/health").status == 200 }
            try await kefu.accept(Tasks.message("T1"))
            #expect(try await kefu.report(Tasks.said("好的")) == ["T1"])
            try await kefu.status("T1", is: "completed")
        }
    }

    @Test func `a flushed script cache and cut connections are not noticed`() async throws {
        try await Site.run([:]) { site, kefu in
            for round in 1...5 {
                _ = try await site.redis.answer("SCRIPT", "FLUSH")
                try await kefu.accept(Tasks.message("T\(round)"))
                #expect(try await kefu.report(Tasks.said("好的")) == ["T\(round)"])
                try await kefu.status("T\(round)", is: "completed")
            }
            _ = try await site.redis.answer("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            try await eventually("requests are taken again") { try await kefu.get("/api/health").status == 200 }
            try await kefu.accept(Tasks.message("T9"))
            #expect(try await kefu.report(Tasks.said("好的")) == ["T9"])
        }
    }

    @Test func `a full Redis refuses new tasks and lets the old ones be finished`() async throws {
        try await Site.run([:]) { site, kefu in
            for id in ["T1", "T2"] { try await kefu.accept(Tasks.message(id)) }
            _ = try await site.redis.answer("CONFIG", "SET", "maxmemory", "1")
            let refused = try await kefu.post("/api/task/receive", Tasks.message("T3"))
            #expect(refused.status == 503 && refused.errorType == "unavailable" && refused["retry-after"] != nil)
            #expect(try await kefu.cancel("T1").status == 200)
            _ = try await site.redis.answer("CONFIG", "SET", "maxmemory", "0")
            #expect(try await kefu.report(Tasks.said("好的")) == ["T2"])
            _ = try await site.redis.answer("CONFIG", "SET", "maxmemory", "1")
            try await kefu.status("T2", is: "completed")
            #expect(try await kefu.get("/api/task/status/T3").status == 404)
            #expect(Set(try await site.receiver.requests(atLeast: 2).map { $0.json["task_id"] }) == ["T1", "T2"])
        }
    }

    private func expectRefused(by kefu: Instance) async throws {
        let calls: [(path: String, body: JSON)] = [
            ("/api/task/receive", Tasks.message("refused")), ("/api/event", Tasks.said("好的")),
            ("/api/task/cancel", ["task_id": "T1"]), ("/api/task/fire", ["task_id": "T1"]),
            ("/api/callbacks/replay", ["all_dead": true]),
        ]
        for call in calls {
            let answer = try await kefu.post(call.path, call.body)
            #expect(answer.status == 503 && answer.errorType == "unavailable", "\(call.path) \(answer.body)")
            #expect(answer["retry-after"] != nil)
        }
        for path in ["/api/task/status/T1", "/api/task/list", "/api/task/stats", "/api/callbacks"] {
            #expect(try await kefu.get(path).status == 503, "\(path)")
        }
        let batch = try await kefu.post("/api/task/receive/batch", .array([Tasks.message("refused")]))
        #expect(batch.status == 503 || batch.data["results"][0]["code"] == 503, "\(batch.body)")
        let health = try await kefu.get("/api/health")
        #expect(health.status == 503 && health.data["redis"] == "unreachable" && health["retry-after"] != nil)
        #expect(try await kefu.get("/api/health/live").status == 200)
        #expect(kefu.child.isRunning)
    }
}
