import Testing

@testable import KefuRedis

@Suite struct FenceTests {
    @Test(arguments: ScriptCache.allCases)
    func `It writes what does not last, and only where replicas are waited for`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let confirmation = ReplicaConfirmation(replicas: 2, scripts: test.store.scripts, keys: test.keys)
        let fence = try #require(confirmation).fence
        let step = try await test.step { try await $0.run(fence) }
        #expect(step.changes == "+ fence (expires): \(test.keys.prefix)")
        let none = ReplicaConfirmation(replicas: 0)
        #expect(none.map(\.replicas) == nil)
    }
}
