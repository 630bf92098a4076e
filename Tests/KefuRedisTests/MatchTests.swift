import KefuCore
import TestSupport
import Testing

@Suite struct MatchTests {
    @Test(arguments: ScriptCache.allCases)
    func `An event that nothing waits for changes nothing`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let step = try await test.step { try await $0.match(.message(), capacity: 4) }
        #expect(step.answer.shown == "matched")
        #expect(step.changes == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `A task that fires leaves the index and its deadline, and is handed out`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example())
        try await test.at(7_000)
        let step = try await test.step { try await $0.match(.message(), capacity: 4) }
        #expect(step.answer.shown == "matched T1; claimed T1#1")
        #expect(
            step.changes == """
                - armed:c1:message T1: any
                + changes 2: T1 running triggered @7000 c1 1
                + running T1: @22000
                - task:T1 armed: message
                + task:T1 attempts: 1
                + task:T1 owner: i1:2
                ~ task:T1 status: waiting → running
                + task:T1 timeline: running @7000
                + task:T1 trigger_event: {"at":@7000,"type":"customer_message"}
                + task:T1 triggered_at: @7000
                - timeouts T1: @3600000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `Without capacity the task stays ready`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example())
        let step = try await test.step { try await $0.match(.message(), capacity: 0) }
        #expect(step.answer.shown == "matched T1; backlog")
        #expect(
            step.changes == """
                - armed:c1:message T1: any
                + changes 2: T1 waiting triggered @0 c1 1
                + ready T1: normal @0
                - task:T1 armed: message
                + task:T1 trigger_event: {"at":@0,"type":"customer_message"}
                + task:T1 triggered_at: @0
                - timeouts T1: @3600000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A trigger fires once`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example())
        _ = try await test.store.match(.message(), capacity: 0)
        let step = try await test.step { try await $0.match(.message(), capacity: 0) }
        #expect(step.answer.outcome.matched == [])
        #expect(step.changes == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `An entry of the index whose task waits no longer fires nothing`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.finished(try await test.held(.example("ended")), .completed)
        try await test.accepted(.example("ready"))
        _ = try await test.store.fire(taskID: "ready")
        for id in ["ended", "ready", "unknown"] {
            try await test.command("HSET", test.keys.armed(customer: "c1", entry: "message"), id, "any")
        }
        let before = KeySpaceText(try await test.image())
        #expect(try await test.store.match(.message(), capacity: 4).shown == "matched")
        #expect(KeySpaceText(try await test.image()).changes(since: before) == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `One event fires all tasks that it matches and hands out the head of the ready queue`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(
            .example("N", .reply("好")), .example("other", .reply("不")), .example("U", .reply(), priority: .urgent),
            .example("H", .keyword("的"), priority: .high), .example("paid", .payment()), .example("c2", of: "c2"))
        let step = try await test.step { try await $0.match(.message("好的"), capacity: 2) }
        #expect(step.answer.shown == "matched N U H; claimed U#1 H#1; backlog")
        #expect(
            step.changes == """
                - armed:c1:message H: contains
                +的
                - armed:c1:message N: contains
                +好
                - armed:c1:message U: any
                + changes 10: U running claimed @0 c1 1
                + changes 11: H running claimed @0 c1 1
                + changes 7: N waiting triggered @0 c1 1
                + changes 8: U waiting triggered @0 c1 1
                + changes 9: H waiting triggered @0 c1 1
                + ready N: normal @0
                + running H: @15000
                + running U: @15000
                - task:H armed: message
                + task:H attempts: 1
                + task:H owner: i1:7
                ~ task:H status: waiting → running
                + task:H timeline: running @0
                + task:H trigger_event: {"at":@0,"type":"customer_message"}
                + task:H triggered_at: @0
                - task:N armed: message
                + task:N trigger_event: {"at":@0,"type":"customer_message"}
                + task:N triggered_at: @0
                - task:U armed: message
                + task:U attempts: 1
                + task:U owner: i1:7
                ~ task:U status: waiting → running
                + task:U timeline: running @0
                + task:U trigger_event: {"at":@0,"type":"customer_message"}
                + task:U triggered_at: @0
                - timeouts H: @3600000
                - timeouts N: @3600000
                - timeouts U: @3600000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `An event that comes before the sweep fires a task past its deadline`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example(timeoutMs: 1_000))
        try await test.at(5_000)
        let step = try await test.step { try await $0.match(.message(), capacity: 4) }
        #expect(step.answer.shown == "matched T1; claimed T1#1")
    }

    @Test(arguments: ScriptCache.allCases)
    func `Events of a batch are applied in order`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example())
        let events = [CustomerEvent.payment(), .message(), .message()]
        let step = try await test.step { await $0.match(events) }
        #expect(try step.answer.map { try $0.get().outcome.matched } == [[], ["T1"], []])
        #expect(step.changes.contains("+ ready T1"))
    }

    // MARK: Event ids

    @Test(arguments: ScriptCache.allCases)
    func `A repeated event id is told the first answer and fires nothing`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("A"), .example("B"))
        let first = try await test.step { try await $0.match(.message(id: "e1"), capacity: 0) }
        #expect(first.answer.shown == "matched A B; backlog")
        #expect(first.changes.contains("+ event:c1:e1 (expires): @0\nA\nB"))
        try await test.accepted(.example("C"))
        try await test.at(86_399_999)
        let again = try await test.step { try await $0.match(.message(id: "e1"), capacity: 4) }
        #expect(again.answer.shown == "matched A B (duplicate)")
        #expect(again.changes == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `An event id is remembered when nothing matched, too`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let first = try await test.step { try await $0.match(.message(id: "e1"), capacity: 0) }
        #expect(first.answer.shown == "matched")
        #expect(
            first.changes == """
                + event:c1:e1 (expires): @0

                """)
        try await test.accepted(.example())
        let again = try await test.step { try await $0.match(.payment(id: "e1"), capacity: 0) }
        #expect(again.answer.shown == "matched (duplicate)")
        #expect(again.changes == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `After a day the id counts as a new one`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        _ = try await test.store.match(.message(id: "e1"), capacity: 0)
        try await test.at(86_400_000)
        try await test.accepted(.example())
        let step = try await test.step { try await $0.match(.message(id: "e1"), capacity: 0) }
        #expect(step.answer.shown == "matched T1; backlog")
        #expect(step.changes.contains("~ event:c1:e1 (expires): @0\n → @86400000\nT1"))
    }

    @Test(arguments: ScriptCache.allCases)
    func `Another customer's event of the same id is another event`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("A", of: "c1"), .example("B", of: "c2"))
        _ = try await test.store.match(.message(from: "c1", id: "e1"), capacity: 0)
        let step = try await test.step { try await $0.match(.message(from: "c2", id: "e1"), capacity: 0) }
        #expect(step.answer.outcome == MatchOutcome(matched: ["B"], duplicate: false))
    }

    // MARK: Whose event, and of what kind

    @Test func `An event fires tasks of its own customer, kind and name only, whatever they are called`() async throws {
        let test = try await TestStore()
        let ids =
            ["c", "c:custom", "c:message", "c%3Acustom", "%", "%25", ":", "{0}", "*", "c:custom:payment", "c*"]
            + Self.marked
        let events = [
            "message", "payment", "custom", ":", "%3A", "custom:payment", "x\ny", "x\r\ny", "x\r", "x:\u{301}",
        ]
        var owners: [String: CustomerEvent] = [:]
        for (index, customer) in ids.enumerated() {
            var triggers: [(Trigger, CustomerEvent)] = [
                (.reply(), .message(from: customer)), (.payment(), .payment(from: customer)),
                (.order(), .order(from: customer)),
            ]
            triggers += events.map { (.custom($0), .custom($0, from: customer)) }
            for (kind, (trigger, event)) in triggers.enumerated() {
                let id = "\(index)-\(kind)"
                try await test.accepted(.example(id, of: customer, trigger))
                owners[id] = event
            }
        }
        for (id, event) in owners {
            let matched = try await test.store.match(event, capacity: 0).outcome.matched
            #expect(matched == [id], "\(event.customerID) \(event.kind) \(event.eventName ?? "")")
        }
        #expect(KeySpaceInvariants(try await test.image()).violations == [])
    }

    /// A separator and what joins it are one `Character` of Swift.
    private static let marked = ["a%\u{301}", "b:\u{301}", "\u{301}z", "order:\u{1F3FB}", "100%\u{FF9E}", "a:\u{93E}"]

    @Test(arguments: marked)
    func `A task with marks behind its separators lives like any other`(id: String) async throws {
        let test = try await TestStore()
        try await test.accepted(.example(id), .example(id + "2", .time(0)))
        #expect(try await test.store.cancel(taskID: id, reason: nil).outcome == .cancelled)
        let held = try #require(try await test.store.sweep(capacity: 1, callbackCapacity: 0).tasks.first)
        try await test.finished(held.lease, .completed)
        #expect(KeySpaceInvariants(try await test.image()).violations == [])
    }

    @Test func `Event ids of two customers never meet in one key`() async throws {
        let test = try await TestStore()
        let pairs = [
            ("a", "b:c"), ("a:b", "c"), ("a%3Ab", "c"), ("a", "b%3Ac"), ("a", "b"), ("q:\u{301}b", "\u{301}z"),
            ("q", "\u{301}b:\u{301}z"),
        ]
        for (customer, id) in pairs {
            let outcome = try await test.store.match(.message(from: customer, id: id), capacity: 0).outcome
            #expect(!outcome.duplicate, "\(customer) \(id)")
        }
    }
}
