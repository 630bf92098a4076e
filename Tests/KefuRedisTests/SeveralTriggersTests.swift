import KefuCore
import TestSupport
import Testing

// A task with several triggers: the first to be met fires it, and it leaves all places at once.

@Suite struct SeveralTriggersTests {
    /// Paid, or said 好的 or ok, or at a time.
    private static let task = NewTask.example(
        "T1", .reply("好的", exclude: ["不好的"]),
        or: [.payment(.when("sum", .greater, .number(0))), .reply("ok", match: .exact), .time(60_000)])

    @Test(arguments: ScriptCache.allCases)
    func `It stands in every index that one of its triggers listens to`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let step = try await test.step { try await $0.receive(Self.task, capacity: 4) }
        #expect(step.answer.shown == "accepted(generation: 1); due in 60000")
        let shown = step.changes.split(separator: "\n").filter { !$0.contains("task:T1 action") }
        #expect(
            shown.joined(separator: "\n") == #"""
                + armed:c1:message T1: contains
                +好的
                -不好的
                exact
                +ok
                + armed:c1:payment T1: [["sum","gt","n0.0"]]
                + changes 1: T1 waiting accepted @0 c1 1
                + counts normal:customer_reply: 1
                + created T1: @0
                + customer:c1 T1: @0
                + scheduled T1: @60000
                + task:T1 armed: message
                payment
                scheduled
                + task:T1 content: d1
                + task:T1 created_at: @0
                + task:T1 customer_id: c1
                + task:T1 deadline_at: @3660000
                + task:T1 generation: 1
                + task:T1 max_retry: 3
                + task:T1 priority: normal
                + task:T1 status: waiting
                + task:T1 timeout_hours: 1
                + task:T1 trigger_exclude: ["不好的"]
                + task:T1 trigger_keywords: ["好的"]
                + task:T1 trigger_type: customer_reply
                + task:T1 triggers: [{"type":"customer_reply","keywords":["好的"],"exclude":["不好的"]},{"type":"customer_payment"},{"type":"customer_reply","keywords":["ok"],"match":"exact"},{"type":"time_reach","time":@60000}]
                + task:T1 type: greeting
                + timeouts T1: @3660000
                """#)
    }

    @Test(arguments: ScriptCache.allCases)
    func `The first to be met fires it and disarms the others in the same step`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(Self.task)
        let step = try await test.step { try await $0.match(.payment(#"{"sum":1}"#, id: "e1"), capacity: 0) }
        #expect(step.answer.shown == "matched T1; backlog")
        #expect(
            step.changes == """
                - armed:c1:message T1: contains
                +好的
                -不好的
                exact
                +ok
                - armed:c1:payment T1: [["sum","gt","n0.0"]]
                + changes 2: T1 waiting triggered @0 c1 1
                + event:c1:e1 (expires): @0
                T1
                + ready T1: normal @0
                - scheduled T1: @60000
                - task:T1 armed: message
                payment
                scheduled
                + task:T1 trigger_event: {"at":@0,"type":"customer_payment"}
                + task:T1 triggered_at: @0
                - timeouts T1: @3660000
                """)
        #expect(try await test.store.match(.message("ok"), capacity: 0).outcome.matched == [])
        #expect(try await test.store.match(.payment(#"{"sum":1}"#, id: "e1"), capacity: 0).outcome.duplicate)
        try await test.at(60_000)
        #expect(try await test.store.sweep(capacity: 0, callbackCapacity: 0).shown.hasPrefix("swept; backlog"))
    }

    @Test func `Each of several triggers of one kind counts for itself`() async throws {
        let triggers: [Trigger] = [
            .reply("好", exclude: ["不"]), .reply("发票", "地址", match: .all), .reply("ok", match: .exact),
            .keyword("退款"), .custom("a", .when("n", .equal, .number(1))), .custom("a", .when("n", .equal, .number(2))),
            .payment(.when("x", .exists, .bool(true))), .payment(),
        ]
        let cases: [(CustomerEvent, Bool)] = [
            (.message("好"), true), (.message("不好"), false), (.message("不好，退款"), true), (.message("发票"), false),
            (.message("地址，发票"), true), (.message("ok"), true), (.message("ok吗"), false), (.message("嗯"), false),
            (.custom("a", #"{"n":1}"#), true), (.custom("a", #"{"n":2}"#), true), (.custom("a", #"{"n":3}"#), false),
            (.custom("b", #"{"n":1}"#), false), (.payment(), true), (.order(), false),
        ]
        for order in [triggers, triggers.reversed()] {
            for (event, fires) in cases {
                let test = try await TestStore()
                try await test.accepted(.example("T1", order[0], or: Array(order.dropFirst())))
                let matched = try await test.store.match(event, capacity: 0).outcome.matched
                #expect(matched == (fires ? ["T1"] : []), "\(event)")
                #expect(KeySpaceInvariants(try await test.image()).violations == [])
                try await test.remove()
            }
        }
    }

    @Test func `Of several times the earliest fires, and the deadline counts from the latest`() async throws {
        let test = try await TestStore()
        let task = NewTask.example("T1", .time(9_000), or: [.time(5_000), .payment()], timeoutMs: 1_000)
        let step = try await test.step { try await $0.receive(task, capacity: 0) }
        #expect(step.answer.shown == "accepted(generation: 1); due in 5000")
        #expect(step.changes.contains("+ scheduled T1: @5000") && step.changes.contains("+ timeouts T1: @10000"))
        try await test.at(5_000)
        _ = try await test.step { try await $0.sweep(capacity: 0, callbackCapacity: 0) }
        #expect(try await test.field("trigger_event", of: "T1") == #"{"at":@5000,"type":"time_reach"}"#)
        let image = try await test.image()
        #expect(image["scheduled"] == nil && image["timeouts"] == nil)
    }

    @Test func `A time that has passed fires it at once, before any look back`() async throws {
        let test = try await TestStore(policy: .eventsKept)
        _ = try await test.store.match(.message(), capacity: 0)
        let task = NewTask.example("T1", .reply().lookingBack(), or: [.payment(), .time(-1), .time(9_000)])
        let step = try await test.step { try await $0.receive(task, capacity: 1) }
        #expect(step.answer.shown == "accepted(generation: 1); claimed T1#1")
        #expect(try await test.field("trigger_event", of: "T1") == #"{"at":@0,"type":"time_reach"}"#)
        #expect(!step.changes.contains("armed"))
    }

    @Test func `Each looks back as far as it was told`() async throws {
        let test = try await TestStore(policy: .eventsKept)
        _ = try await test.store.match(.payment(), capacity: 0)
        try await test.at(10_000)
        _ = try await test.store.match(.message("好"), capacity: 0)
        try await test.at(20_000)
        let triggers: [([Trigger], String?)] = [
            ([.payment().lookingBack(19_999), .reply("好").lookingBack(9_999)], nil),
            ([.payment().lookingBack(20_000), .reply("好")], "@0"), ([.payment(), .reply("好").lookingBack()], "@10000"),
            ([.order().lookingBack(), .payment().lookingBack(), .reply("好").lookingBack()], "@10000"),
            ([.reply("不").lookingBack(), .reply("好"), .payment()], nil),
        ]
        for (index, (triggers, at)) in triggers.enumerated() {
            let id = "T\(index)"
            try await test.accepted(.example(id, triggers[0], or: Array(triggers.dropFirst())))
            let event = try await test.field("trigger_event", of: id)
            #expect(event?.dropFirst(6).prefix { $0 != "," } == at.map { Substring($0) }, "\(id)")
        }
        #expect(KeySpaceInvariants(try await test.image()).violations == [])
    }

    @Test(arguments: ["cancel", "fire", "deadline"])
    func `Whatever ends its waiting takes it out of every place`(end: String) async throws {
        let test = try await TestStore()
        try await test.accepted(Self.task)
        let step = try await test.step { store in
            switch end {
            case "cancel": _ = try await store.cancel(taskID: "T1", reason: nil)
            case "fire": _ = try await store.fire(taskID: "T1")
            default:
                try await test.at(4_000_000)
                _ = try await store.sweep(capacity: 0, callbackCapacity: 0)
            }
        }
        let places = ["armed:c1:message", "armed:c1:payment", "scheduled", "timeouts", "task:T1 armed"]
        for place in places { #expect(step.changes.contains("- \(place)"), "\(place)") }
        // Issued anew with fewer places, or waiting no more: the old ones stay empty.
        if end == "cancel" {
            try await test.accepted(.example("T1", .order(), or: [.payment(), .payment()]))
            #expect(try await test.store.match(.message("ok"), capacity: 0).outcome.matched == [])
            #expect(try await test.store.match(.order(), capacity: 0).outcome.matched == ["T1"])
            #expect(KeySpaceInvariants(try await test.image()).violations == [])
        }
    }

    @Test func `Its record shows the first trigger and all of them, and a list finds it by each keyword`() async throws
    {
        let test = try await TestStore()
        var second = Trigger.reply("退\"款", "发票").lookingBack(500)
        second.keyword = "OK"
        try await test.accepted(.example("T1", .reply("好的"), or: [second, .custom("好")]), .example("T2", .reply("A")))
        let record = try #require(try await test.store.status(taskID: "T1"))
        #expect(record.triggerKind == .customerReply && record.triggerKeywordsJSON == #"["好的"]"#)
        #expect(
            record.triggersJSON == """
                [{"type":"customer_reply","keywords":["好的"]},\
                {"type":"customer_reply","keyword":"OK","keywords":["退\\"款","发票"],"lookback_seconds":0.5},\
                {"type":"custom_event","event":"好"}]
                """)
        #expect(try await test.store.status(taskID: "T2")?.triggersJSON == nil)
        for (text, found) in [("发", true), ("OK", true), ("好的", true), ("customer_reply", false), ("type", false)] {
            var query = ListQuery()
            query.text = text
            #expect(try await test.store.list(query).tasks.map(\.id) == (found ? ["T1"] : []), "\(text)")
        }
    }

    @Test func `An event's name may hold anything, line breaks too`() async throws {
        let test = try await TestStore()
        let names = ["a\nb", "a%0Ab", "\n", "a", "b", "scheduled", "message"]
        for (index, name) in names.enumerated() {
            try await test.accepted(.example("\(index)", .custom(name), or: [.time(60_000 + Int64(index))]))
        }
        for (index, name) in names.enumerated() {
            #expect(try await test.store.match(.custom(name), capacity: 0).outcome.matched == ["\(index)"])
        }
        #expect(try await test.image().keys.filter { $0.hasPrefix("armed") || $0 == "scheduled" } == [])
    }
}
