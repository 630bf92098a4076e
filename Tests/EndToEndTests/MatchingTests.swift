import TestSupport
import Testing

/// Which events fire which tasks, through the whole of one instance.
@Suite(.timeLimit(.minutes(2)))
struct MatchingTests {
    @Test func `an event of another customer or another kind never fires a task`() async throws {
        try await Site.run([:]) { site, kefu in
            let triggers: [(id: String, customer: String, trigger: JSON)] = [
                ("reply", "c", ["type": "customer_reply", "keyword": "好的"]),
                ("keyword", "c", ["type": "customer_keyword", "keywords": ["退款", "投诉"]]),
                ("payment", "c:custom", ["type": "customer_payment"]),
                ("order", "c", ["type": "customer_order"]),
                ("event", "c", ["type": "custom_event", "event": "payment"]),
                ("other", "c:custom", ["type": "custom_event", "event": "order"]),
            ]
            for entry in triggers {
                try await kefu.accept(Tasks.message(entry.id, customer: entry.customer, trigger: entry.trigger))
            }
            // Neighbours that must meet nothing: names that are parts of others, other kinds, other events.
            for event in [
                Tasks.said("好的", by: "c:custom"), Tasks.said("好的", by: "c%3Acustom"), Tasks.said("好的", by: "C"),
                Tasks.said("还没想好", by: "c"), Tasks.event("customer_payment", by: "c"),
                Tasks.event("customer_order", by: "c:custom"),
                Tasks.event("custom_event", by: "c", ["event": "order"]),
                Tasks.event("custom_event", by: "c", ["event": "Payment"]),
                Tasks.event("custom_event", by: "c:custom", ["event": "payment"]),
            ] {
                #expect(try await kefu.report(event) == [], "\(event.text)")
            }
            let both = try await kefu.report(Tasks.said("那好的，我要投诉", by: "c"))
            #expect(both.sorted() == ["keyword", "reply"])
            #expect(try await kefu.report(Tasks.event("customer_payment", by: "c:custom")) == ["payment"])
            #expect(try await kefu.report(Tasks.event("customer_order", by: "c")) == ["order"])
            #expect(try await kefu.report(Tasks.event("custom_event", by: "c", ["event": "payment"])) == ["event"])
            let last = Tasks.event("custom_event", by: "c:custom", ["event": "order"])
            #expect(try await kefu.report(last) == ["other"])
            for entry in triggers { try await kefu.status(entry.id, is: "completed") }
            #expect(try await kefu.report(Tasks.said("好的，我要投诉", by: "c")) == [])
            #expect(site.gateway.requests.count == triggers.count)
        }
    }

    @Test func `keywords are found however the customer writes them`() async throws {
        try await Site.run([:]) { _, kefu in
            let cases: [(trigger: JSON, said: String, fires: Bool)] = [
                (["type": "customer_keyword", "keyword": "stop"], "ＳＴＯＰ！", true),
                (["type": "customer_keyword", "keyword": "STRASSE"], "straße", true),
                (["type": "customer_keyword", "keyword": "取消"], "取\u{200B}消", true),
                (["type": "customer_keyword", "keyword": "é"], "cafe\u{301}", true),
                (["type": "customer_keyword", "keyword": "%d+"], "7", false),
                (["type": "customer_keyword", "keyword": "(a+)+$"], "say (A+)+$ now", true),
                (["type": "customer_reply", "keyword": "好的", "exclude": ["不好的"]], "这样不好的", false),
                (["type": "customer_reply", "keyword": "好的", "match": "exact"], " 好的。", true),
                (["type": "customer_reply", "keyword": "好的", "match": "exact"], "好的吧", false),
                (["type": "customer_keyword", "keywords": ["发票", "地址"], "match": "all"], "发票寄到哪个地址", true),
                (["type": "customer_keyword", "keywords": ["发票", "地址"], "match": "all"], "要发票", false),
                (["type": "customer_reply"], "?", true),
            ]
            for (index, entry) in cases.enumerated() {
                let id = "case-\(index)"
                try await kefu.accept(Tasks.message(id, customer: id, trigger: entry.trigger))
                let fired = try await kefu.report(Tasks.said(entry.said, by: id))
                #expect(fired == (entry.fires ? [id] : []), "\(entry.trigger.text) \(entry.said)")
            }
        }
    }

    @Test func `conditions look at the event's data`() async throws {
        try await Site.run([:]) { _, kefu in
            let cases: [(conditions: JSON, data: JSON, fires: Bool)] = [
                (["order_id": "A1", "amount": ["gte": 100]], ["order_id": "A1", "amount": 100], true),
                (["order_id": "A1", "amount": ["gte": 100]], ["order_id": "A1", "amount": 99.99], false),
                (["order_id": "A1"], ["order_id": "A10"], false), (["order_id": "A1"], [:], false),
                (["n": 1], ["n": "1"], false), (["sku": ["in": ["x", "y"]]], ["sku": "y"], true),
                (["vip": true], ["vip": true], true), (["gift": ["exists": false]], ["other": 1], true),
                (["gift": ["ne": "a"]], [:], true), (["__proto__": ["$gt": ""]], [:], false),
            ]
            for (index, entry) in cases.enumerated() {
                let id = "case-\(index)"
                let trigger: JSON = ["type": "customer_payment", "where": entry.conditions]
                let answer = try await kefu.post(
                    "/api/task/receive", Tasks.message(id, customer: id, trigger: trigger))
                guard answer.status == 200 else {
                    #expect(answer.errorField == "trigger.where.__proto__.$gt")
                    continue
                }
                let event = Tasks.event("customer_payment", by: id, ["data": entry.data])
                #expect(try await kefu.report(event) == (entry.fires ? [id] : []), "\(trigger.text) \(entry.data.text)")
            }
        }
    }

