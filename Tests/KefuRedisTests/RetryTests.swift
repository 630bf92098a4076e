import KefuCore
import Testing

@Suite struct RetryTests {
    @Test(arguments: ScriptCache.allCases)
    func `A failed task is queued again at its old place, with all attempts before it`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache)
        try await test.finished(try await test.held(.example(maxRetry: 0)), .retry())
        try await test.at(60_000)
        let step = try await test.step { try await $0.retry(taskID: "T1") }
        #expect(step.answer.shown == "done; backlog")
        #expect(
            step.changes == """
                + changes 5: T1 waiting retry @60000 c1 1
                ~ counts normal:customer_reply: 0 → 1
                - failed T1: @0
                + ready T1: normal @0
                - task:T1 attempts: 1
                - task:T1 completed_at: @0
                - task:T1 error_code: retries_exhausted
                - task:T1 error_message: HTTP 503
                ~ task:T1 status: failed → waiting
                ~ task:T1 timeline: …,waiting @60000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `Its next end has another callback of the same generation`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.finished(try await test.held(), .rejected)
        _ = try await test.store.retry(taskID: "T1")
        let lease = try await test.claimed()
        let first = try await test.store.callbacks(CallbackQuery()).callbacks.map(\.callbackID)
        let step = try await test.step {
            try await $0.finish(lease, attempt: .rejected, capacity: 0, callbackCapacity: 1)
        }
        let second = try #require(step.answer.callbacks.first).callback
        #expect(!first.contains(second.id))
        #expect(second.generation == 1)
        #expect(second.taskAttempts == 1)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A task lost with its holders starts with no losses`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.held()
        for loss in 1...5 {
            try await test.at(Int64(loss) * 15_000)
            _ = try await test.store.sweep(capacity: 1, callbackCapacity: 0)
        }
        let step = try await test.step { try await $0.retry(taskID: "T1") }
        #expect(step.answer.shown == "done; backlog")
        #expect(step.changes.contains("- task:T1 lost: 5"))
    }

    @Test(arguments: ScriptCache.allCases)
    func `What never fired, has not failed or is unknown is not queued`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("timeout", timeoutMs: 1), .example("waiting"))
        try await test.finished(try await test.held(.example("completed")), .completed)
        try await test.held(.example("running"))
        try await test.at(1)
        _ = try await test.store.sweep(capacity: 0, callbackCapacity: 0)
        let expected = [
            "timeout": "conflict(status: failed)", "waiting": "conflict(status: waiting)",
            "completed": "conflict(status: completed)", "running": "conflict(status: running)", "unknown": "missing",
        ]
        for (id, answer) in expected {
            let step = try await test.step { try await $0.retry(taskID: id) }
            #expect(step.answer.shown == answer)
            #expect(step.changes == "")
        }
    }

    @Test(arguments: ScriptCache.allCases)
    func `Being queued again is called back as waiting when the settings say so`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache, policy: SchedulingPolicy(calledBack: [.waiting]))
        try await test.finished(try await test.held(), .rejected)
        let step = try await test.step { try await $0.retry(taskID: "T1") }
        #expect(step.changes.contains("callback_seq: 1 → 2"))
    }
}
