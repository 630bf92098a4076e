import KefuCore
import KefuRedis
import Testing

@Suite struct RedisInfoTests {
    private static let healthy = [
        "redis_version": "7.0.15", "role": "master", "connected_slaves": "1", "aof_enabled": "1",
        "aof_last_write_status": "ok", "rdb_last_bgsave_status": "ok", "maxmemory": "1000", "used_memory": "999",
        "maxmemory_policy": "noeviction",
    ]

    private static func warnings(_ changes: [String: String], replicasNeeded: Int = 0) -> [StoreWarning] {
        let fields = healthy.merging(changes) { $1 }
        let text = "# Server\r\n" + fields.map { "\($0):\($1)\r\n" }.joined()
        return RedisInfo(text).warnings(replicasNeeded: replicasNeeded)
    }

    @Test(arguments: [
        (["redis_version": "6.2.14"], "old_redis"), (["role": "slave"], "replica"),
        (["aof_enabled": "0"], "not_persistent"), (["aof_last_write_status": "err"], "disk_failing"),
        (["rdb_last_bgsave_status": "err"], "disk_failing"), (["maxmemory_policy": "allkeys-lru"], "evicts"),
        (["used_memory": "1000"], "full"), (["connected_slaves": "0"], "too_few_replicas"),
    ])
    func `Each danger is warned of by itself`(changes: [String: String], word: String) {
        let warnings = Self.warnings(changes, replicasNeeded: 1)
        #expect(warnings.map(\.word) == [word])
        #expect(warnings.allSatisfy { !$0.detail.isEmpty })
    }

    @Test func `A Redis as it should be, or that says nothing, is not warned of`() {
        #expect(Self.warnings([:], replicasNeeded: 1) == [])
        #expect(Self.warnings(["redis_version": "10.0.0", "maxmemory": "0", "connected_slaves": "0"]) == [])
        #expect(RedisInfo("").warnings(replicasNeeded: 3) == [])
    }
}
