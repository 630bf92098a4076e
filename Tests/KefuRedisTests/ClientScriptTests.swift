import KefuRedis
import NIOPosix
import TestSupport
import Testing

/// Scripts through the client: the cache, its loss, and replicas.
@Suite struct ClientScriptTests {
    private let group = MultiThreadedEventLoopGroup.singleton
    private let append = RedisScript(name: "append", text: "redis.call('RPUSH', KEYS[1], ARGV[1]) return ARGV[1]")

    @Test func `Scripts are in the cache when the client is connected`() async throws {
        let redis = try await PrivateRedis.startOwn()
        let client = try await redis.client(on: group, scripts: [append])
        #expect(try await redis.answer("SCRIPT", "EXISTS", append.sha1) == .array([.integer(1)]))
        let before = client.commandsSent
        #expect(try await client.run(append, keys: ["l"], arguments: ["a"]) == .string("a"))
        #expect(client.commandsSent == before + 1)
        await client.close()
        try await redis.stop()
    }

    @Test func `After the cache is flushed a call is made once, by its text`() async throws {
        let redis = try await PrivateRedis.startOwn()
        let client = try await redis.client(on: group, scripts: [append])
        for turn in 0..<3 {
            _ = try await redis.answer("SCRIPT", "FLUSH")
            #expect(try await client.run(append, keys: ["l"], arguments: [.integer(turn)]) == .string("\(turn)"))
        }
        #expect(try await redis.image("") == ["l": KeyImage(.list(["0", "1", "2"]))])
        await client.close()
        try await redis.stop()
    }

    @Test func `After the cache is flushed a batch is made once, in order`() async throws {
        let redis = try await PrivateRedis.startOwn()
        let client = try await redis.client(on: group, scripts: [append])
        let numbers = (0..<200).map { "\($0)" }
        _ = try await redis.answer("SCRIPT", "FLUSH")
        let calls = numbers.map { ScriptCall(append, keys: ["l"], arguments: [.string($0)]) }
        #expect(await client.run(calls) == numbers.map { .success(.string($0)) })
        #expect(try await redis.image("") == ["l": KeyImage(.list(numbers))])
        await client.close()
        try await redis.stop()
    }

    @Test func `A script's error is a value, and in a batch it stays with its call`() async throws {
        let redis = try await PrivateRedis.shared
        let client = try await redis.client(on: group)
        let broken = RedisScript(name: "broken", text: "return redis.error_reply('MINE text')")
        #expect(try await client.run(broken, keys: [], arguments: []).error?.prefix == "MINE")
        let key = KeySpace.fresh()
        let replies = await client.run([
            ScriptCall(append, keys: [key], arguments: ["a"]), ScriptCall(broken, keys: [], arguments: []),
            ScriptCall(append, keys: [key], arguments: ["b"]),
        ])
        #expect(replies == [.success(.string("a")), .success(.error(RESPError("MINE text"))), .success(.string("b"))])
        await client.close()
    }

    @Test func `WAIT right behind a call says how many replicas have received it`() async throws {
        let port = Ports.free()
        let primary = try await PrivateRedis.startOwn(["--port", "\(port)", "--repl-diskless-sync-delay", "0"])
        let client = try await primary.client(on: group, scripts: [append])
        func run(_ limit: Duration) async throws -> ReplicatedReply {
            try await client.run(append, keys: ["l"], arguments: ["a"], waitForReplicas: 1, limit: limit)
        }
        #expect(try await run(.milliseconds(10)) == ReplicatedReply(reply: .string("a"), replicas: 0))
        let replica = try await PrivateRedis.startOwn(["--replicaof", "127.0.0.1 \(port)"])
        try await eventually("the replica follows") {
            try await replica.answer("INFO", "replication").text?.contains("master_link_status:up") == true
        }
        #expect(try await run(.seconds(10)) == ReplicatedReply(reply: .string("a"), replicas: 1))
        _ = try await primary.answer("SCRIPT", "FLUSH")
        #expect(try await run(.seconds(10)) == ReplicatedReply(reply: .string("a"), replicas: 1))
        #expect(try await replica.image("") == ["l": KeyImage(.list(["a", "a", "a"]))])
        await client.close()
        try await replica.stop()
        try await primary.stop()
    }

    @Test func `A primary that has become a replica is left, and found again when it is primary`() async throws {
        let redis = try await PrivateRedis.startOwn()
        let client = try await redis.client(on: MultiThreadedEventLoopGroup(numberOfThreads: 1))
        let before = try await client.command("CLIENT", "ID")
        _ = try await redis.answer("REPLICAOF", "127.0.0.1", "1")
        #expect(try await client.command("SET", "k", "v").error?.prefix == "READONLY")
        try await eventually("the connection is replaced") {
            guard case .success(let id) = await client.outcome("CLIENT", "ID") else { return false }
            return id != before
        }
        _ = try await redis.answer("REPLICAOF", "NO", "ONE")
        try await eventually("writes are taken again") {
            await client.outcome("SET", "k", "v") == .success(.status("OK"))
        }
        await client.close()
        try await redis.stop()
    }
}
