import TestSupport
import Testing

/// An event and the task that it belongs to, in whatever order they come, at whatever instance.
@Suite(.timeLimit(.minutes(2)))
struct OrderTests {
    private static let lookingBack: JSON = ["type": "customer_reply", "keyword": "好的", "lookback_seconds": 60]

    @Test func `a customer who was faster than the task is served by it, once`() async throws {
        try await Site.run { site in
            let kefu = [try await site.start(), try await site.start()]
            let said = Tasks.said("ＯＫ，好的", ["event_id": "m1", "conversation": ["group": "g1"]])
            #expect(try await kefu[0].report(said) == [])
            try await kefu[1].accept(Tasks.message("T1", trigger: Self.lookingBack))
            let task = try await kefu[1].status("T1", is: "completed")
            #expect(task["trigger_event"]["text"] == "ＯＫ，好的" && task["trigger_event"]["event_id"] == "m1")
            #expect(task["trigger_lookback_seconds"] == 60 && task["triggers"] == nil)
            #expect(try date(task["trigger_event"]["at"]) < date(task["created_at"]))
            let sent = try await site.gateway.requests(atLeast: 1)[0].json
            #expect(sent["trigger_event"]["conversation"] == ["group": "g1"])
            // The repeat is told what the first was, and another task looks back at the same event.
            #expect(try await kefu[1].post("/api/event", said).data == ["matched": [], "duplicate": true])
            let paid: JSON = ["type": "customer_payment", "lookback_seconds": 60]
            try await kefu[0].accept(Tasks.message("T2", trigger: paid))
            try await kefu[0].accept(Tasks.message("T3", customer: "c2", trigger: Self.lookingBack))
            try await kefu[0].accept(Tasks.message("T4", trigger: ["type": "customer_reply", "keyword": "好的"]))
            for id in ["T2", "T3", "T4"] { #expect(try await kefu[0].status(id)["status"] == "waiting") }
            try await kefu[0].accept(Tasks.message("T5", trigger: Self.lookingBack))
            try await kefu[0].status("T5", is: "completed")
            #expect(site.gateway.requests.count == 2)
        }
    }

    @Test func `how far back is bounded by how long events are kept`() async throws {
        try await Site.run { site in
            for (kept, allowed) in [("0", 0), ("120.5", 120.5)] as [(String, Double)] {
                let kefu = try await site.start(["KEFU_EVENT_LOG_SECONDS": kept])
                let trigger: JSON = ["type": "customer_reply", "lookback_seconds": .number(allowed)]
                try await kefu.accept(Tasks.message("T\(kept)", trigger: trigger))
                let more: JSON = ["type": "customer_reply", "lookback_seconds": .number(allowed + 0.1)]
                let answer = try await kefu.post("/api/task/receive", Tasks.message("more", trigger: more))
                #expect(answer.status == 400 && answer.errorField == "trigger.lookback_seconds", "\(answer.body)")
                #expect(try await kefu.get("/api/task/status/more").status == 404)
                #expect(try await kefu.report(Tasks.said("你好", by: "c2")) == [])
                #expect(try await site.redis.keys("kefu:{0}:recent").isEmpty == (allowed == 0))
            }
        }
    }

    @Test func `of several triggers the first to be met fires the task, and only that`() async throws {
        try await Site.run([:]) { site, kefu in
            let triggers: JSON = [
                ["type": "customer_payment", "where": ["amount": ["gte": 100]]],
                ["type": "customer_reply", "keyword": "好的", "exclude": ["不好的"]],
                ["type": "customer_reply", "keyword": "行"], ["type": "time_reach", "time": "2100-01-01 09:00:00"],
            ]
            func task(_ id: String) -> JSON {
                var task = Tasks.message(id, customer: id, ["triggers": triggers])
                task["trigger"] = nil
                return task
            }
            let events = [
                Tasks.event("customer_payment", by: "paid", ["data": ["amount": 100]]),
                Tasks.said("好的", by: "said"), Tasks.said("行，但不好的也有", by: "agreed"),
            ]
            for (id, event) in zip(["paid", "said", "agreed"], events) {
                try await kefu.accept(task(id))
                #expect(try await kefu.report(Tasks.said("不好的", by: id)) == [])
                #expect(try await kefu.report(event) == [id])
                for event in events { #expect(try await kefu.report(event) == []) }
                let done = try await kefu.status(id, is: "completed")
                #expect(done["trigger_type"] == "customer_payment" && done["triggers"][3]["type"] == "time_reach")
                #expect(done["triggers"][3]["time"] == "2100-01-01T09:00:00.000+08:00")
                #expect(done["triggers"][0]["where"] == ["amount": ["gte": 100]])
            }
            #expect(site.gateway.requests.count == 3)
            let again = try await kefu.post("/api/task/receive", task("said"))
            #expect(again.data["duplicate"] == true)
            var other = task("said")
            other["triggers"] = .array(triggers.elements.dropLast())
            #expect(try await kefu.post("/api/task/receive", other).status == 409)
            // A moment that has passed is a trigger like the others.
            var late = task("late")
            late["triggers"] = .array(triggers.elements + [["type": "time_reach", "time": "2020-01-01 09:00:00"]])
            try await kefu.accept(late)
            try await kefu.status("late", is: "completed")
            let listed = try await kefu.kefu("list")
            #expect(listed.output.contains("customer_payment +4"))
        }
    }

    @Test func `an event and its task at the same moment, at two instances: it fires exactly once`() async throws {
        try await Site.run { site in
            let kefu = [try await site.start(), try await site.start()]
            let rounds = 100
            var byEvent = 0
            for round in 1...rounds {
                let id = "T\(round)"
                var task = Tasks.message(id, customer: id, trigger: Self.lookingBack)
                if round.isMultiple(of: 2) {
                    task["trigger"] = nil
                    task["triggers"] = [["type": "customer_payment", "lookback_seconds": 60], Self.lookingBack]
                }
                let events = [
                    Tasks.said("好的", by: id, ["event_id": "m"]), Tasks.event("customer_payment", by: id),
                ]
                let (sent, turn) = (task, round)
                async let first = kefu[turn % 2].report(events[0])
                async let accepted: Void = kefu[(turn + 1) % 2].accept(sent)
                async let second = kefu[(turn + 1) % 2].report(events[0])
                async let third = kefu[turn % 2].report(events[1])
                let matched = try await [first, second, third]
                try await accepted
                byEvent += Set(matched.flatMap { $0 }).count
            }
            try await eventually("all have fired") {
                try await kefu[0].get("/api/task/stats").data["by_status"]["completed"].int == rounds
            }
            let sent = site.gateway.requests.compactMap { $0.json["task_id"].string }
            #expect(sent.count == rounds && Set(sent).count == rounds, "\(byEvent) fired by events")
        }
    }
}
