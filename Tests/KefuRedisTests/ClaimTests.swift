import KefuCore
import Testing

@Suite struct ClaimTests {
    @Test(arguments: ScriptCache.allCases)
    func `A claimed task stands in running and nowhere else, under its lease`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example())
        _ = try await test.store.fire(taskID: "T1")
        try await test.at(100)
        let step = try await test.step { try await $0.claim(capacity: 5) }
        #expect(step.answer.shown == "claimed T1#1")
        #expect(
            step.changes == """
                + changes 3: T1 running claimed @100 c1 1
                - ready T1: normal @0
                + running T1: @15100
                + task:T1 attempts: 1
                + task:T1 owner: i1:2
                ~ task:T1 status: waiting → running
                + task:T1 timeline: running @100
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `With nothing ready nothing changes`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example())
        let step = try await test.step { try await $0.claim(capacity: 5) }
        #expect(step.answer.shown == "")
        #expect(step.changes == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `Urgent goes before high before normal, inside each the one that fired first`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache)
        let order: [(String, Priority)] = [
            ("n1", .normal), ("h1", .high), ("u1", .urgent), ("n2", .normal), ("u2", .urgent), ("h2", .high),
        ]
        for (index, (id, priority)) in order.enumerated() {
            try await test.at(Int64(index) * 3_600_000)
            try await test.accepted(.example(id, priority: priority, timeoutMs: 86_400_000))
            _ = try await test.store.fire(taskID: id)
        }
        let first = try await test.step { try await $0.claim(capacity: 4) }
        #expect(first.answer.shown == "claimed u1#1 u2#1 h1#1 h2#1; backlog")
        let rest = try await test.step { try await $0.claim(capacity: 4) }
        #expect(rest.answer.shown == "claimed n1#1 n2#1")
    }

    @Test(arguments: ScriptCache.allCases)
    func `Of tasks that fired in one millisecond the lower id goes first`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("b"), .example("a"), .example("c"))
        _ = try await test.store.match(.message(), capacity: 0)
        let step = try await test.step { try await $0.claim(capacity: 3) }
        #expect(step.answer.shown == "claimed a#1 b#1 c#1")
    }

    @Test(arguments: ScriptCache.allCases)
    func `A claim carries all that an attempt needs`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        var task = NewTask.example("T:1", of: "c:1", .payment())
        task.customer.name = "王小明"
        task.action = Action(kind: .sendFile, message: "见附件", fileURL: "https://f.example/1", url: nil)
        try await test.accepted(task)
        try await test.at(1_500)
        let event = CustomerEvent.payment(#"{"id":1}"#, from: "c:1")
        let step = try await test.step { try await $0.match(event, capacity: 1) }
        let claim = try #require(step.answer.tasks.first)
        #expect(claim.lease == Lease(taskID: "T:1", token: "i1:2"))
        #expect(claim.generation == 1)
        #expect(claim.attempt == 1)
        #expect(claim.retryCount == 0)
        #expect(claim.action == task.action)
        #expect(claim.customer == task.customer)
        #expect(claim.triggeredAtMs == TestStore.epoch + 1_500)
        #expect(claim.triggerEventJSON == #"{"at":1800000001500,"type":"customer_payment"}"#)
    }

    @Test(arguments: ScriptCache.allCases)
    func `Each claim has another token, and counts as an attempt`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let first = try await test.held()
        try await test.finished(first, .retry(.milliseconds(10)))
        try await test.at(10)
        let step = try await test.step { try await $0.sweep(capacity: 1, callbackCapacity: 0) }
        let claim = try #require(step.answer.tasks.first)
        #expect(claim.lease.token != first.token)
        #expect(claim.attempt == 2)
        #expect(claim.retryCount == 1)
    }

    @Test(arguments: ScriptCache.allCases)
    func `An id in ready without a record is only taken out`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.command("ZADD", test.keys.ready, "1", "ghost")
        let step = try await test.step { try await $0.claim(capacity: 1) }
        #expect(step.answer.shown == "")
        #expect(step.changes == "- ready ghost: ? 1")
    }

    @Test(arguments: ScriptCache.allCases)
    func `The beginning of an attempt is called back when the settings say so`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache, policy: SchedulingPolicy(calledBack: [.running]))
        try await test.accepted(.example())
        _ = try await test.store.fire(taskID: "T1")
        let step = try await test.step { try await $0.claim(capacity: 1) }
        let lines = step.changes.split(separator: "\n").filter { $0.contains("callback") }
        #expect(
            lines.joined(separator: "\n") == """
                + callback:<T1 running g1> at: @0
                + callback:<T1 running g1> attempts: 0
                + callback:<T1 running g1> customer_id: c1
                + callback:<T1 running g1> generation: 1
                + callback:<T1 running g1> status: running
                + callback:<T1 running g1> task_attempts: 1
                + callback:<T1 running g1> task_id: T1
                + callbacks <T1 running g1>: @0
                + task:T1 callback_seq: 1
                """)
    }
}
