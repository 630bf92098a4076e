import TestSupport
import Testing

/// Lists and statistics over real records.
@Suite(.timeLimit(.minutes(2)))
struct QueryTests {
    @Test func `a list is walked to its end, newest first, while tasks are being added`() async throws {
        try await Site.run([:]) { _, kefu in
            let old = JSON.array((0..<120).map { Tasks.message("old-\($0)", customer: "c\($0 % 3)") })
            #expect(try await kefu.post("/api/task/receive/batch", old).status == 200)
            var seen: [JSON] = []
            var cursor: String?
            var pages = 0
            repeat {
                let page = try await kefu.get("/api/task/list?limit=7" + (cursor.map { "&cursor=\($0)" } ?? "")).data
                #expect(page["tasks"].elements.count <= 7)
                seen += page["tasks"].elements
                cursor = page["next_cursor"].string
                pages += 1
                try await kefu.accept(Tasks.message("new-\(pages)"))
            } while cursor != nil
            let ids = seen.compactMap { $0["task_id"].string }
            #expect(Set(ids).count == ids.count && Set(ids) == Set((0..<120).map { "old-\($0)" }))
            let times = seen.compactMap { $0["created_at"].string }
            #expect(times == times.sorted(by: >) && pages > 17)
        }
    }

    @Test func `a list is filtered by each of its parameters`() async throws {
        try await Site.run([:]) { _, kefu in
            try await kefu.accept(Tasks.message("T1", ["priority": "urgent", "created_by": "设计师 lz"]))
            try await kefu.accept(
                Tasks.message("T2", customer: "客户/2", trigger: ["type": "customer_keyword", "keywords": ["发票"]]))
            try await kefu.accept(Tasks.message("T3", trigger: ["type": "customer_payment"], ["type": "tutorial"]))
            #expect(try await kefu.cancel("T3").status == 200)
            let cases: [(query: String, ids: [String])] = [
                ("", ["T3", "T2", "T1"]), ("status=cancelled", ["T3"]), ("status=waiting", ["T2", "T1"]),
                ("status=completed", []), ("customer_id=%E5%AE%A2%E6%88%B7%2F2", ["T2"]), ("customer_id=c", []),
                ("type=tutorial", ["T3"]), ("priority=urgent", ["T1"]),
                ("created_by=%E8%AE%BE%E8%AE%A1%E5%B8%88+lz", ["T1"]), ("q=%E5%8F%91%E7%A5%A8", ["T2"]),
                ("q=T3", ["T3"]),
                ("q=message%20of", ["T3", "T2", "T1"]), ("q=%25", []), ("status=waiting&customer_id=c1", ["T1"]),
                ("limit=1", ["T3"]), ("unknown=1&status=", ["T3", "T2", "T1"]),
            ]
            for entry in cases {
                let answer = try await kefu.get("/api/task/list?\(entry.query)")
                let ids = answer.data["tasks"].elements.compactMap { $0["task_id"].string }
                // Two of one millisecond stand in the order of their ids.
                #expect(ids.sorted() == entry.ids.sorted(), "\(entry.query)")
            }
        }
    }

    @Test func `the statistics count what there is and what has happened`() async throws {
        try await Site.run([:]) { site, kefu in
            site.gateway.respond { $0.text.contains("bad") ? .status(400) : .status(200) }
            try await kefu.accept(Tasks.message("good", customer: "good"))
            try await kefu.accept(Tasks.message("bad", customer: "bad"))
            try await kefu.accept(Tasks.message("gone", customer: "gone"))
            try await kefu.accept(Tasks.message("urgent", customer: "u", ["priority": "urgent"]))
            let future: JSON = ["type": "time_reach", "time": "2999-01-01 09:00:00"]
            try await kefu.accept(Tasks.message("later", trigger: future))
            for id in ["good", "bad", "nobody"] { _ = try await kefu.report(Tasks.said("好的", by: id)) }
            try await kefu.status("good", is: "completed")
            try await kefu.status("bad", is: "failed")
            #expect(try await kefu.cancel("gone").status == 200)
            _ = try await site.receiver.requests(atLeast: 3)

            let stats = try await kefu.get("/api/task/stats").data
            #expect(stats["total"] == 5)
            #expect(
                stats["by_status"] == [
                    "pending": 0, "waiting": 2, "running": 0, "completed": 1, "failed": 1, "cancelled": 1,
                ])
            #expect(stats["by_priority"] == ["urgent": 1, "high": 0, "normal": 1])
            #expect(stats["by_trigger"]["customer_reply"] == 1 && stats["by_trigger"]["time_reach"] == 1)
            #expect(stats["queues"]["armed"] == 1 && stats["queues"]["scheduled"] == 1)
            #expect(stats["instances"][0]["id"].string?.contains("-\(kefu.child.pid)-") == true)
            // The instance adds its own counts with its heartbeat.
            let expected: [String: JSON] = [
                "received": 5, "events": 3, "matched": 2, "completed": 1, "failed": 1, "cancelled": 1,
                "callbacks_delivered": 3,
            ]
            var last = JSON.null
            try? await eventually("the last hour's counts") {
                last = try await kefu.get("/api/task/stats").data["last_hour"]
                return last == .object(expected)
            }
            #expect(last == .object(expected))
        }
    }
}
