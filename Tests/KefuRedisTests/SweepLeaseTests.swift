import KefuCore
import Testing

// `sweep` of expired leases, of callbacks and of what is kept long enough.

@Suite struct SweepLeaseTests {
    private func sweep(
        _ test: TestStore, at offset: Int64, capacity: Int = 0, callbackCapacity: Int = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> TestStore.Step<Handout<SweepOutcome>> {
        try await test.at(offset)
        return try await test.step(sourceLocation: sourceLocation) {
            try await $0.sweep(capacity: capacity, callbackCapacity: callbackCapacity)
        }
    }

    @Test(arguments: ScriptCache.allCases)
    func `A lost lease puts the task back at its place and costs no retry`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.held()
        let early = try await sweep(test, at: 14_999)
        #expect(early.answer.shown == "swept; due in 1")
        #expect(early.changes == "")
        let step = try await sweep(test, at: 15_000)
        #expect(step.answer.shown == "swept, reclaimed T1; backlog")
        #expect(
            step.changes == """
                + changes 4: T1 waiting lease_lost @15000 c1 1
                + ready T1: normal @0
                - running T1: @15000
                + task:T1 lost: 1
                + task:T1 lost_until: @25000
                - task:T1 owner: i1:2
                ~ task:T1 status: running → waiting
                ~ task:T1 timeline: …,waiting @15000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `What one sweep takes back it can hand out again`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lost = try await test.held()
        let step = try await sweep(test, at: 15_000, capacity: 1)
        #expect(step.answer.shown == "swept, reclaimed T1; claimed T1#2; due in 15000")
        #expect(step.answer.tasks.first?.lease != lost)
        #expect(step.answer.tasks.first?.retryCount == 0)
    }

    @Test(arguments: ScriptCache.allCases)
    func `The fifth loss fails the task`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.held()
        for loss in 1...4 {
            let step = try await sweep(test, at: Int64(loss) * 15_000, capacity: 1)
            #expect(step.answer.outcome.reclaimed == ["T1"])
        }
        let step = try await sweep(test, at: 75_000, capacity: 1)
        #expect(step.answer.shown == "swept, lost T1")
        #expect(
            step.changes == """
                + callback:<T1 failed g1> at: @75000
                + callback:<T1 failed g1> attempts: 0
                + callback:<T1 failed g1> customer_id: c1
                + callback:<T1 failed g1> error: 执行任务的实例多次失联，任务不再重试
                + callback:<T1 failed g1> error_code: lost
                + callback:<T1 failed g1> generation: 1
                + callback:<T1 failed g1> status: failed
                + callback:<T1 failed g1> task_attempts: 5
                + callback:<T1 failed g1> task_id: T1
                + callbacks <T1 failed g1>: @75000
                + changes 12: T1 failed lost @75000 c1 1
                ~ counts normal:customer_reply: 1 → 0
                + failed T1: @75000
                - running T1: @75000
                + task:T1 callback_seq: 1
                + task:T1 completed_at: @75000
                + task:T1 error_code: lost
                + task:T1 error_message: 执行任务的实例多次失联，任务不再重试
                ~ task:T1 lost: 4 → 5
                ~ task:T1 lost_until: @70000 → @85000
                - task:T1 owner: i1:6
                ~ task:T1 status: running → failed
                ~ task:T1 timeline: …,failed @75000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A loss after a cancel waits until the holder cannot be sending, then ends as cancelled`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache)
        try await test.held()
        _ = try await test.store.cancel(taskID: "T1", reason: "不用了")
        let lost = try await sweep(test, at: 15_000, capacity: 1)
        #expect(lost.answer.shown == "swept; due in 10000")
        #expect(
            lost.changes == """
                + changes 4: T1 waiting cancel_requested @15000 c1 1
                + retrying T1: @25000
                - running T1: @15000
                + task:T1 lost: 1
                + task:T1 lost_until: @25000
                + task:T1 next_attempt_at: @25000
                - task:T1 owner: i1:2
                ~ task:T1 status: running → waiting
                ~ task:T1 timeline: …,waiting @15000
                """)
        let early = try await sweep(test, at: 24_999, capacity: 1)
        #expect(early.answer.shown == "swept; due in 1")
        #expect(early.changes == "")
        let step = try await sweep(test, at: 25_000, capacity: 1)
        #expect(step.answer.shown == "swept")
        #expect(
            step.changes == """
                + callback:<T1 cancelled g1> at: @25000
                + callback:<T1 cancelled g1> attempts: 0
                + callback:<T1 cancelled g1> customer_id: c1
                + callback:<T1 cancelled g1> error: 不用了
                + callback:<T1 cancelled g1> generation: 1
                + callback:<T1 cancelled g1> status: cancelled
                + callback:<T1 cancelled g1> task_attempts: 1
                + callback:<T1 cancelled g1> task_id: T1
                + callbacks <T1 cancelled g1>: @25000
                + cancelled T1: @25000
                + changes 5: T1 cancelled cancelled @25000 c1 1
                ~ counts normal:customer_reply: 1 → 0
                - retrying T1: @25000
                + task:T1 callback_seq: 1
                - task:T1 cancel_requested: 1
                + task:T1 completed_at: @25000
                + task:T1 error_message: 不用了
                - task:T1 next_attempt_at: @25000
                ~ task:T1 status: waiting → cancelled
                ~ task:T1 timeline: …,cancelled @25000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A loss is called back as waiting when the settings say so`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache, policy: SchedulingPolicy(calledBack: [.waiting, .running]))
        try await test.held()
        let step = try await sweep(test, at: 15_000, capacity: 1)
        #expect(step.changes.contains("callback_seq: 2 → 4"))
    }

    // MARK: Callbacks

    @Test(arguments: ScriptCache.allCases)
    func `Due callbacks are handed out, each for as long as a delivery takes`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        for id in ["A", "B"] {
            try await test.accepted(.example(id))
            _ = try await test.store.cancel(taskID: id, reason: "不用了")
            try await test.at(1_000)
        }
        let step = try await sweep(test, at: 5_000, callbackCapacity: 1)
        #expect(step.answer.shown == "swept; deliver A:cancelled#1; due in 15000")
        #expect(
            step.changes == """
                ~ callback:<A cancelled g1> attempts: 0 → 1
                ~ callbacks <A cancelled g1>: @0 → @20000
                """)
        let claim = try #require(step.answer.callbacks.first)
        #expect(claim.claimedUntilMs == TestStore.epoch + 20_000)
        #expect(claim.callback.error == "不用了")
        let rest = try await sweep(test, at: 5_000, callbackCapacity: 4)
        #expect(rest.answer.shown == "swept; deliver B:cancelled#1; due in 15000")
        let again = try await sweep(test, at: 20_000, callbackCapacity: 4)
        #expect(again.answer.shown == "swept; deliver A:cancelled#2 B:cancelled#2; due in 15000")
    }

    // MARK: Retention

    @Test(arguments: ScriptCache.allCases)
    func `What is finished long enough goes with all that belongs to it`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache, policy: .noneCalledBack)
        try await test.finished(try await test.held(.example("C")), .completed)
        try await test.finished(try await test.held(.example("F")), .rejected)
        try await test.accepted(.example("X"), .example("kept", timeoutMs: 8_760 * 3_600_000))
        _ = try await test.store.cancel(taskID: "X", reason: nil)
        let week: Int64 = 168 * 3_600_000
        let early = try await sweep(test, at: week - 1)
        #expect(early.changes == "")
        _ = try await sweep(test, at: week)
        let image = try await test.image()
        #expect(
            Set(image.keys) == [
                "armed:c1:message", "changes", "counts", "created", "customer:c1", "task:kept", "timeouts",
            ])
    }

    @Test(arguments: ScriptCache.allCases)
    func `A finished task's end counts for retention, not its beginning`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let week: Int64 = 168 * 3_600_000
        try await test.finished(try await test.held(), .rejected)
        try await test.at(week - 1)
        _ = try await test.store.cancel(taskID: "T1", reason: nil)
        _ = try await sweep(test, at: week)
        #expect(try await test.field("status", of: "T1") == "cancelled")
    }

    @Test(arguments: ScriptCache.allCases)
    func `A dead callback goes when it has been kept long enough`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.dead("A")
        let end: Int64 = 90_000_000 + 168 * 3_600_000
        let early = try await sweep(test, at: end - 1)
        #expect(!early.changes.contains("- callback:"))
        let step = try await sweep(test, at: end)
        #expect(step.changes.contains("- callbacks:dead <A cancelled g1>: @90000000"))
        #expect(step.changes.contains("- callback:<A cancelled g1> task_id: A"))
    }
}
