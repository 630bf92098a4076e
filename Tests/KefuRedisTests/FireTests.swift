import KefuCore
import Testing

@Suite struct FireTests {
    @Test(arguments: ScriptCache.allCases)
    func `A waiting task fires as if its trigger had come`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("T1", .custom("signed")))
        try await test.at(10)
        let step = try await test.step { try await $0.fire(taskID: "T1") }
        #expect(step.answer.shown == "done; backlog")
        #expect(
            step.changes == """
                - armed:c1:custom:signed T1: *
                + changes 2: T1 waiting triggered @10 c1 1
                + ready T1: normal @10
                - task:T1 armed: custom:signed
                + task:T1 trigger_event: {"at":@10,"type":"manual"}
                + task:T1 triggered_at: @10
                - timeouts T1: @3600000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A scheduled task fires before its time`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("T1", .time(60_000)))
        let step = try await test.step { try await $0.fire(taskID: "T1") }
        #expect(step.answer.shown == "done; backlog")
        #expect(
            step.changes == """
                + changes 2: T1 waiting triggered @0 c1 1
                + ready T1: normal @0
                - scheduled T1: @60000
                + task:T1 trigger_event: {"at":@0,"type":"manual"}
                + task:T1 triggered_at: @0
                - timeouts T1: @3660000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A task fires once`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("ready"), .example("cancelled"))
        _ = try await test.store.cancel(taskID: "cancelled", reason: nil)
        try await test.held(.example("running"))
        try await test.finished(try await test.held(.example("retrying")), .retry())
        _ = try await test.store.fire(taskID: "ready")
        let expected = [
            "ready": "conflict(status: waiting)", "retrying": "conflict(status: waiting)",
            "cancelled": "conflict(status: cancelled)", "running": "conflict(status: running)", "unknown": "missing",
        ]
        for (id, answer) in expected {
            let step = try await test.step { try await $0.fire(taskID: id) }
            #expect(step.answer.shown == answer)
            #expect(step.changes == "")
        }
    }
}
