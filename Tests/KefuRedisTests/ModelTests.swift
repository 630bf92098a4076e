import Foundation
import KefuCore
import KefuRedis
import NIOPosix
import TestSupport
import Testing

// The scripts against ``SchedulerModel``: random operations of random instances, days in milliseconds. A failure
// prints its seed; `KEFU_MODEL_SEED` runs that one alone, `KEFU_MODEL_SEQUENCES` says how many are run.

@Suite struct ModelTests {
    private static let operations = 40
    private static let workers = 4

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    @Test func `Random sequences of operations answer and leave what the rules say`() async throws {
        let sequences = Self.number("KEFU_MODEL_SEQUENCES") ?? 2_000
        let only = Self.number("KEFU_MODEL_SEED")
        let first = only ?? UInt64.random(in: 0..<1 << 32)
        let count = only == nil ? sequences : 1
        let redis = try await PrivateRedis.startOwn()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let compared = try await withThrowingTaskGroup(of: Int.self) { tasks in
            for worker in 0..<UInt64(Self.workers) {
                tasks.addTask {
                    try await Self.work(redis, group, worker, first: first, count: count)
                }
            }
            return try await tasks.reduce(0, +)
        }
        try await group.shutdownGracefully()
        try await redis.stop()
        #expect(compared >= Int(count) * Self.operations)
    }

    /// Every ``workers``th sequence, each in an empty database of this worker.
    private static func work(
        _ redis: PrivateRedis, _ group: MultiThreadedEventLoopGroup, _ worker: UInt64, first: UInt64, count: UInt64
    ) async throws -> Int {
        var endpoint = redis.endpoint
        endpoint.database = Int(worker)
        let client = try RedisClient(
            endpoint: endpoint, group: group, scripts: TestStore.scripts.all, name: "model", limits: .patient,
            logger: .silent)
        try await eventually("the client is connected") { await client.waitUntilConnected(within: .seconds(1)) }
        var compared = 0
        for seed in stride(from: first + worker, to: first + count, by: workers) {
            var run = ModelRun(seed: seed, client: client)
            compared += try await run.run(operations: operations)
            _ = try await client.command("FLUSHDB")
        }
        await client.close()
        return compared
    }
}