    @Test func `an event's id is processed once, and each customer has ids of its own`() async throws {
        try await Site.run([:]) { site, kefu in
            try await kefu.accept(Tasks.message("T1"))
            let event = Tasks.said("好的", ["event_id": "m1"])
            #expect(try await kefu.post("/api/event", event).data == ["matched": ["T1"], "duplicate": false])
            try await kefu.status("T1", is: "completed")
            try await kefu.accept(Tasks.message("T2"))
            // The first answer again, whatever the repeat says.
            #expect(try await kefu.post("/api/event", event).data == ["matched": ["T1"], "duplicate": true])
            let changed = Tasks.said("不要了", ["event_id": "m1"])
            #expect(try await kefu.post("/api/event", changed).data == ["matched": ["T1"], "duplicate": true])
            #expect(try await kefu.status("T2")["status"] == "waiting")
            try await kefu.accept(Tasks.message("T3", customer: "c2"))
            #expect(try await kefu.report(Tasks.said("好的", by: "c2", ["event_id": "m1"])) == ["T3"])
            #expect(try await kefu.report(Tasks.said("好的", ["event_id": "m2"])) == ["T2"])
            _ = try await site.gateway.requests(atLeast: 3)
        }
    }

    @Test func `batches answer item by item, in order`() async throws {
        try await Site.run([:]) { site, kefu in
            let tasks: JSON = [
                Tasks.message("T1"), Tasks.message("T2", ["priority": "URGENT"]), Tasks.message("T1"), 7,
                Tasks.message("T1", ["priority": "high"]), Tasks.message("T3", trigger: ["type": "customer_payment"]),
            ]
            let received = try await kefu.post("/api/task/receive/batch", tasks)
            #expect(received.status == 200)
            let results = received.data["results"].elements
            #expect(results.map { $0["code"] } == [200, 400, 200, 400, 409, 200])
            #expect(results.map { $0["task_id"] } == ["T1", "T2", "T1", nil, "T1", "T3"])
            #expect(results[2]["duplicate"] == true && results[2]["status"] == "waiting")
            #expect(results[1]["error"]["field"] == "priority" && results[3]["error"]["type"] == "validation")
            #expect(results[4]["status"] == "waiting" && results[4]["error"]["type"] == "conflict")

            let events: JSON = [
                Tasks.said("你好"), Tasks.said("好的", ["event_id": "m1"]), ["type": "nonsense"],
                Tasks.said("好的", ["event_id": "m1"]), Tasks.event("customer_payment"),
            ]
            let reported = try await kefu.post("/api/event/batch", events)
            let outcomes = reported.data["results"].elements
            #expect(outcomes.map { $0["code"] } == [200, 200, 400, 200, 200])
            #expect(outcomes.map { $0["matched"] } == [[], ["T1"], [], ["T1"], ["T3"]])
            #expect(outcomes.map { $0["duplicate"] } == [false, false, false, true, false])
            for id in ["T1", "T3"] { try await kefu.status(id, is: "completed") }
            #expect(try await kefu.get("/api/task/status/T2").status == 404)
            #expect(try await kefu.post("/api/task/receive/batch", "[]").data == ["results": []])
            #expect(site.gateway.requests.count == 2)
        }
    }

    @Test func `the same task again is a duplicate, other content under its id a conflict`() async throws {
        try await Site.run { site in
            let kefu = [try await site.start(), try await site.start()]
            try await kefu[0].accept(Tasks.message("T1"))
            let spaced = Tasks.message("T1", ["max_retry": 3, "unknown": 1]).text.replacing(",", with: " ,\n")
            let again = try await kefu[1].post("/api/task/receive", spaced)
            #expect(again.data == ["task_id": "T1", "status": "waiting", "duplicate": true])
            let other = try await kefu[1].post("/api/task/receive", Tasks.message("T1", customer: "c2"))
            #expect(other.status == 409 && other.errorType == "conflict" && other.data == ["status": "waiting"])
            #expect(try await kefu[1].post("/api/task/fire", ["task_id": "T1"]).data["status"] == "waiting")
            #expect(try await kefu[0].status("T1", is: "completed")["trigger_event"]["type"] == "manual")
            let late = try await kefu[0].post("/api/task/receive", Tasks.message("T1"))
            #expect(late.data == ["task_id": "T1", "status": "completed", "duplicate": true])
            #expect(try await kefu[0].post("/api/task/fire", ["task_id": "T1"]).status == 409)
        }
    }
}
