import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct CancelTests {
    @Test func `a task cancelled before its trigger is never sent; issued anew it is another one`() async throws {
        try await Site.run([:]) { site, kefu in
            try await kefu.accept(Tasks.message("T1"))
            let answer = try await kefu.post("/api/task/cancel", ["task_id": "T1", "reason": "客户已退款"])
            #expect(answer.status == 200 && answer.data == ["task_id": "T1", "status": "cancelled"])
            #expect(try await kefu.report(Tasks.said("好的")) == [])
            #expect(try await kefu.cancel("T1").status == 200)
            let told = try await site.receiver.requests(atLeast: 1)[0].json
            #expect(told["status"] == "cancelled" && told["error"] == "客户已退款" && told["generation"] == 1)

            let again = try await kefu.post("/api/task/receive", Tasks.message("T1", ["priority": "high"]))
            #expect(again.data == ["task_id": "T1", "status": "pending", "generation": 2])
            #expect(try await kefu.report(Tasks.said("好的")) == ["T1"])
            let task = try await kefu.status("T1", is: "completed")
            #expect(task["generation"] == 2 && task["priority"] == "high" && task["cancel_reason"] == nil)
            // The first one's request, were there one, would have come before.
            #expect(site.gateway.requests.map { $0.header("idempotency-key") } == ["T1:2"])
            #expect(site.gateway.requests[0].json["generation"] == 2)
            let last = try await site.receiver.requests(atLeast: 2)[1].json
            #expect(last["status"] == "completed" && last["generation"] == 2)
            #expect(last["callback_id"] != told["callback_id"])
        }
    }

    @Test(arguments: [(200, "completed"), (503, "cancelled"), (400, "cancelled")])
    func `a running task is cancelled unless its attempt succeeds`(status: Int, end: String) async throws {
        try await Site.run([:]) { site, kefu in
            let gate = HTTPSink.Gate()
            site.gateway.respond { _ in .held(by: gate, .status(status)) }
            try await kefu.accept(Tasks.message("T1"))
            _ = try await kefu.report(Tasks.said("好的"))
            _ = try await site.gateway.requests(atLeast: 1)
            let answer = try await kefu.cancel("T1")
            #expect(answer.status == 409 && answer.errorType == "conflict")
            #expect(answer.data == ["status": "running", "cancel_requested": true])
            #expect(try await kefu.status("T1")["cancel_requested"] == true)
            gate.open()
            try await kefu.status("T1", is: end)
            #expect(try await site.receiver.requests(atLeast: 1)[0].json["status"].string == end)
            #expect(site.gateway.requests.count == 1)
            #expect(try await kefu.cancel("T1").status == (end == "completed" ? 409 : 200))
        }
    }

    @Test func `a failed task is cancelled, a completed or unknown one is not`() async throws {
        try await Site.run([:]) { site, kefu in
            site.gateway.respond { $0.json["task_id"] == "T1" ? .status(400) : .status(200) }
            for id in ["T1", "T2"] { try await kefu.accept(Tasks.message(id)) }
            _ = try await kefu.report(Tasks.said("好的"))
            try await kefu.status("T1", is: "failed")
            try await kefu.status("T2", is: "completed")
            #expect(try await kefu.cancel("T1").data == ["task_id": "T1", "status": "cancelled"])
            let completed = try await kefu.cancel("T2")
            #expect(completed.status == 409 && completed.data == ["status": "completed"])
            let unknown = try await kefu.cancel("T3")
            #expect(unknown.status == 404 && unknown.errorType == "not_found")
            let told = try await site.receiver.requests(atLeast: 3).map(\.json)
            #expect(Set(told.map(\.text)).count == 3)
            #expect(told.filter { $0["task_id"] == "T1" }.map { $0["status"] } == ["failed", "cancelled"])
        }
    }

    @Test func `a task cancelled while it pauses before a retry is not tried again`() async throws {
        try await Site.run(["KEFU_RETRY_BASE_SECONDS": "3600"]) { site, kefu in
            site.gateway.respond { _ in .status(500) }
            try await kefu.accept(Tasks.message("T1"))
            _ = try await kefu.report(Tasks.said("好的"))
            try await eventually("the task pauses") { try await kefu.status("T1")["retry_count"] == 1 }
            #expect(try await kefu.cancel("T1").data == ["task_id": "T1", "status": "cancelled"])
            #expect(try await kefu.status("T1")["next_attempt_at"] == nil)
            #expect(try await kefu.get("/api/task/stats").data["queues"]["retrying"] == 0)
            #expect(site.gateway.requests.count == 1)
        }
    }
}
