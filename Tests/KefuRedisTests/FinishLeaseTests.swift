import KefuCore
import Testing

// Who may `finish`.

@Suite struct FinishLeaseTests {
    @Test(arguments: ScriptCache.allCases)
    func `The lease settles past its expiry while nobody has taken the task`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held()
        try await test.at(3_600_000)
        let step = try await test.step {
            try await $0.finish(lease, attempt: .completed, capacity: 0, callbackCapacity: 0)
        }
        #expect(step.answer.outcome == .completed)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A lost lease changes nothing and hands out nothing`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lost = try await test.held()
        try await test.at(20_000)
        let holder = try #require(try await test.store.sweep(capacity: 1, callbackCapacity: 0).tasks.first).lease
        try await test.accepted(.example("ready"))
        _ = try await test.store.fire(taskID: "ready")
        let ended = try await test.held(.example("ended", priority: .urgent))
        try await test.finished(ended, .completed)
        let leases = [
            lost, Lease(taskID: "T1", token: "i2:1"), ended, Lease(taskID: "missing", token: holder.token),
            Lease(taskID: "ready", token: ""),
        ]
        for lease in leases {
            for attempt in [SettledAttempt.completed, .retry(), .rejected] {
                let step = try await test.step {
                    try await $0.finish(lease, attempt: attempt, capacity: 4, callbackCapacity: 1)
                }
                #expect(step.answer.shown == "stale")
                #expect(step.changes == "")
            }
        }
    }
}
