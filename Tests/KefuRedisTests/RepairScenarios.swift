// What is mended, in every state that `inspect` and `rearm` treat in their own way.
import KefuCore
import Testing

@testable import KefuRedis

extension FailureScenario {
    static let repairing =
        broken + [
            FailureScenario("rearm") { test in
                try await test.accepted(.example())
                try await test.command("HDEL", test.keys.task("T1"), "armed")
            } act: {
                let inspection = InspectTests.inspection($0.store, true)
                _ = try await inspection.rearm("T1", content: "d1", [.payment()])
            },
            FailureScenario("recount") { test in
                try await test.held()
            } act: { test in
                var inspection = InspectTests.inspection(test.store, false)
                var (moment, recounting) = try await inspection.beginRecount()
                try await inspection.recount(moment, into: &recounting)
            },
        ]

    /// One of each kind of disagreement, and what is looked at to find it.
    private static let broken: [FailureScenario] = [
        inspect("queues", .task, "", "T1", ["ZADD", "ready", "5", "T1"]),
        inspect("lease", .task, "", "T1", ["ZADD", "running", "inf", "T1"]),
        inspect("unlisted", .task, "", "T1", ["ZREM", "created", "T1"]),
        inspect("owner", .task, "", "T1", ["HDEL", "task:T1", "owner"]),
        inspect("stray", .task, "", "T1", ["HSET", "task:T1", "next_attempt_at", "5"]),
        inspect("stray entry", .task, "", "T1", ["HSET", "task:T1", "armed", "message"]),
        inspect("no record", .member, "ready", "ghost", ["ZADD", "ready", "5", "ghost"]),
        inspect("foreign", .member, "customer:c2", "T1", ["ZADD", "customer:c2", "5", "T1"]),
        inspect("stale entry", .entry, "armed:c1:message", "T1", ["HSET", "armed:c1:message", "T1", "any"]),
        inspect("attempts", .attempts, "attempts", "ghost", ["RPUSH", "attempts:ghost", "{}"]),
        inspect("deliveries", .attempts, "deliveries", "ghost", ["RPUSH", "deliveries:ghost", "{}"]),
        inspect("no contents", .outbox, "callbacks", "cb_1", ["ZADD", "callbacks", "5", "cb_1"]),
        inspect("half", .instance, "", "i9", ["ZADD", "instances", "5", "i9"]),
        inspect("expires", .key, "hash 0", "task:T1", ["EXPIRE", "task:T1", "3600"]),
    ]

    private static func inspect(
        _ name: String, _ subject: Inspection.Subject, _ place: String, _ id: String, _ command: [String]
    ) -> FailureScenario {
        FailureScenario("inspect, \(name)") { test in
            try await test.held()
            let words = [command[0], test.keys.prefix + command[1]] + command.dropFirst(2)
            _ = try await test.client.command(words.map { .string($0) })
        } act: { test in
            let rows = try await InspectTests.inspection(test.store, true).compare(
                subject, [InspectedPair(place: place, name: id)])
            #expect(rows.count == 1 && rows.allSatisfy(\.isMendable))
        }
    }
}
