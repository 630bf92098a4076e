import KefuCore
import Testing

@Suite struct LeaveTests {
    @Test(arguments: ScriptCache.allCases)
    func `An instance that leaves is no longer listed, and leaving twice is no error`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let other = try await test.peer("i2")
        try await other.store.heartbeat(running: 0)
        try await test.store.heartbeat(running: 0)
        let step = try await test.step { try await $0.leave() }
        #expect(
            step.changes == """
                - instance:i1 host: h1
                - instance:i1 running: 0
                - instance:i1 started_at: @0
                - instance:i1 version: 1.0
                - instances i1: @0
                """)
        let again = try await test.step { try await $0.leave() }
        #expect(again.changes == "")
    }
}
