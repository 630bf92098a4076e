import KefuCore
import Testing

@Suite struct CallbacksTests {
    @Test(arguments: ScriptCache.allCases)
    func `The outbox shows what is to be delivered, and how that went`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held()
        let handout = try await test.store.finish(lease, attempt: .rejected, capacity: 0, callbackCapacity: 1)
        let claim = try #require(handout.callbacks.first)
        let failed = CallbackSettlement.failed(error: "HTTP 500", pause: .seconds(2))
        _ = try await test.store.settleCallback(claim, outcome: failed)
        let step = try await test.step { try await $0.callbacks(CallbackQuery()) }
        #expect(step.changes == "")
        let entry = CallbackPage.Entry(
            callbackID: claim.callback.id, taskID: "T1", status: .failed, attempts: 1, lastError: "HTTP 500",
            nextAttemptAtMs: TestStore.epoch + 2_000)
        #expect(step.answer == CallbackPage(callbacks: [entry], next: nil))
        #expect(try await test.store.callbacks(CallbackQuery(state: .dead)).callbacks == [])
    }

    @Test(arguments: ScriptCache.allCases, [1, 2, 3, 7, 8])
    func `Pages go by time, then id, and each callback comes once`(cache: ScriptCache, limit: Int) async throws {
        let test = try await TestStore(cache)
        // Three callbacks each of three moments.
        for index in 0..<9 {
            if index % 3 == 0 { try await test.at(Int64(index)) }
            try await test.accepted(.example("T\(index)"))
            _ = try await test.store.cancel(taskID: "T\(index)", reason: nil)
        }
        var query = CallbackQuery(limit: limit)
        var seen: [CallbackPage.Entry] = []
        repeat {
            let asked = query
            let page = try await test.step { try await $0.callbacks(asked) }.answer
            #expect(page.callbacks.count <= limit)
            seen += page.callbacks
            query.after = page.next
        } while query.after != nil
        #expect(Set(seen.map(\.taskID)) == Set((0..<9).map { "T\($0)" }))
        #expect(seen.count == 9)
        let order = seen.map { ($0.nextAttemptAtMs ?? 0, $0.callbackID) }
        #expect(order.elementsEqual(order.sorted { $0 < $1 }, by: ==))
    }

    @Test(arguments: ScriptCache.allCases)
    func `The dead list has no next attempt`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.dead("T1")
        let step = try await test.step { try await $0.callbacks(CallbackQuery(state: .dead)) }
        #expect(step.answer.callbacks.map(\.taskID) == ["T1"])
        #expect(step.answer.callbacks.map(\.nextAttemptAtMs) == [nil])
        #expect(step.answer.callbacks.map(\.lastError) == ["HTTP 500"])
    }
}

extension TestStore {
    /// Arranges given-up callbacks, a day and more after the epoch.
    func dead(_ ids: String...) async throws {
        for id in ids {
            try await accepted(.example(id))
            _ = try await store.cancel(taskID: id, reason: nil)
        }
        try await at(90_000_000)
        let failed = CallbackSettlement.failed(error: "HTTP 500", pause: .seconds(2))
        for claim in try await store.sweep(capacity: 0, callbackCapacity: 100).callbacks {
            _ = try await store.settleCallback(claim, outcome: failed)
        }
    }
}
