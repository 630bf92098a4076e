import KefuCore
import Testing

// Tasks that look back at what their customer did just before them: `match` keeps events, `receive` reads them.

@Suite struct LookbackTests {
    // MARK: Keeping events

    @Test(arguments: ScriptCache.allCases)
    func `An event is kept whether it fires something or not`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache, policy: .eventsKept)
        let first = try await test.step { try await $0.match(.message(), capacity: 4) }
        #expect(first.answer.shown == "matched")
        #expect(
            first.changes == """
                + recent:c1 (expires) 0: @0 message
                {"type":"customer_message"}
                好的
                好的
                """)
        try await test.accepted(.example("T1", .custom("a b")))
        try await test.at(7)
        let second = try await test.step { try await $0.match(.custom("a b"), capacity: 0) }
        #expect(second.answer.shown == "matched T1; backlog")
        #expect(second.changes.contains("+ recent:c1 (expires) 1: @7 custom:a b\n{\"type\":\"custom_event\"}\n\n\n"))
    }

    @Test(arguments: ScriptCache.allCases)
    func `A repeated event is kept once`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache, policy: .eventsKept)
        let first = try await test.step { try await $0.match(.message(id: "e1"), capacity: 4) }
        #expect(first.changes.contains("+ recent:c1"))
        let again = try await test.step { try await $0.match(.message(id: "e1"), capacity: 4) }
        #expect(again.answer.shown == "matched (duplicate)")
        #expect(again.changes == "")
    }

    @Test func `Of one customer the last sixteen events are kept`() async throws {
        let test = try await TestStore(policy: .eventsKept)
        for number in 0..<20 { _ = try await test.store.match(.message("\(number)"), capacity: 0) }
        #expect(try await kept(test).map(\.text) == (4..<20).map(String.init))
    }

    @Test func `Large events push old ones out, and the newest is always kept`() async throws {
        let test = try await TestStore(policy: .eventsKept)
        for number in 0..<16 { _ = try await test.store.match(.message("\(number)"), capacity: 0) }
        let large = String(repeating: "好", count: 10_000)
        _ = try await test.store.match(.message(large), capacity: 0)
        // Twice the text and a little: one such leaves room for little ones, a second does not.
        #expect(try await kept(test).map(\.text) == (1..<16).map(String.init) + [large])
        _ = try await test.store.match(.message(large), capacity: 0)
        #expect(try await kept(test).map(\.text) == [large])
        let longest = String(repeating: "x", count: 65_536)
        _ = try await test.store.match(.message(longest), capacity: 0)
        #expect(try await kept(test).map(\.text) == [longest])
    }

    private func kept(_ test: TestStore) async throws -> [(at: Substring, text: String)] {
        guard case .list(let lines)? = try await test.image()["recent:c1"]?.value else { return [] }
        return lines.map { line in
            let parts = line.split(separator: "\n", omittingEmptySubsequences: false)
            return (parts[0].prefix { $0 != " " }, String(parts[2]))
        }
    }

    // MARK: Looking back

    @Test(arguments: ScriptCache.allCases)
    func `A task fires at once on an event that came before it`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache, policy: .eventsKept)
        _ = try await test.store.match(.message(), capacity: 0)
        try await test.at(2_000)
        let step = try await test.step {
            try await $0.receive(.example("T1", .reply("好").lookingBack()), capacity: 4)
        }
        #expect(step.answer.shown == "accepted(generation: 1); claimed T1#1")
        #expect(
            step.changes == """
                + changes 1: T1 waiting accepted @2000 c1 1
                + changes 2: T1 running triggered @2000 c1 1
                + counts normal:customer_reply: 1
                + created T1: @2000
                + customer:c1 T1: @2000
                + running T1: @17000
                + task:T1 action_message: 谢谢
                + task:T1 action_type: send_message
                + task:T1 attempts: 1
                + task:T1 content: d1
                + task:T1 created_at: @2000
                + task:T1 customer_id: c1
                + task:T1 deadline_at: @3602000
                + task:T1 generation: 1
                + task:T1 max_retry: 3
                + task:T1 owner: i1:2
                + task:T1 priority: normal
                + task:T1 status: running
                + task:T1 timeline: running @2000
                + task:T1 timeout_hours: 1
                + task:T1 trigger_event: {"at":@0,"type":"customer_message"}
                + task:T1 trigger_keywords: ["好"]
                + task:T1 trigger_lookback: 60000
                + task:T1 trigger_type: customer_reply
                + task:T1 triggered_at: @2000
                + task:T1 type: greeting
                """)
        // What has fired waits for nothing more.
        #expect(try await test.store.match(.message(), capacity: 0).outcome.matched == [])
    }

    @Test(arguments: ScriptCache.allCases)
    func `Without such an event it is armed like any other, and fires once`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache, policy: .eventsKept)
        _ = try await test.store.match(.message("不"), capacity: 0)
        let task = NewTask.example("T1", .reply("好").lookingBack())
        let step = try await test.step { try await $0.receive(task, capacity: 4) }
        #expect(step.answer.shown == "accepted(generation: 1); due in 3600000")
        #expect(step.changes.contains("+ armed:c1:message T1: contains\n+好\n"))
        #expect(try await test.store.match(.message("好"), capacity: 0).outcome.matched == ["T1"])
        #expect(try await test.store.match(.message("好"), capacity: 0).outcome.matched == [])
    }

    @Test func `How far back a task looks is to the millisecond, by the clock alone`() async throws {
        for (later, fires) in [(0, true), (5_000, true), (5_001, false), (600_000, false)] as [(Int64, Bool)] {
            let test = try await TestStore(policy: .eventsKept)
            _ = try await test.store.match(.payment(), capacity: 0)
            try await test.at(later)
            try await test.accepted(.example("T1", .payment().lookingBack(5_000)))
            #expect(try await test.field("triggered_at", of: "T1") == (fires ? "@\(later)" : nil), "\(later)")
        }
    }

    @Test func `The newest event that fits is the one that fires`() async throws {
        let test = try await TestStore(policy: .eventsKept)
        for (offset, text) in [(0, "好"), (10, "好的"), (20, "不"), (30, "嗯")] as [(Int64, String)] {
            try await test.at(offset)
            _ = try await test.store.match(.message(text), capacity: 0)
        }
        try await test.at(40)
        try await test.accepted(.example("T1", .reply("好").lookingBack()))
        #expect(try await test.field("trigger_event", of: "T1") == #"{"at":@10,"type":"customer_message"}"#)
    }

    @Test func `A task that does not look back, one sent again and a time see no earlier event`() async throws {
        let test = try await TestStore(policy: .eventsKept)
        let waiting = NewTask.example("T1", .reply("好").lookingBack())
        try await test.accepted(waiting, .example("T2", .time(60_000).lookingBack()))
        // As if it had slipped between: the log is looked at in the step that accepts, and then never more.
        let line = "\(TestStore.epoch) message\n{}\n好\n好"
        try await test.command("RPUSH", test.keys.prefix + "recent:c1", line)
        try await test.command("EXPIRE", test.keys.prefix + "recent:c1", "60")
        let again = try await test.step { try await $0.receive(waiting, capacity: 4) }
        #expect(again.answer.shown == "duplicate(status: waiting)")
        #expect(again.changes == "")
        let other = try await test.step { try await $0.receive(.example("T3", .reply("好")), capacity: 4) }
        #expect(other.answer.shown == "accepted(generation: 1); due in 3600000")
    }

    @Test func `A task issued anew looks back again`() async throws {
        let test = try await TestStore(policy: .eventsKept)
        try await test.accepted(.example("T1", .payment().lookingBack()))
        _ = try await test.store.match(.message(), capacity: 0)
        _ = try await test.store.cancel(taskID: "T1", reason: nil)
        let step = try await test.step { try await $0.receive(.example("T1", .reply().lookingBack()), capacity: 0) }
        #expect(step.answer.shown == "accepted(generation: 2); backlog")
    }

    @Test func `The event is handed on as it came`() async throws {
        let test = try await TestStore(policy: .eventsKept)
        let event = CustomerEvent.payment(#"{"id":9007199254740993,"sum":1.10}"#).recorded
        _ = try await test.store.match(event, capacity: 0)
        try await test.accepted(.example("T1", .payment(.when("sum", .equal, .number(1.1))).lookingBack()))
        #expect(
            try await test.field("trigger_event", of: "T1")
                == #"{"at":@0,"type":"customer_payment","data":{"id":9007199254740993,"sum":1.10}}"#)
    }
}
