import KefuCore
import Testing

@testable import KefuRedis

@Suite struct InspectTests {
    @Test(arguments: ScriptCache.allCases)
    func `Putting a task back changes what disagrees and nothing else`(cache: ScriptCache) async throws {
        let test = try await TestStore(cache)
        try await test.accepted(.example("T1", .time(60_000)), .example("T2"))
        try await test.command("ZREM", test.keys.timeouts, "T1")
        try await test.command("ZREM", test.keys.prefix + "scheduled", "T1")
        try await test.command("ZADD", test.keys.ready, "5", "T1")
        try await test.at(1_000)
        let step = try await test.step {
            try await Self.inspection($0, true).inspect(.task, .named("T1", "T2", "none"))
        }
        #expect(
            step.answer == [
                InspectedRow(
                    place: "", name: "T1", kind: .queues, is: "ready", should: "timeouts scheduled", isMendable: true)
            ])
        #expect(
            step.changes == """
                - ready T1: ? 5
                + scheduled T1: @60000
                + timeouts T1: @3660000
                """)
    }

    @Test func `Who only looks is refused every write by Redis itself`() async throws {
        let test = try await TestStore()
        try await test.accepted(.example())
        try await test.command("ZREM", test.keys.timeouts, "T1")
        let reply = try await test.client.run(
            test.store.scripts.look, keys: [test.keys.created],
            arguments: [.string(test.keys.prefix), "task", "1", "15000", "", "T1"])
        #expect(reply.error?.text.contains("Write commands are not allowed") == true, "\(reply)")
    }

    @Test func `The same name twice is mended once, and then in order`() async throws {
        let test = try await TestStore()
        try await test.accepted(.example())
        try await test.command("ZREM", test.keys.timeouts, "T1")
        let step = try await test.step { try await Self.inspection($0, true).inspect(.task, .named("T1", "T1")) }
        #expect(step.answer.map(\.kind) == [.queues, .queues])
        #expect(step.changes == "+ timeouts T1: @3600000")
        #expect(try await Self.inspection(test.store, false).inspect(.task, .named("T1")) == [])
    }

    @Test func `What is no longer where it was met is no disagreement`() async throws {
        let test = try await TestStore()
        let inspection = Self.inspection(test.store, true)
        #expect(try await inspection.inspect(.member, [InspectedPair(place: "ready", name: "T1")]) == [])
        #expect(try await inspection.inspect(.entry, [InspectedPair(place: "armed:c1:message", name: "T1")]) == [])
        #expect(try await inspection.inspect(.outbox, [InspectedPair(place: "callbacks", name: "cb_1")]) == [])
        #expect(try await inspection.inspect(.key, [InspectedPair(place: "hash 0", name: "task:T1")]) == [])
        for subject in [Inspection.Subject.task, .attempts, .callback, .instance] {
            #expect(try await inspection.inspect(subject, .named("none")) == [])
        }
    }

    static func inspection(_ store: RedisTaskStore, _ isRepairing: Bool) -> Inspection {
        Inspection(
            client: store.client, scripts: store.scripts, keys: store.keys, isRepairing: isRepairing,
            lease: store.policy.lease, rest: 0, report: { _ in })
    }
}

extension ArraySlice<InspectedPair> {
    /// Subjects that were not met in any place.
    static func named(_ names: String...) -> Self { names.map { InspectedPair(place: "", name: $0) }[...] }
}
