import KefuCore
import Testing

@Suite struct SettleCallbackTests {
    /// A callback that this instance holds since the present moment.
    private func claimed(_ test: TestStore) async throws -> ClaimedCallback {
        let lease = try await test.held()
        let handout = try await test.store.finish(lease, attempt: .completed, capacity: 0, callbackCapacity: 1)
        return try #require(handout.callbacks.first)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A delivered callback goes`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let claim = try await claimed(test)
        let step = try await test.step { try await $0.settleCallback(claim, outcome: .delivered) }
        #expect(step.answer.shown == "")
        #expect(
            step.changes == """
                - callback:<T1 completed g1> at: @0
                - callback:<T1 completed g1> attempts: 1
                - callback:<T1 completed g1> customer_id: c1
                - callback:<T1 completed g1> generation: 1
                - callback:<T1 completed g1> status: completed
                - callback:<T1 completed g1> task_attempts: 1
                - callback:<T1 completed g1> task_id: T1
                - callbacks <T1 completed g1>: @15000
                + task:T1 delivered: 1 completed 1 @20 200 20
                """)
        let again = try await test.step { try await $0.settleCallback(claim, outcome: .delivered) }
        #expect(again.changes == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `A delivery counts whoever made it, even after its claim ran out`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let claim = try await claimed(test)
        try await test.at(15_000)
        #expect(try await test.store.sweep(capacity: 0, callbackCapacity: 1).callbacks.count == 1)
        let step = try await test.step { try await $0.settleCallback(claim, outcome: .delivered) }
        #expect(step.changes.contains("- callbacks <T1 completed g1>: @30000") == true)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A failed delivery is tried again after its pause`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let claim = try await claimed(test)
        try await test.at(100)
        let failed = CallbackSettlement.failed(error: "HTTP 500", pause: .seconds(2))
        let step = try await test.step { try await $0.settleCallback(claim, outcome: failed) }
        #expect(step.answer.shown == "due in 2000")
        #expect(
            step.changes == """
                + callback:<T1 completed g1> last_error: HTTP 500
                ~ callbacks <T1 completed g1>: @15000 → @2100
                + deliveries:T1 0: {"attempt":1,"at":@100,"callback_id":"<T1 completed g1>","status":"completed",\
                "http_status":500,"error":"HTTP 500","duration_ms":20}
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `One that was not tried goes back as if never claimed`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let claim = try await claimed(test)
        try await test.at(100)
        let step = try await test.step { try await $0.settleCallback(claim, outcome: .released) }
        #expect(step.answer.shown == "due in 0")
        #expect(
            step.changes == """
                ~ callback:<T1 completed g1> attempts: 1 → 0
                ~ callbacks <T1 completed g1>: @15000 → @100
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `Who holds it no longer can only say that it was delivered`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let claim = try await claimed(test)
        try await test.at(15_000)
        _ = try await test.store.sweep(capacity: 0, callbackCapacity: 1)
        for outcome in [CallbackSettlement.failed(error: "x", pause: .seconds(2)), .released] {
            let step = try await test.step { try await $0.settleCallback(claim, outcome: outcome) }
            #expect(step.answer.shown == "")
            #expect(step.changes == "")
        }
    }

    @Test(arguments: ScriptCache.allCases)
    func `After a day of failures it is given up, not before`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        _ = try await claimed(test)
        let failed = CallbackSettlement.failed(error: "HTTP 500", pause: .milliseconds(1))
        func attempt(at offset: Int64) async throws -> TestStore.Step<Handout<Void>> {
            try await test.at(offset)
            let claim = try #require(try await test.store.sweep(capacity: 0, callbackCapacity: 1).callbacks.first)
            return try await test.step { try await $0.settleCallback(claim, outcome: failed) }
        }
        let early = try await attempt(at: 86_399_999)
        #expect(early.answer.shown == "due in 1")
        let last = try await attempt(at: 86_400_000)
        #expect(last.answer.shown == "")
        #expect(
            last.changes == """
                - callbacks <T1 completed g1>: @86415000
                + callbacks:dead <T1 completed g1>: @86400000
                + deliveries:T1 1: {"attempt":3,"at":@86400000,"callback_id":"<T1 completed g1>",\
                "status":"completed","http_status":500,"error":"HTTP 500","duration_ms":20}
                """)
    }
}
