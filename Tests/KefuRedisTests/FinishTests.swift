import KefuCore
import Testing

@Suite struct FinishTests {
    @Test(arguments: ScriptCache.allCases)
    func `Success ends the task and queues its callback in the same step`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held()
        try await test.at(300)
        let attempt = SettledAttempt(verdict: .completed(resultJSON: #"{"id":"m1"}"#), duration: .milliseconds(20))
        let step = try await test.step {
            try await $0.finish(lease, attempt: attempt, capacity: 4, callbackCapacity: 0)
        }
        #expect(step.answer.shown == "completed")
        #expect(
            step.changes == """
                + callback:<T1 completed g1> at: @300
                + callback:<T1 completed g1> attempts: 0
                + callback:<T1 completed g1> customer_id: c1
                + callback:<T1 completed g1> generation: 1
                + callback:<T1 completed g1> result: {"id":"m1"}
                + callback:<T1 completed g1> status: completed
                + callback:<T1 completed g1> task_attempts: 1
                + callback:<T1 completed g1> task_id: T1
                + callbacks <T1 completed g1>: @300
                + changes 4: T1 completed completed @300 c1 1
                + completed T1: @300
                ~ counts normal:customer_reply: 1 → 0
                - running T1: @15000
                + task:T1 callback_seq: 1
                + task:T1 completed_at: @300
                - task:T1 owner: i1:2
                + task:T1 result: {"id":"m1"}
                ~ task:T1 status: running → completed
                ~ task:T1 timeline: …,completed @300
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A caller that can deliver is handed the callback, held for as long as a delivery takes`(
        cache: ScriptCache
    ) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held()
        try await test.at(300)
        let step = try await test.step {
            try await $0.finish(lease, attempt: .rejected, capacity: 0, callbackCapacity: 1)
        }
        #expect(step.answer.shown == "failed; deliver T1:failed#1")
        let claim = try #require(step.answer.callbacks.first)
        #expect(claim.claimedUntilMs == TestStore.epoch + 300 + 15_000)
        #expect(claim.callback.error == "HTTP 400")
        #expect(claim.callback.errorCode == "gateway_rejected")
        #expect(claim.callback.atMs == TestStore.epoch + 300)
        #expect(claim.callback.taskAttempts == 1)
        #expect(claim.callback.customerID == "c1")
        #expect(
            step.changes == """
                + attempts:T1 0: {"attempt":1,"at":@300,"http_status":400,"error":"HTTP 400","duration_ms":20}
                + callback:<T1 failed g1> at: @300
                + callback:<T1 failed g1> attempts: 1
                + callback:<T1 failed g1> customer_id: c1
                + callback:<T1 failed g1> error: HTTP 400
                + callback:<T1 failed g1> error_code: gateway_rejected
                + callback:<T1 failed g1> generation: 1
                + callback:<T1 failed g1> status: failed
                + callback:<T1 failed g1> task_attempts: 1
                + callback:<T1 failed g1> task_id: T1
                + callbacks <T1 failed g1>: @15300
                + changes 4: T1 failed gateway_rejected @300 c1 1
                ~ counts normal:customer_reply: 1 → 0
                + failed T1: @300
                - running T1: @15000
                + task:T1 callback_seq: 1
                + task:T1 completed_at: @300
                + task:T1 error_code: gateway_rejected
                + task:T1 error_message: HTTP 400
                - task:T1 owner: i1:2
                ~ task:T1 status: running → failed
                ~ task:T1 timeline: …,failed @300
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `While retries are left the task pauses`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held(.example(maxRetry: 1))
        try await test.at(300)
        let step = try await test.step {
            try await $0.finish(lease, attempt: .retry(.seconds(2)), capacity: 4, callbackCapacity: 1)
        }
        #expect(step.answer.shown == "retrying; due in 2000")
        #expect(
            step.changes == """
                + attempts:T1 0: {"attempt":1,"at":@300,"http_status":503,"error":"HTTP 503","duration_ms":20}
                + changes 4: T1 waiting retrying @300 c1 1
                + retrying T1: @2300
                - running T1: @15000
                + task:T1 error_code: gateway_error
                + task:T1 error_message: HTTP 503
                + task:T1 next_attempt_at: @2300
                - task:T1 owner: i1:2
                + task:T1 retry_count: 1
                ~ task:T1 status: running → waiting
                ~ task:T1 timeline: …,waiting @300
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `The last retry that fails exhausts the task`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.finished(try await test.held(.example(maxRetry: 1)), .retry(.seconds(2)))
        try await test.at(2_000)
        let lease = try #require(try await test.store.sweep(capacity: 1, callbackCapacity: 0).tasks.first).lease
        try await test.at(2_100)
        let step = try await test.step {
            try await $0.finish(lease, attempt: .retry(), capacity: 4, callbackCapacity: 0)
        }
        #expect(step.answer.shown == "failed")
        #expect(
            step.changes == """
                + attempts:T1 1: {"attempt":2,"at":@2100,"http_status":503,"error":"HTTP 503","duration_ms":20}
                + callback:<T1 failed g1> at: @2100
                + callback:<T1 failed g1> attempts: 0
                + callback:<T1 failed g1> customer_id: c1
                + callback:<T1 failed g1> error: HTTP 503
                + callback:<T1 failed g1> error_code: retries_exhausted
                + callback:<T1 failed g1> generation: 1
                + callback:<T1 failed g1> status: failed
                + callback:<T1 failed g1> task_attempts: 2
                + callback:<T1 failed g1> task_id: T1
                + callbacks <T1 failed g1>: @2100
                + changes 7: T1 failed retries_exhausted @2100 c1 1
                ~ counts normal:customer_reply: 1 → 0
                + failed T1: @2100
                - running T1: @17000
                + task:T1 callback_seq: 1
                + task:T1 completed_at: @2100
                ~ task:T1 error_code: gateway_error → retries_exhausted
                - task:T1 owner: i1:4
                ~ task:T1 status: running → failed
                ~ task:T1 timeline: …,failed @2100
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `Success after a retry leaves no error behind`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.finished(try await test.held(), .retry(.seconds(2)))
        try await test.at(2_000)
        let lease = try #require(try await test.store.sweep(capacity: 1, callbackCapacity: 0).tasks.first).lease
        let step = try await test.step {
            try await $0.finish(lease, attempt: .completed, capacity: 4, callbackCapacity: 0)
        }
        #expect(step.answer.shown == "completed")
        #expect(
            step.changes == """
                + callback:<T1 completed g1> at: @2000
                + callback:<T1 completed g1> attempts: 0
                + callback:<T1 completed g1> customer_id: c1
                + callback:<T1 completed g1> generation: 1
                + callback:<T1 completed g1> status: completed
                + callback:<T1 completed g1> task_attempts: 2
                + callback:<T1 completed g1> task_id: T1
                + callbacks <T1 completed g1>: @2000
                + changes 7: T1 completed completed @2000 c1 1
                + completed T1: @2000
                ~ counts normal:customer_reply: 1 → 0
                - running T1: @17000
                + task:T1 callback_seq: 1
                + task:T1 completed_at: @2000
                - task:T1 error_code: gateway_error
                - task:T1 error_message: HTTP 503
                - task:T1 owner: i1:4
                ~ task:T1 status: running → completed
                ~ task:T1 timeline: …,completed @2000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A refusal fails the task for good, whatever retries are left`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache, policy: .noneCalledBack)
        let lease = try await test.held()
        let step = try await test.step {
            try await $0.finish(lease, attempt: .rejected, capacity: 4, callbackCapacity: 1)
        }
        #expect(step.answer.shown == "failed")
        #expect(
            step.changes == """
                + attempts:T1 0: {"attempt":1,"at":@0,"http_status":400,"error":"HTTP 400","duration_ms":20}
                + changes 4: T1 failed gateway_rejected @0 c1 1
                ~ counts normal:customer_reply: 1 → 0
                + failed T1: @0
                - running T1: @15000
                + task:T1 completed_at: @0
                + task:T1 error_code: gateway_rejected
                + task:T1 error_message: HTTP 400
                - task:T1 owner: i1:2
                ~ task:T1 status: running → failed
                ~ task:T1 timeline: …,failed @0
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `The caller gets its next work with the answer`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held(.example("A"))
        for id in ["B", "C", "D"] {
            try await test.accepted(.example(id))
            _ = try await test.store.fire(taskID: id)
        }
        let step = try await test.step {
            try await $0.finish(lease, attempt: .completed, capacity: 2, callbackCapacity: 0)
        }
        #expect(step.answer.shown == "completed; claimed B#1 C#1; backlog")
    }

    @Test(arguments: ScriptCache.allCases)
    func `Only the last ten unsuccessful attempts are kept`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        var lease = try await test.held(.example(maxRetry: 11))
        for attempt in 1...10 {
            try await test.finished(lease, .retry(.milliseconds(1)))
            try await test.at(Int64(attempt))
            lease = try #require(try await test.store.sweep(capacity: 1, callbackCapacity: 0).tasks.first).lease
        }
        let eleventh = lease
        let step = try await test.step {
            try await $0.finish(eleventh, attempt: .retry(), capacity: 0, callbackCapacity: 0)
        }
        let lines = step.changes.split(separator: "\n").filter { $0.contains("attempts:") }
        #expect(lines.count == 10)
        #expect(lines.first?.contains(#"{"attempt":1,"#) == true)
        #expect(
            lines.last?.hasSuffix(#"{"attempt":11,"at":@10,"http_status":503,"error":"HTTP 503","duration_ms":20}"#)
                == true)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A pause is called back as waiting when the settings say so`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache, policy: SchedulingPolicy(calledBack: [.waiting]))
        let lease = try await test.held()
        try await test.at(1)
        let step = try await test.step {
            try await $0.finish(lease, attempt: .retry(), capacity: 0, callbackCapacity: 1)
        }
        #expect(step.answer.shown == "retrying; due in 2000")
        let lines = step.changes.split(separator: "\n").filter { $0.contains("callback") }
        #expect(
            lines.joined(separator: "\n") == """
                + callback:<T1 waiting g1 #2> at: @1
                + callback:<T1 waiting g1 #2> attempts: 0
                + callback:<T1 waiting g1 #2> customer_id: c1
                + callback:<T1 waiting g1 #2> error: HTTP 503
                + callback:<T1 waiting g1 #2> error_code: gateway_error
                + callback:<T1 waiting g1 #2> generation: 1
                + callback:<T1 waiting g1 #2> seq: 2
                + callback:<T1 waiting g1 #2> status: waiting
                + callback:<T1 waiting g1 #2> task_attempts: 1
                + callback:<T1 waiting g1 #2> task_id: T1
                + callbacks <T1 waiting g1 #2>: @1
                ~ task:T1 callback_seq: 1 → 2
                """)
    }
}
