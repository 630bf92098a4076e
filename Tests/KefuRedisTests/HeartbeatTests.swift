import KefuCore
import Testing

@Suite struct HeartbeatTests {
    @Test(arguments: ScriptCache.allCases)
    func `An instance is listed with what it does`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.at(1_000)
        let step = try await test.step { try await $0.heartbeat(running: 3) }
        #expect(
            step.changes == """
                + instance:i1 host: h1
                + instance:i1 running: 3
                + instance:i1 started_at: @0
                + instance:i1 version: 1.0
                + instances i1: @1000
                """)
        try await test.at(6_000)
        let again = try await test.step { try await $0.heartbeat(running: 0) }
        #expect(
            again.changes == """
                ~ instance:i1 running: 3 → 0
                ~ instances i1: @1000 → @6000
                """)
    }

    @Test(arguments: ScriptCache.allCases)
    func `What was counted since the last call goes into its minute`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("A"), .example("B"))
        _ = try await test.store.match(.message(), capacity: 0)
        _ = try await test.store.match(.payment(), capacity: 0)
        let step = try await test.step { try await $0.heartbeat(running: 0) }
        let counted = step.changes.split(separator: "\n").filter { $0.contains("minute") }
        #expect(
            counted.joined(separator: "\n") == """
                + minute:30000000 (expires) events: 2
                + minute:30000000 (expires) matched: 2
                + minute:30000000 (expires) received: 2
                """)
        let again = try await test.step { try await $0.heartbeat(running: 0) }
        #expect(again.changes == "")
    }

    @Test(arguments: ScriptCache.allCases)
    func `An instance that was silent for a minute is forgotten`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        let (second, third) = (try await test.peer("i:2"), try await test.peer("i3"))
        try await second.store.heartbeat(running: 0)
        try await test.at(1)
        try await third.store.heartbeat(running: 0)
        try await test.at(60_000)
        let step = try await test.step { try await $0.heartbeat(running: 0) }
        #expect(
            step.changes == """
                - instance:i%3A2 host: h1
                - instance:i%3A2 running: 0
                - instance:i%3A2 started_at: @0
                - instance:i%3A2 version: 1.0
                + instance:i1 host: h1
                + instance:i1 running: 0
                + instance:i1 started_at: @0
                + instance:i1 version: 1.0
                + instances i1: @60000
                - instances i:2: @0
                """)
    }
}
