import KefuCore
import Testing

@Suite struct CancelTests {
    @Test(arguments: ScriptCache.allCases)
    func `An armed task ends at once, and leaves the index and its deadline`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example())
        try await test.at(10)
        let step = try await test.step { try await $0.cancel(taskID: "T1", reason: "客户已联系") }
        #expect(step.answer.shown == "cancelled; due in 0")
        #expect(
            step.changes == """
                - armed:c1:message T1: any
                + callback:<T1 cancelled g1> at: @10
                + callback:<T1 cancelled g1> attempts: 0
                + callback:<T1 cancelled g1> customer_id: c1
                + callback:<T1 cancelled g1> error: 客户已联系
                + callback:<T1 cancelled g1> generation: 1
                + callback:<T1 cancelled g1> status: cancelled
                + callback:<T1 cancelled g1> task_attempts: 0
                + callback:<T1 cancelled g1> task_id: T1
                + callbacks <T1 cancelled g1>: @10
                + cancelled T1: @10
                + changes 2: T1 cancelled cancelled @10 c1 1
                ~ counts normal:customer_reply: 1 → 0
                - task:T1 armed: message
                + task:T1 callback_seq: 1
                + task:T1 cancel_reason: 客户已联系
                + task:T1 completed_at: @10
                + task:T1 error_message: 客户已联系
                ~ task:T1 status: waiting → cancelled
                + task:T1 timeline: cancelled @10
                - timeouts T1: @3600000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A scheduled task ends at once, without a callback when none is wanted`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache, policy: .noneCalledBack)
        try await test.accepted(.example("T1", .time(1_000)))
        let step = try await test.step { try await $0.cancel(taskID: "T1", reason: nil) }
        #expect(step.answer.shown == "cancelled")
        #expect(
            step.changes == """
                + cancelled T1: @0
                + changes 2: T1 cancelled cancelled @0 c1 1
                ~ counts normal:time_reach: 1 → 0
                - scheduled T1: @1000
                + task:T1 completed_at: @0
                ~ task:T1 status: waiting → cancelled
                + task:T1 timeline: cancelled @0
                - timeouts T1: @3601000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A ready task ends at once`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example())
        _ = try await test.store.fire(taskID: "T1")
        let step = try await test.step { try await $0.cancel(taskID: "T1", reason: nil) }
        #expect(step.answer.shown == "cancelled; due in 0")
        #expect(
            step.changes == """
                + callback:<T1 cancelled g1> at: @0
                + callback:<T1 cancelled g1> attempts: 0
                + callback:<T1 cancelled g1> customer_id: c1
                + callback:<T1 cancelled g1> generation: 1
                + callback:<T1 cancelled g1> status: cancelled
                + callback:<T1 cancelled g1> task_attempts: 0
                + callback:<T1 cancelled g1> task_id: T1
                + callbacks <T1 cancelled g1>: @0
                + cancelled T1: @0
                + changes 3: T1 cancelled cancelled @0 c1 1
                ~ counts normal:customer_reply: 1 → 0
                - ready T1: normal @0
                + task:T1 callback_seq: 1
                + task:T1 completed_at: @0
                ~ task:T1 status: waiting → cancelled
                + task:T1 timeline: cancelled @0
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A task that pauses before a retry ends at once`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.finished(try await test.held(), .retry())
        let step = try await test.step { try await $0.cancel(taskID: "T1", reason: nil) }
        #expect(step.answer.shown == "cancelled; due in 0")
        #expect(
            step.changes == """
                + callback:<T1 cancelled g1> at: @0
                + callback:<T1 cancelled g1> attempts: 0
                + callback:<T1 cancelled g1> customer_id: c1
                + callback:<T1 cancelled g1> generation: 1
                + callback:<T1 cancelled g1> status: cancelled
                + callback:<T1 cancelled g1> task_attempts: 1
                + callback:<T1 cancelled g1> task_id: T1
                + callbacks <T1 cancelled g1>: @0
                + cancelled T1: @0
                + changes 5: T1 cancelled cancelled @0 c1 1
                ~ counts normal:customer_reply: 1 → 0
                - retrying T1: @2000
                + task:T1 callback_seq: 1
                + task:T1 completed_at: @0
                - task:T1 error_code: gateway_error
                - task:T1 error_message: HTTP 503
                - task:T1 next_attempt_at: @2000
                ~ task:T1 status: waiting → cancelled
                ~ task:T1 timeline: …,cancelled @0
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A running task is only marked`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.held()
        let step = try await test.step { try await $0.cancel(taskID: "T1", reason: "不用了") }
        #expect(step.answer.shown == "requested(status: running)")
        #expect(
            step.changes == """
                + task:T1 cancel_reason: 不用了
                + task:T1 cancel_requested: 1
                """)
        let again = try await test.step { try await $0.cancel(taskID: "T1", reason: nil) }
        #expect(again.answer.shown == "requested(status: running)")
        #expect(again.changes == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `A failed task becomes a cancelled one, with a callback of its own`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.finished(try await test.held(), .rejected)
        try await test.at(10)
        let step = try await test.step { try await $0.cancel(taskID: "T1", reason: nil) }
        #expect(step.answer.shown == "cancelled; due in 0")
        #expect(
            step.changes == """
                + callback:<T1 cancelled g1> at: @10
                + callback:<T1 cancelled g1> attempts: 0
                + callback:<T1 cancelled g1> customer_id: c1
                + callback:<T1 cancelled g1> generation: 1
                + callback:<T1 cancelled g1> seq: 2
                + callback:<T1 cancelled g1> status: cancelled
                + callback:<T1 cancelled g1> task_attempts: 1
                + callback:<T1 cancelled g1> task_id: T1
                + callbacks <T1 cancelled g1>: @10
                + cancelled T1: @10
                + changes 5: T1 cancelled cancelled @10 c1 1
                - failed T1: @0
                ~ task:T1 callback_seq: 1 → 2
                ~ task:T1 completed_at: @0 → @10
                - task:T1 error_code: gateway_rejected
                - task:T1 error_message: HTTP 400
                ~ task:T1 status: failed → cancelled
                ~ task:T1 timeline: …,cancelled @10
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A completed task, a cancelled one and none stay as they are`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.finished(try await test.held(.example("done")), .completed)
        try await test.accepted(.example("gone"))
        _ = try await test.store.cancel(taskID: "gone", reason: "a")
        for (id, answer) in [("done", ""), ("gone", ""), ("missing", "")] {
            let step = try await test.step { try await $0.cancel(taskID: id, reason: "b") }
            switch id {
            case "done": #expect(step.answer.shown == "conflict(status: completed)")
            case "gone": #expect(step.answer.shown == "alreadyCancelled")
            default: #expect(step.answer.shown == "missing")
            }
            #expect(step.changes == answer)
        }
    }

    // MARK: After a lost lease

    @Test(arguments: ScriptCache.allCases)
    func `A task taken back from a lost holder waits until that one cannot be sending any more`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache)
        try await test.held()
        try await test.at(16_000)
        _ = try await test.store.sweep(capacity: 0, callbackCapacity: 0)
        try await test.at(20_000)
        let step = try await test.step { try await $0.cancel(taskID: "T1", reason: "不用了") }
        #expect(step.answer.shown == "requested(status: waiting); due in 6000")
        #expect(
            step.changes == """
                + changes 5: T1 waiting cancel_requested @20000 c1 1
                - ready T1: normal @0
                + retrying T1: @26000
                + task:T1 cancel_reason: 不用了
                + task:T1 cancel_requested: 1
                + task:T1 next_attempt_at: @26000
                """)
        try await test.at(25_999)
        let again = try await test.step { try await $0.cancel(taskID: "T1", reason: nil) }
        #expect(again.answer.shown == "requested(status: waiting); due in 1")
        let claim = try await test.step { try await $0.claim(capacity: 4) }
        #expect(claim.answer.shown == "")
        try await test.at(26_000)
        let last = try await test.step { try await $0.cancel(taskID: "T1", reason: nil) }
        #expect(last.answer.shown == "cancelled; due in 0")
        #expect(
            last.changes == """
                + callback:<T1 cancelled g1> at: @26000
                + callback:<T1 cancelled g1> attempts: 0
                + callback:<T1 cancelled g1> customer_id: c1
                + callback:<T1 cancelled g1> error: 不用了
                + callback:<T1 cancelled g1> generation: 1
                + callback:<T1 cancelled g1> status: cancelled
                + callback:<T1 cancelled g1> task_attempts: 1
                + callback:<T1 cancelled g1> task_id: T1
                + callbacks <T1 cancelled g1>: @26000
                + cancelled T1: @26000
                + changes 7: T1 cancelled cancelled @26000 c1 1
                ~ counts normal:customer_reply: 1 → 0
                - retrying T1: @26000
                + task:T1 callback_seq: 1
                - task:T1 cancel_requested: 1
                + task:T1 completed_at: @26000
                + task:T1 error_message: 不用了
                - task:T1 next_attempt_at: @26000
                ~ task:T1 status: waiting → cancelled
                ~ task:T1 timeline: …,cancelled @26000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A task that failed by its lost holders is busy for as long`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.held()
        for loss in 1...5 {
            try await test.at(Int64(loss) * 15_000)
            _ = try await test.store.sweep(capacity: 1, callbackCapacity: 0)
        }
        try await test.at(84_999)
        let early = try await test.step { try await $0.cancel(taskID: "T1", reason: "不用了") }
        #expect(early.answer.shown == "busy(status: failed)")
        #expect(early.changes == "")
        try await test.at(85_000)
        let step = try await test.step { try await $0.cancel(taskID: "T1", reason: "不用了") }
        #expect(step.answer.shown == "cancelled; due in 0")
        #expect(
            step.changes == """
                + callback:<T1 cancelled g1> at: @85000
                + callback:<T1 cancelled g1> attempts: 0
                + callback:<T1 cancelled g1> customer_id: c1
                + callback:<T1 cancelled g1> error: 不用了
                + callback:<T1 cancelled g1> generation: 1
                + callback:<T1 cancelled g1> seq: 2
                + callback:<T1 cancelled g1> status: cancelled
                + callback:<T1 cancelled g1> task_attempts: 5
                + callback:<T1 cancelled g1> task_id: T1
                + callbacks <T1 cancelled g1>: @85000
                + cancelled T1: @85000
                + changes 13: T1 cancelled cancelled @85000 c1 1
                - failed T1: @75000
                ~ task:T1 callback_seq: 1 → 2
                + task:T1 cancel_reason: 不用了
                ~ task:T1 completed_at: @75000 → @85000
                - task:T1 error_code: lost
                ~ task:T1 error_message: 执行任务的实例多次失联，任务不再重试 → 不用了
                ~ task:T1 status: failed → cancelled
                ~ task:T1 timeline: …,cancelled @85000
                """)
    }
}
