import KefuRedis
import NIOCore
import NIOPosix
import TestSupport
import Testing

@Suite struct ClientTests {
    private let group = MultiThreadedEventLoopGroup.singleton

    @Test func `Commands of one batch are answered in order`() async throws {
        let redis = try await PrivateRedis.shared
        let echo = RedisScript(name: "echo", text: "return ARGV[1]")
        let calls = (0..<1000).map { ScriptCall(echo, keys: [], arguments: [.integer($0)]) }
        let client = try await redis.client(on: group, scripts: [echo])
        #expect(await client.run(calls) == (0..<1000).map { .success(.string("\($0)")) })
        #expect(await client.run([]) == [])
        await client.close()
    }

    @Test func `Every caller gets its own reply, however many there are`() async throws {
        let redis = try await PrivateRedis.shared
        let client = try await redis.client(on: group)
        let loops = Array(group.makeIterator())
        await withTaskGroup { tasks in
            for task in 0..<100 {
                // A third runs on the loops, the others come from outside.
                let executor = task % 3 == 0 ? LoopExecutor(loop: loops[task % loops.count]) : nil
                tasks.addTask(executorPreference: executor) {
                    for turn in 0..<100 {
                        let size = (task * 7 + turn * 131) % 20_000
                        let text = "\(task).\(turn)." + String(repeating: "问", count: turn % 10 == 0 ? size : 3)
                        #expect(await client.outcome("ECHO", .string(text)) == .success(.string(text)))
                    }
                }
            }
            await tasks.waitForAll()
        }
        await client.close()
    }

    @Test func `A caller on a loop uses that loop's connection, in place`() async throws {
        let redis = try await PrivateRedis.shared
        let client = try await redis.client(on: group)
        var connections: Set<Int64> = []
        for loop in group.makeIterator() {
            let ids = try await withTaskExecutorPreference(LoopExecutor(loop: loop)) {
                var ids: Set<Int64> = []
                for _ in 0..<5 {
                    ids.insert(try await client.command("CLIENT", "ID").integer ?? 0)
                    #expect(loop.inEventLoop)
                }
                return ids
            }
            #expect(ids.count == 1)
            connections.formUnion(ids)
        }
        #expect(connections.count == Array(group.makeIterator()).count)
        await client.close()
    }

    @Test func `Callers from outside are spread over all connections`() async throws {
        let redis = try await PrivateRedis.shared
        let client = try await redis.client(on: MultiThreadedEventLoopGroup(numberOfThreads: 3))
        var connections: Set<Int64> = []
        for _ in 0..<3 { connections.insert(try await client.command("CLIENT", "ID").integer ?? 0) }
        #expect(connections.count == 3)
        await client.close()
    }

    @Test func `An error reply is a value, and the connection serves on`() async throws {
        let redis = try await PrivateRedis.shared
        let client = try await redis.client(on: group)
        let error = try await client.command("NOSUCH", "x").error
        #expect(error?.prefix == "ERR")
        #expect(try await client.command("PING") == .status("PONG"))
        await client.close()
    }

    @Test func `Commands are counted`() async throws {
        let redis = try await PrivateRedis.shared
        let client = try await redis.client(on: group)
        let before = client.commandsSent
        for _ in 0..<10 { _ = try await client.command("PING") }
        #expect(client.commandsSent == before + 10)
        await client.close()
    }

    @Test func `The image of a key space shows every kind of key, and only of that space`() async throws {
        let redis = try await PrivateRedis.shared
        let prefix = KeySpace.fresh()
        func call(_ verb: String, _ key: String, _ rest: String...) async throws {
            let reply = try await redis.admin.command(
                [.string(verb), .string(prefix + key)] + rest.map { .string($0) })
            #expect(reply.error == nil)
        }
        try await call("SET", "text", "v", "PX", "100000")
        try await call("HSET", "hash", "a", "1", "b", "2")
        try await call("ZADD", "zset", "1700000000123", "m")
        try await call("RPUSH", "list", "x", "y")
        try await call("SADD", "set", "s")
        try await call("XADD", "stream", "1-1", "f", "v")
        #expect(
            try await redis.image(prefix) == [
                "text": KeyImage(.string("v"), expires: true),
                "hash": KeyImage(.hash(["a": "1", "b": "2"])),
                "zset": KeyImage(.sortedSet(["m": 1_700_000_000_123])),
                "list": KeyImage(.list(["x", "y"])),
                "set": KeyImage(.set(["s"])),
                "stream": KeyImage(.stream([.init(id: "1-1", fields: ["f": "v"])])),
            ])
    }
}
