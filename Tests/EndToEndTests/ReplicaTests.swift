import TestSupport
import Testing

/// What `KEFU_MIN_REPLICAS` promises, with a replica that comes and goes.
@Suite(.timeLimit(.minutes(5)))
struct ReplicaTests {
    private func run(_ body: (Site, ReplicaPair, Instance) async throws -> Void) async throws {
        try await Site.run { site in
            let pair = try await ReplicaPair.start()
            do {
                let kefu = try await site.start([
                    "REDIS_URL": "redis://127.0.0.1:\(pair.ports.primary)", "KEFU_MIN_REPLICAS": "1",
                ])
                try await body(site, pair, kefu)
            } catch {
                try await pair.stop()
                throw error
            }
            try await pair.stop()
        }
    }

    /// A replica on a busy machine may be late; then the same is asked again.
    private func insist(_ kefu: Instance, _ path: String, _ body: JSON) async throws {
        try await eventually("\(body.text) is confirmed") { try await kefu.post(path, body).status == 200 }
    }

    private func expectDoubt(_ answer: Answer) {
        #expect(answer.status == 503 && answer.errorType == "unavailable" && answer["retry-after"] != nil)
        #expect(answer.json["message"] == "处理结果未知，请原样重试", "\(answer.body)")
    }

    @Test func `what is answered with 200 has reached the replica`() async throws {
        try await run { _, pair, kefu in
            for number in 0..<20 {
                try await insist(kefu, "/api/task/receive", Tasks.message("T\(number)"))
                #expect(try await pair.replica.answer("EXISTS", "kefu:{0}:task:T\(number)") == .integer(1))
            }
            try await insist(kefu, "/api/task/cancel", ["task_id": "T0"])
            #expect(try await pair.replica.answer("HGET", "kefu:{0}:task:T0", "status").text == "cancelled")
            let batch = (0..<100).map { Tasks.message("B\($0)") }
            try await eventually("all of a batch are accepted") {
                let results = try await kefu.post("/api/task/receive/batch", .array(batch)).data["results"].elements
                return results.allSatisfy { $0["code"] == 200 } && results.count == 100
            }
            #expect(try await pair.replica.answer("ZCARD", "kefu:{0}:created") == .integer(120))
            // A past time fires at once, and is worked on all the same.
            let past: JSON = ["type": "time_reach", "time": "2020-01-01 00:00:00"]
            try await insist(kefu, "/api/task/receive", Tasks.message("late", trigger: past))
            try await kefu.status("late", is: "completed")
        }
    }

    @Test func `without its replica accepts and cancels are in doubt, and the same again is answered afterwards`()
        async throws
    {
        try await run { _, pair, kefu in
            for id in ["T1", "T2"] { try await insist(kefu, "/api/task/receive", Tasks.message(id)) }
            try await insist(kefu, "/api/task/cancel", ["task_id": "T2"])
            await pair.replica.pause()
            expectDoubt(try await kefu.post("/api/task/receive", Tasks.message("T3")))
            // A duplicate writes nothing, and yet it is only told when the replica has what it speaks of.
            for id in ["T1", "T3"] { expectDoubt(try await kefu.post("/api/task/receive", Tasks.message(id))) }
            for id in ["T1", "T2"] { expectDoubt(try await kefu.cancel(id)) }
            let batch = (0..<50).map { Tasks.message("B\($0)") }
            let results = try await kefu.post("/api/task/receive/batch", .array(batch)).data["results"].elements
            #expect(results.count == 50 && results.allSatisfy { $0["code"] == 503 })
            // Many at once share a wait, so that none takes longer than two.
            await withTaskGroup { group in
                for number in 0..<20 {
                    group.addTask {
                        let answer = try? await kefu.post("/api/task/receive", Tasks.message("C\(number)"))
                        #expect(answer?.status == 503)
                    }
                }
            }
            // Everything else goes on.
            #expect(try await kefu.get("/api/health").status == 200)
            #expect(Set(try await kefu.report(Tasks.said("好的"))).contains("T3"))
            try await kefu.status("T3", is: "completed")
            #expect(try await kefu.status("T1")["status"] == "cancelled")

            await pair.replica.resume()
            for id in ["T3", "B0"] {
                try await eventually("\(id) is confirmed") {
                    let again = try await kefu.post("/api/task/receive", Tasks.message(id))
                    return again.status == 200 && again.data["duplicate"] == true
                }
            }
            for number in 0..<20 { try await insist(kefu, "/api/task/receive", Tasks.message("C\(number)")) }
            try await insist(kefu, "/api/task/cancel", ["task_id": "T1"])
            #expect(try await kefu.get("/api/task/stats").data["total"] == 73)
        }
    }

    @Test func `a replica that is gone is warned of, and nobody waits who was not told to`() async throws {
        try await run { site, pair, kefu in
            try await insist(kefu, "/api/task/receive", Tasks.message("T1"))
            let waits = try await Self.waits(pair)
            #expect(waits > 0)
            let url = "redis://127.0.0.1:\(pair.ports.primary)"
            let careless = try await site.start(["REDIS_URL": url])
            try await pair.replica.kill()
            try await careless.accept(Tasks.message("T2"))
            #expect(try await careless.cancel("T2").status == 200)
            #expect(try await Self.waits(pair) == waits)
            try await eventually("it is warned of") {
                try await kefu.get("/api/health").data["warnings"].elements.contains {
                    $0["type"] == "too_few_replicas"
                }
            }
            let doctor = try await kefu.kefu("doctor", settings: ["REDIS_URL": url, "KEFU_MIN_REPLICAS": "1"])
            #expect(doctor.status == 1 && doctor.output.contains("fail  redis replicas     0 follow"))
            let warnings = try await careless.get("/api/health").data["warnings"].elements
            #expect(warnings.map { $0["type"] } == ["not_persistent"])
            try await pair.replica.start()
        }
    }

    private static func waits(_ pair: ReplicaPair) async throws -> Int {
        let stats = try await pair.primary.answer("INFO", "commandstats").text ?? ""
        return stats.firstMatch(of: #/cmdstat_wait:calls=(\d+)/#).flatMap { Int($0.1) } ?? 0
    }
}
