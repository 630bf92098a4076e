import KefuCore
import Testing

@Suite struct RenewTests {
    @Test(arguments: ScriptCache.allCases)
    func `Only the leases that are named are prolonged`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let (first, second) = (try await test.held(.example("A")), try await test.held(.example("B")))
        try await test.held(.example("C"))
        try await test.at(5_000)
        let step = try await test.step { try await $0.renew([first, second]) }
        #expect(step.answer == [])
        #expect(
            step.changes == """
                ~ running A: @15000 → @20000
                ~ running B: @15000 → @20000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `A lease holds while its token matches, even past its expiry`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let lease = try await test.held()
        try await test.at(3_600_000)
        let step = try await test.step { try await $0.renew([lease]) }
        #expect(step.answer == [])
        #expect(step.changes == "~ running T1: @15000 → @3615000")
    }

    @Test(arguments: ScriptCache.allCases)
    func `Leases of others, of ended tasks and of none are told and left alone`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let ended = try await test.held(.example("ended"))
        try await test.finished(ended, .completed)
        let held = try await test.held(.example("held"))
        let stranger = Lease(taskID: "held", token: "i2:1")
        let missing = Lease(taskID: "missing", token: "i1:1")
        try await test.at(1_000)
        let step = try await test.step { try await $0.renew([ended, stranger, held, missing]) }
        #expect(step.answer == [ended, stranger, missing])
        #expect(step.changes == "~ running held: @15000 → @16000")
    }

    @Test func `Nothing to renew asks Redis nothing`() async throws {
        let test = try await TestStore()
        #expect(try await test.store.renew([]) == [])
    }
}
