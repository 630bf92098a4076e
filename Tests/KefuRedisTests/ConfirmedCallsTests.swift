import NIOPosix
import TestSupport
import Testing

@testable import KefuRedis

/// Calls that are answered when replicas have them.
@Suite struct ConfirmedCallsTests {
    private let append = RedisScript(
        name: "append", text: "#!lua\nredis.call('RPUSH', KEYS[1], ARGV[1]); return ARGV[1]")
    private let read = RedisScript(
        name: "read", text: "#!lua flags=no-writes\nreturn redis.call('LRANGE', KEYS[1], 0, -1)")

    private func call(_ script: RedisScript, _ argument: String = "a") -> ScriptCall {
        ScriptCall(script, keys: ["l"], arguments: [.string(argument)])
    }

    /// - Parameter limit: for replicas; by default a busy machine's.
    private func client(_ redis: PrivateRedis, limit: Duration = .seconds(60)) async throws -> RedisClient {
        var confirmation = try #require(ReplicaConfirmation(replicas: 1))
        confirmation.limit = limit
        let client = try RedisClient(
            endpoint: redis.endpoint, group: MultiThreadedEventLoopGroup(numberOfThreads: 1), name: "test",
            confirmation: confirmation, limits: .patient, logger: .silent)
        try await eventually("connected") { await client.waitUntilConnected(within: .seconds(1)) }
        return client
    }

    @Test func `A call is confirmed by a replica that follows, and in doubt when it does not`() async throws {
        let pair = try await ReplicaPair.start()
        let client = try await client(pair.primary)
        let hasty = try await self.client(pair.primary, limit: .milliseconds(100))
        // Whether Redis knows the scripts does not matter.
        for _ in 0..<2 {
            #expect(await client.runConfirmed([call(append)]) == [.success(.string("a"))])
            _ = try await pair.primary.answer("SCRIPT", "FLUSH")
        }
        #expect(try await pair.replica.image("l") == ["": KeyImage(.list(["a", "a"]))])
        await pair.replica.pause()
        let doubt = RedisClientError.outcomeUnknown("only 0 of 1 replicas have confirmed")
        let both = await hasty.runConfirmed([call(append, "b"), call(append, "c")])
        #expect(both == [.failure(doubt), .failure(doubt)])
        // Nor is what was only read told as certain, though it wrote nothing that a replica could miss.
        #expect(await hasty.runConfirmed([call(read)]) == [.failure(doubt)])
        await pair.replica.resume()
        try await eventually("confirmed again") {
            let all = RESPValue.array(["a", "a", "b", "c"].map { .string($0) })
            return await client.runConfirmed([call(read)]) == [.success(all)]
        }
        await hasty.close()
        await client.close()
        try await pair.stop()
    }

    @Test func `What others need is not held up by a wait, and calls that come in meanwhile share the next`()
        async throws
    {
        let redis = try await PrivateRedis.startOwn()
        let client = try await client(redis, limit: .milliseconds(750))
        let refused = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<50 {
                group.addTask {
                    let results = await client.runConfirmed([call(append, "\(number)")])
                    if case .failure = results[0] { return true } else { return false }
                }
            }
            // The wait holds up its own connection only.
            for _ in 0..<20 { #expect(await client.outcome("PING") == .success(.status("PONG"))) }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(refused == 50)
        #expect(try await redis.image("l").count == 1)
        let waits = try await redis.answer("INFO", "commandstats").text?.firstMatch(of: #/cmdstat_wait:calls=(\d+)/#)
        // One by one they would have been fifty.
        #expect(waits.flatMap { Int($0.1) }.map { $0 < 10 } == true)
        await client.close()
        try await redis.stop()
    }

    @Test func `The wait stands behind the call and the fence, on the same connection`() async throws {
        let pair = try await ReplicaPair.start()
        let client = try await client(pair.primary)
        _ = await client.runConfirmed([call(append)])
        _ = try await pair.primary.answer("CONFIG", "SET", "slowlog-log-slower-than", "0")
        _ = await client.runConfirmed([call(append), call(append)])
        _ = try await pair.primary.answer("CONFIG", "SET", "slowlog-log-slower-than", "-1")
        let rows = try await pair.primary.answer("SLOWLOG", "GET", "20").array ?? []
        let own = rows.reversed().compactMap { row -> (peer: String, command: [String])? in
            guard let row = row.array, row.count >= 6, row[5].text == "test" else { return nil }
            return (row[4].text ?? "", (row[3].array ?? []).compactMap(\.text))
        }
        let fence = try #require(ReplicaConfirmation(replicas: 1)).fence.script.sha1
        #expect(
            own.map { $0.command.prefix(2).joined(separator: " ").lowercased() } == [
                "evalsha \(append.sha1)", "evalsha \(append.sha1)", "evalsha \(fence)",
            ])
        // What blocks is not in that log, but it is the last that the connection sent.
        let clients = try await pair.primary.answer("CLIENT", "LIST").text?.split(whereSeparator: \.isNewline) ?? []
        let last = clients.filter { $0.contains("name=test") && $0.contains("cmd=wait") }
        #expect(last.count == 1 && Set(own.map(\.peer)).count == 1)
        #expect(last.first?.contains("addr=\(own.first?.peer ?? "") ") == true)
        await client.close()
        try await pair.stop()
    }

    @Test func `Errors stay errors, and a primary that has become a replica confirms nothing`() async throws {
        let pair = try await ReplicaPair.start()
        let client = try await client(pair.primary)
        let faulty = RedisScript(name: "faulty", text: "#!lua\nreturn redis.error_reply('ERR mine')")
        let results = await client.runConfirmed([call(faulty), call(append)])
        #expect(results == [.success(.error(RESPError("ERR mine"))), .success(.string("a"))])
        _ = try await pair.primary.answer("REPLICAOF", "127.0.0.1", "1")
        guard case .failure = await client.runConfirmed([call(read)])[0] else {
            Issue.record("confirmed by a replica")
            return
        }
        #expect(await client.runConfirmed([]) == [])
        await client.close()
        try await pair.stop()
    }
}
