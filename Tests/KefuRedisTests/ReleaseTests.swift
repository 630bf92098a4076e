import KefuCore
import Testing

@Suite struct ReleaseTests {
    @Test(arguments: ScriptCache.allCases)
    func `What was not started keeps its place and does not count as an attempt`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held()
        try await test.at(400)
        let step = try await test.step { try await $0.release([(lease, false)]) }
        #expect(
            step.changes == """
                + changes 4: T1 waiting released @400 c1 1
                + ready T1: normal @0
                - running T1: @15000
                ~ task:T1 attempts: 1 → 0
                - task:T1 owner: i1:2
                ~ task:T1 status: running → waiting
                ~ task:T1 timeline: …,waiting @400
                """)
        let again = try await test.claimed()
        #expect(again.taskID == "T1")
        #expect(try await test.field("attempts", of: "T1") == "1")
    }

    @Test(arguments: ScriptCache.allCases)
    func `What was started counts as an attempt`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held()
        let step = try await test.step { try await $0.release([(lease, true)]) }
        #expect(
            step.changes == """
                + changes 4: T1 waiting released @0 c1 1
                + ready T1: normal @0
                - running T1: @15000
                - task:T1 owner: i1:2
                ~ task:T1 status: running → waiting
                ~ task:T1 timeline: …,waiting @0
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A task whose cancel was asked for ends when it is released`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held()
        _ = try await test.store.cancel(taskID: "T1", reason: "不用了")
        try await test.at(400)
        let step = try await test.step { try await $0.release([(lease, false)]) }
        #expect(
            step.changes == """
                + callback:<T1 cancelled g1> at: @400
                + callback:<T1 cancelled g1> attempts: 0
                + callback:<T1 cancelled g1> customer_id: c1
                + callback:<T1 cancelled g1> error: 不用了
                + callback:<T1 cancelled g1> generation: 1
                + callback:<T1 cancelled g1> status: cancelled
                + callback:<T1 cancelled g1> task_attempts: 0
                + callback:<T1 cancelled g1> task_id: T1
                + callbacks <T1 cancelled g1>: @400
                + cancelled T1: @400
                + changes 4: T1 cancelled cancelled @400 c1 1
                ~ counts normal:customer_reply: 1 → 0
                - running T1: @15000
                ~ task:T1 attempts: 1 → 0
                + task:T1 callback_seq: 1
                - task:T1 cancel_requested: 1
                + task:T1 completed_at: @400
                + task:T1 error_message: 不用了
                - task:T1 owner: i1:2
                ~ task:T1 status: running → cancelled
                ~ task:T1 timeline: …,cancelled @400
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `What is another's is left alone`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let (first, second) = (try await test.held(.example("A")), try await test.held(.example("B")))
        try await test.finished(second, .completed)
        let leases = [Lease(taskID: "A", token: "i2:1"), second, Lease(taskID: "missing", token: first.token)]
        let step = try await test.step { try await $0.release(leases.map { ($0, false) }) }
        #expect(step.changes == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `Being released is called back as waiting when the settings say so`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache, policy: SchedulingPolicy(calledBack: [.waiting]))
        let lease = try await test.held()
        let step = try await test.step { try await $0.release([(lease, true)]) }
        #expect(step.changes.contains("callback_seq: 1 → 2"))
    }
}
