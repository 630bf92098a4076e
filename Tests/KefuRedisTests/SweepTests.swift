import KefuCore
import Testing

@Suite struct SweepTests {
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
    func `With nothing due nothing changes, and the answer says when to come again`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let empty = try await sweep(test, at: 0, capacity: 4, callbackCapacity: 4)
        #expect(empty.answer.shown == "swept")
        #expect(empty.changes == "")
        try await test.accepted(.example("deadline", timeoutMs: 10_000), .example("time", .time(5_000)))
        let step = try await sweep(test, at: 1_000, capacity: 4, callbackCapacity: 4)
        #expect(step.answer.shown == "swept; due in 4000")
        #expect(step.changes == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `A deadline ends a task that has not fired, in its millisecond and not before`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example(timeoutMs: 1_000))
        let early = try await sweep(test, at: 999)
        #expect(early.answer.shown == "swept; due in 1")
        #expect(early.changes == "")
        let step = try await sweep(test, at: 1_000)
        #expect(step.answer.shown == "swept, timed out T1")
        #expect(
            step.changes == """
                - armed:c1:message T1: any
                + callback:<T1 failed g1> at: @1000
                + callback:<T1 failed g1> attempts: 0
                + callback:<T1 failed g1> customer_id: c1
                + callback:<T1 failed g1> error: 任务超时：截止时间前触发条件没有出现
                + callback:<T1 failed g1> error_code: timeout
                + callback:<T1 failed g1> generation: 1
                + callback:<T1 failed g1> status: failed
                + callback:<T1 failed g1> task_attempts: 0
                + callback:<T1 failed g1> task_id: T1
                + callbacks <T1 failed g1>: @1000
                + changes 2: T1 failed timeout @1000 c1 1
                ~ counts normal:customer_reply: 1 → 0
                + failed T1: @1000
                - task:T1 armed: message
                + task:T1 callback_seq: 1
                + task:T1 completed_at: @1000
                + task:T1 error_code: timeout
                + task:T1 error_message: 任务超时：截止时间前触发条件没有出现
                ~ task:T1 status: waiting → failed
                + task:T1 timeline: failed @1000
                - timeouts T1: @1000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A deadline does not end a task that has fired`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example(timeoutMs: 1_000))
        _ = try await test.store.fire(taskID: "T1")
        let step = try await sweep(test, at: 1_000)
        #expect(step.answer.shown == "swept; backlog")
        #expect(step.changes == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `A time fires its task in its millisecond and not before`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("T1", .time(5_000)))
        let early = try await sweep(test, at: 4_999, capacity: 4)
        #expect(early.answer.shown == "swept; due in 1")
        #expect(early.changes == "")
        let step = try await sweep(test, at: 5_000, capacity: 4)
        #expect(step.answer.shown == "swept; claimed T1#1; due in 15000")
        #expect(
            step.changes == """
                + changes 2: T1 waiting triggered @5000 c1 1
                + changes 3: T1 running claimed @5000 c1 1
                + running T1: @20000
                - scheduled T1: @5000
                + task:T1 attempts: 1
                + task:T1 owner: i1:3
                ~ task:T1 status: waiting → running
                + task:T1 timeline: running @5000
                + task:T1 trigger_event: {"at":@5000,"type":"time_reach"}
                + task:T1 triggered_at: @5000
                - timeouts T1: @3605000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A deadline goes before a time when both have passed`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("T1", .time(5_000), timeoutMs: 1_000))
        let step = try await sweep(test, at: 6_000, capacity: 4)
        #expect(step.answer.shown == "swept, timed out T1")
        #expect(
            step.changes == """
                + callback:<T1 failed g1> at: @6000
                + callback:<T1 failed g1> attempts: 0
                + callback:<T1 failed g1> customer_id: c1
                + callback:<T1 failed g1> error: 任务超时：截止时间前触发条件没有出现
                + callback:<T1 failed g1> error_code: timeout
                + callback:<T1 failed g1> generation: 1
                + callback:<T1 failed g1> status: failed
                + callback:<T1 failed g1> task_attempts: 0
                + callback:<T1 failed g1> task_id: T1
                + callbacks <T1 failed g1>: @6000
                + changes 2: T1 failed timeout @6000 c1 1
                ~ counts normal:time_reach: 1 → 0
                + failed T1: @6000
                - scheduled T1: @5000
                + task:T1 callback_seq: 1
                + task:T1 completed_at: @6000
                + task:T1 error_code: timeout
                + task:T1 error_message: 任务超时：截止时间前触发条件没有出现
                ~ task:T1 status: waiting → failed
                + task:T1 timeline: failed @6000
                - timeouts T1: @6000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A pause ends in its millisecond and keeps the task's place`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.finished(try await test.held(.example(priority: .high)), .retry(.seconds(2)))
        let early = try await sweep(test, at: 1_999)
        #expect(early.answer.shown == "swept; due in 1")
        #expect(early.changes == "")
        let step = try await sweep(test, at: 2_000)
        #expect(step.answer.shown == "swept; backlog")
        #expect(
            step.changes == """
                + changes 5: T1 waiting ready @2000 c1 1
                + ready T1: high @0
                - retrying T1: @2000
                - task:T1 next_attempt_at: @2000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `After moving what is due, the answer names the next moment of every queue`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache)
        try await test.finished(try await test.held(.example("A")), .retry(.milliseconds(100)))
        try await test.finished(try await test.held(.example("B")), .retry(.milliseconds(105)))
        let retry = try await sweep(test, at: 100)
        #expect(retry.answer.shown == "swept; backlog; due in 5")
        try await test.accepted(.example("C", .time(1_000)), .example("D", .time(1_003)))
        _ = try await sweep(test, at: 105)
        let time = try await sweep(test, at: 1_000)
        #expect(time.answer.nextDueInMs == 3)
        try await test.accepted(.example("E", timeoutMs: 1_000), .example("F", timeoutMs: 1_001))
        _ = try await sweep(test, at: 1_003)
        let deadline = try await sweep(test, at: 2_000)
        #expect(deadline.answer.outcome.timedOut == ["E"])
        #expect(deadline.answer.nextDueInMs == 1)
    }

    @Test(arguments: ScriptCache.allCases)
    func `Due callbacks that the caller has no place for ask for no further sweep`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        for id in 0..<120 {
            try await test.accepted(.example("T\(id)"))
            _ = try await test.store.cancel(taskID: "T\(id)", reason: nil)
        }
        let none = try await sweep(test, at: 0)
        #expect(none.answer.shown == "swept")
        let some = try await sweep(test, at: 0, callbackCapacity: 30)
        #expect(some.answer.callbacks.count == 30)
        #expect(!some.answer.outcome.hasMore)
        let all = try await sweep(test, at: 0, callbackCapacity: 200)
        #expect(all.answer.callbacks.count == 90)
        try await test.remove()
    }

    @Test(arguments: ScriptCache.allCases)
    func `At most a hundred of each kind are moved by one call, which says that there may be more`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache)
        let tasks = (0..<150).map { NewTask.example("T\($0)", timeoutMs: 1_000) }
        for result in await test.store.receive(tasks) { _ = try result.get() }
        let first = try await sweep(test, at: 1_000)
        #expect(first.answer.outcome.timedOut.count == 100)
        #expect(first.answer.outcome.hasMore)
        let second = try await sweep(test, at: 1_000)
        #expect(second.answer.outcome.timedOut.count == 50)
        #expect(!second.answer.outcome.hasMore)
        try await test.remove()
    }

    @Test(arguments: ScriptCache.allCases)
    func `An id in a queue without a record is only taken out`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        for queue in ["timeouts", "scheduled", "retrying", "running", "callbacks", "callbacks:dead", "failed"] {
            try await test.command("ZADD", test.keys.prefix + queue, "1", "ghost")
        }
        let step = try await sweep(test, at: 0, capacity: 4, callbackCapacity: 4)
        #expect(step.answer.shown == "swept")
        #expect(try await test.image() == [:])
    }

    @Test func `The stream of changes is kept short`() async throws {
        let test = try await TestStore()
        let script = "for _ = 1, 10300 do redis.call('XADD', KEYS[1], '*', 'change', 'T1 waiting accepted 1 c1 1') end"
        try await test.command("EVAL", script, "1", test.keys.changes)
        _ = try await test.store.sweep(capacity: 0, callbackCapacity: 0)
        let left = try await test.client.command("XLEN", .string(test.keys.changes)).integer
        // Redis drops whole blocks of a hundred.
        #expect((10_000...10_100).contains(left ?? 0))
        try await test.remove()
    }
}
