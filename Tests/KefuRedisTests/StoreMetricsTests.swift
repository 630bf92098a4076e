import KefuCore
import KefuMetrics
import Logging
import NIOPosix
import TestSupport
import Testing

@testable import KefuRedis

/// What the store counts of its answers.
@Suite struct StoreMetricsTests {
    /// A store that counts, in a key space of its own whose clock the test moves.
    private struct Counted {
        let test: TestStore
        let store: RedisTaskStore
        let registry = MetricsRegistry()

        init() async throws {
            test = try await TestStore(policy: .eventsKept)
            store = RedisTaskStore(
                client: test.client, scripts: TestStore.scripts, keys: test.keys, instance: test.store.instance,
                policy: .eventsKept, metrics: StoreMetrics(registry))
        }

        /// The series that are not 0, a line each, without those of buckets.
        func counts() -> Set<String> {
            let lines = registry.text.split(separator: "\n").filter { line in
                !line.hasPrefix("#") && !line.hasSuffix(" 0") && !line.contains("_bucket")
            }
            return Set(lines.map(String.init))
        }
    }

    @Test func `tasks, events and fires are counted by what came of them`() async throws {
        let counted = try await Counted()
        let store = counted.store
        _ = try await store.match(.message("嗯"), capacity: 0)
        _ = try await store.receive(.example("T1", .reply("好")), capacity: 0)
        _ = try await store.receive(.example("T1", .reply("好")), capacity: 0)
        _ = try await store.receive(.example("T1", .reply("好"), content: "d2"), capacity: 0)
        for result in await store.receive([.example("T2", .reply("好")), .example("T3", .payment())]) {
            _ = try result.get()
        }
        _ = try await store.match(.message(id: "e1"), capacity: 0)
        _ = try await store.match(.message(id: "e1"), capacity: 0)
        _ = try await store.fire(taskID: "T3")
        _ = try await store.fire(taskID: "T3")
        _ = try await store.receive(.example("T4", .time(-5_000)), capacity: 0)
        _ = try await store.receive(.example("T5", .reply("好").lookingBack()), capacity: 0)
        #expect(
            counted.counts() == [
                #"kefu_tasks_received_total{result="accepted"} 5"#, #"kefu_tasks_received_total{result="duplicate"} 1"#,
                #"kefu_tasks_received_total{result="conflict"} 1"#, #"kefu_events_total{result="unmatched"} 1"#,
                #"kefu_events_total{result="matched"} 1"#, #"kefu_events_total{result="duplicate"} 1"#,
                #"kefu_fires_total{cause="event"} 2"#, #"kefu_fires_total{cause="manual"} 1"#,
                #"kefu_fires_total{cause="acceptance"} 2"#,
            ])
    }

    @Test func `a time is late by what Redis's clock says, and a past one by nothing`() async throws {
        let counted = try await Counted()
        _ = try await counted.store.receive(.example("T1", .time(1_000)), capacity: 0)
        _ = try await counted.store.receive(.example("T2", .time(2_000), or: [.time(1_500), .reply()]), capacity: 0)
        _ = try await counted.store.receive(.example("T3", .time(-9_000)), capacity: 0)
        try await counted.test.at(1_999)
        _ = try await counted.store.sweep(capacity: 0, callbackCapacity: 0)
        _ = try await counted.store.sweep(capacity: 0, callbackCapacity: 0)
        let counts = counted.counts()
        #expect(counts.contains(#"kefu_fires_total{cause="time"} 2"#))
        #expect(counts.contains("kefu_time_lateness_seconds_count 2"))
        #expect(counts.contains("kefu_time_lateness_seconds_sum 1.498"))
    }

    @Test func `ends are counted once, with why`() async throws {
        let counted = try await Counted()
        let store = counted.store
        func run(_ id: String, _ attempt: SettledAttempt, maxRetry: Int = 0) async throws {
            _ = try await store.receive(.example(id, .time(-1), maxRetry: maxRetry), capacity: 0)
            let lease = try #require(try await store.claim(capacity: 1).tasks.first).lease
            _ = try await store.finish(lease, attempt: attempt, capacity: 0, callbackCapacity: 0)
            // The lease is no more: nothing to count.
            _ = try await store.finish(lease, attempt: attempt, capacity: 0, callbackCapacity: 0)
        }
        try await run("done", .completed)
        try await run("refused", .rejected)
        try await run("exhausted", .retry())
        _ = try await store.receive(.example("cancelled"), capacity: 0)
        _ = try await store.cancel(taskID: "cancelled", reason: nil)
        _ = try await store.cancel(taskID: "cancelled", reason: nil)
        _ = try await store.receive(.example("late", timeoutMs: 1_000), capacity: 0)
        _ = try await store.receive(.example("lost", .time(-1)), capacity: 0)
        for loss in 1...5 {
            _ = try await store.claim(capacity: 1)
            try await counted.test.at(Int64(loss) * 20_000)
            _ = try await store.sweep(capacity: 0, callbackCapacity: 0)
        }
        let ends = counted.counts().filter {
            $0.contains("completed") || $0.contains("failed") || $0.contains("cancelled")
        }
        #expect(
            ends == [
                "kefu_tasks_completed_total 1", "kefu_tasks_cancelled_total 1",
                #"kefu_tasks_failed_total{error_code="gateway_rejected"} 1"#,
                #"kefu_tasks_failed_total{error_code="retries_exhausted"} 1"#,
                #"kefu_tasks_failed_total{error_code="timeout"} 1"#, #"kefu_tasks_failed_total{error_code="lost"} 1"#,
            ])
        #expect(counted.counts().contains("kefu_leases_reclaimed_total 5"))
    }

    @Test func `round trips and reconnects are measured on the connections`() async throws {
        let redis = try await PrivateRedis.startOwn()
        let registry = MetricsRegistry()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let client = try RedisClient(
            endpoint: redis.endpoint, group: group, metrics: RedisClientMetrics(registry),
            logger: .init(label: "silent") { _ in SwiftLogNoOpLogHandler() })
        #expect(await client.waitUntilConnected(within: .seconds(10)))
        for _ in 0..<3 { _ = try await client.command("PING") }
        #expect(registry.text.contains("kefu_redis_round_trip_seconds_count 3\n"))
        #expect(registry.text.contains("kefu_redis_reconnects_total 0\n"))
        _ = try await client.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
        try await eventually("it has connected again") { registry.text.contains("kefu_redis_reconnects_total 1\n") }
        await client.close()
        try await redis.stop()
    }
}
