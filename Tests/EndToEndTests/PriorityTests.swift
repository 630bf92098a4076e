import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct PriorityTests {
    @Test func `a backlog is worked off urgent first, the oldest first inside each priority`() async throws {
        try await Site.run(["KEFU_CONCURRENCY": "1"]) { site, kefu in
            let gate = HTTPSink.Gate()
            site.gateway.respond { $0.number == 1 ? .held(by: gate, .status(200)) : .status(200) }
            try await kefu.accept(Tasks.message("first"))
            _ = try await kefu.report(Tasks.said("好的"))
            _ = try await site.gateway.requests(atLeast: 1)

            // Fired in this order while the only place is taken.
            let order = ["normal-1", "high-1", "urgent-1", "normal-2", "urgent-2", "high-2", "urgent-3"]
            for id in order {
                let priority = JSON.string(String(id.prefix { $0 != "-" }))
                try await kefu.accept(Tasks.message(id, customer: id, ["priority": priority]))
                #expect(try await kefu.report(Tasks.said("好的", by: id)) == [id])
            }
            let stats = try await kefu.get("/api/task/stats").data
            #expect(stats["queues"]["ready"] == ["urgent": 3, "high": 2, "normal": 2])
            #expect(stats["queues"]["running"] == 1)
            #expect((stats["oldest_ready_ms"].int ?? -1) >= 0)
            gate.open()
            let sent = try await site.gateway.requests(atLeast: 8).map { $0.json["task_id"].string }
            #expect(
                sent == [
                    "first", "urgent-1", "urgent-2", "urgent-3", "high-1", "high-2", "normal-1", "normal-2",
                ])
        }
    }

    @Test func `two instances share a backlog, and each task is sent once`() async throws {
        try await Site.run { site in
            let kefu = [
                try await site.start(["KEFU_CONCURRENCY": "4"]), try await site.start(["KEFU_CONCURRENCY": "4"]),
            ]
            let tasks = JSON.array((1...60).map { Tasks.message("T\($0)") })
            let answer = try await kefu[0].post("/api/task/receive/batch", tasks)
            #expect(answer.data["results"].elements.allSatisfy { $0["status"] == "pending" })
            // The same event at both at once: a trigger fires once.
            async let one = kefu[0].report(Tasks.said("好的"))
            async let other = kefu[1].report(Tasks.said("好的"))
            let matched = try await one + other
            #expect(matched.count == 60 && Set(matched).count == 60)
            try await eventually("all are completed") {
                try await kefu[1].get("/api/task/stats").data["by_status"]["completed"] == 60
            }
            let keys = site.gateway.requests.map { $0.header("idempotency-key") }
            #expect(keys.count == 60 && Set(keys).count == 60)
            let told = try await site.receiver.requests(atLeast: 60).map { $0.json["task_id"].string }
            #expect(Set(told).count == 60)
        }
    }
}
