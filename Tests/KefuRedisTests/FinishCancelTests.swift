import KefuCore
import Testing

// `finish` of a task whose cancel was asked for while it ran.

@Suite struct FinishCancelTests {
    @Test(arguments: ScriptCache.allCases)
    func `The attempt under way may still succeed`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held()
        _ = try await test.store.cancel(taskID: "T1", reason: "不用了")
        let step = try await test.step {
            try await $0.finish(lease, attempt: .completed, capacity: 0, callbackCapacity: 0)
        }
        #expect(step.answer.shown == "completed")
        #expect(
            step.changes == """
                + callback:<T1 completed g1> at: @0
                + callback:<T1 completed g1> attempts: 0
                + callback:<T1 completed g1> customer_id: c1
                + callback:<T1 completed g1> generation: 1
                + callback:<T1 completed g1> status: completed
                + callback:<T1 completed g1> task_attempts: 1
                + callback:<T1 completed g1> task_id: T1
                + callbacks <T1 completed g1>: @0
                + changes 4: T1 completed completed @0 c1 1
                + completed T1: @0
                ~ counts normal:customer_reply: 1 → 0
                - running T1: @15000
                + task:T1 callback_seq: 1
                - task:T1 cancel_requested: 1
                + task:T1 completed_at: @0
                - task:T1 owner: i1:2
                ~ task:T1 status: running → completed
                ~ task:T1 timeline: …,completed @0
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A failed attempt ends the task as cancelled instead of a retry`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held()
        _ = try await test.store.cancel(taskID: "T1", reason: "不用了")
        try await test.at(50)
        let step = try await test.step {
            try await $0.finish(lease, attempt: .retry(), capacity: 0, callbackCapacity: 1)
        }
        #expect(step.answer.shown == "cancelled; deliver T1:cancelled#1")
        #expect(step.answer.callbacks.first?.callback.error == "不用了")
        #expect(
            step.changes == """
                + attempts:T1 0: {"attempt":1,"at":@50,"http_status":503,"error":"HTTP 503","duration_ms":20}
                + callback:<T1 cancelled g1> at: @50
                + callback:<T1 cancelled g1> attempts: 1
                + callback:<T1 cancelled g1> customer_id: c1
                + callback:<T1 cancelled g1> error: 不用了
                + callback:<T1 cancelled g1> generation: 1
                + callback:<T1 cancelled g1> status: cancelled
                + callback:<T1 cancelled g1> task_attempts: 1
                + callback:<T1 cancelled g1> task_id: T1
                + callbacks <T1 cancelled g1>: @15050
                + cancelled T1: @50
                + changes 4: T1 cancelled cancelled @50 c1 1
                ~ counts normal:customer_reply: 1 → 0
                - running T1: @15000
                + task:T1 callback_seq: 1
                - task:T1 cancel_requested: 1
                + task:T1 completed_at: @50
                + task:T1 error_message: 不用了
                - task:T1 owner: i1:2
                ~ task:T1 status: running → cancelled
                ~ task:T1 timeline: …,cancelled @50
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A refused attempt ends the task as cancelled, too`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held()
        _ = try await test.store.cancel(taskID: "T1", reason: nil)
        let step = try await test.step {
            try await $0.finish(lease, attempt: .rejected, capacity: 0, callbackCapacity: 0)
        }
        #expect(step.answer.shown == "cancelled")
        #expect(try await test.field("error_message", of: "T1") == nil)
    }

    @Test(arguments: ScriptCache.allCases)
    func `While an earlier holder could still be sending, the cancel waits`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.held()
        try await test.at(16_000)
        let lease = try #require(try await test.store.sweep(capacity: 1, callbackCapacity: 0).tasks.first).lease
        _ = try await test.store.cancel(taskID: "T1", reason: "不用了")
        try await test.at(17_000)
        let step = try await test.step {
            try await $0.finish(lease, attempt: .rejected, capacity: 4, callbackCapacity: 1)
        }
        #expect(step.answer.shown == "retrying; due in 9000")
        #expect(
            step.changes == """
                + attempts:T1 0: {"attempt":2,"at":@17000,"http_status":400,"error":"HTTP 400","duration_ms":20}
                + changes 6: T1 waiting cancel_requested @17000 c1 1
                + retrying T1: @26000
                - running T1: @31000
                + task:T1 next_attempt_at: @26000
                - task:T1 owner: i1:3
                ~ task:T1 status: running → waiting
                ~ task:T1 timeline: …,waiting @17000
                """)
        try await test.at(25_999)
        let early = try await test.step { try await $0.sweep(capacity: 4, callbackCapacity: 0) }
        #expect(early.answer.shown == "swept; due in 1")
        #expect(early.changes == "")
        try await test.at(26_000)
        let ended = try await test.step { try await $0.sweep(capacity: 4, callbackCapacity: 1) }
        #expect(ended.answer.shown == "swept; deliver T1:cancelled#1; due in 15000")
        #expect(
            ended.changes == """
                + callback:<T1 cancelled g1> at: @26000
                + callback:<T1 cancelled g1> attempts: 1
                + callback:<T1 cancelled g1> customer_id: c1
                + callback:<T1 cancelled g1> error: 不用了
                + callback:<T1 cancelled g1> generation: 1
                + callback:<T1 cancelled g1> status: cancelled
                + callback:<T1 cancelled g1> task_attempts: 2
                + callback:<T1 cancelled g1> task_id: T1
                + callbacks <T1 cancelled g1>: @41000
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
}
