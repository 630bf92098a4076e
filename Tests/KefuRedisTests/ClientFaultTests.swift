import KefuRedis
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

/// What goes wrong between Kefu and Redis. Each test has its own server or peer.
@Suite struct ClientFaultTests {
    private let group = MultiThreadedEventLoopGroup.singleton

    private var impatient: RedisClientLimits {
        var limits = RedisClientLimits()
        limits.replyDeadline = .seconds(1)
        return limits
    }

    @Test func `A server that is killed and comes back is found again, and meanwhile calls fail as not executed`()
        async throws
    {
        let redis = try await PrivateRedis.startOwn(["--appendonly", "yes"])
        let log = RecordedLog()
        let client = try await redis.client(on: MultiThreadedEventLoopGroup(numberOfThreads: 1), logger: log.logger)
        #expect(try await client.command("SET", "k", "v") == .status("OK"))
        try await redis.kill()
        try await eventually("the loss is noticed") { !client.isConnected }
        #expect(await client.outcome("PING").isUnavailable)
        try await redis.start()
        try await eventually("the client is back") { client.isConnected }
        #expect(try await client.command("GET", "k") == .string("v"))
        try await eventually("the return is logged") { log.lines.count == 3 }
        #expect(log.lines == ["Redis 已连接", "Redis 连接中断", "Redis 已连接"])
        await client.close()
        try await redis.stop()
    }

    @Test func `A command whose server dies before the answer has an unknown outcome`() async throws {
        let redis = try await PrivateRedis.startOwn()
        let client = try await redis.client(on: group)
        await redis.pause()
        let sent = client.commandsSent
        async let outcome = client.outcome("INCR", "n")
        try await eventually("the command is sent") { client.commandsSent > sent }
        // One more loop turn, so that it has left.
        for loop in group.makeIterator() { try await loop.submit {}.get() }
        try await redis.kill()
        #expect(await outcome.isUnknown)
        await client.close()
        try await redis.stop()
    }

    @Test func `A frozen server costs the deadline, the outcome is unknown, and its late answer reaches nobody`()
        async throws
    {
        let redis = try await PrivateRedis.startOwn()
        let client = try await redis.client(on: group, limits: impatient)
        await redis.pause()
        #expect(await client.outcome("ECHO", "late") == .failure(.outcomeUnknown("no reply within 1000 ms")))
        await redis.resume()
        try await eventually("all connections are replaced") { client.isConnected }
        for turn in 0..<20 {
            try await eventually("turn \(turn) has its own answer") {
                let outcome = await client.outcome("ECHO", .integer(turn))
                // A busy machine may be late again; another command's answer is never right.
                if case .success(let reply) = outcome { #expect(reply == .string("\(turn)")) }
                return (try? outcome.get()) != nil  // Late: asked again.
            }
        }
        await client.close()
        try await redis.stop()
    }

    @Test func `A frozen server is noticed without any command`() async throws {
        let redis = try await PrivateRedis.startOwn()
        var limits = impatient
        limits.idlePing = .milliseconds(100)
        let client = try await redis.client(on: group, limits: limits)
        await redis.pause()
        try await eventually("the silence is noticed") { !client.isConnected }
        await redis.resume()
        try await eventually("the client is back") { client.isConnected }
        await client.close()
        try await redis.stop()
    }

    @Test func `More commands than may wait are refused as not executed`() async throws {
        let redis = try await PrivateRedis.startOwn()
        var limits = RedisClientLimits()
        limits.pendingCommands = 10
        let client = try await redis.client(on: MultiThreadedEventLoopGroup(numberOfThreads: 1), limits: limits)
        let script = RedisScript(name: "one", text: "return 1")
        let call = ScriptCall(script, keys: [], arguments: [])
        #expect(
            await client.run(Array(repeating: call, count: 10)) == Array(repeating: .success(.integer(1)), count: 10))
        let refused = Result<RESPValue, RedisClientError>.failure(
            .unavailable("too many commands wait for their replies"))
        #expect(await client.run(Array(repeating: call, count: 11)) == Array(repeating: refused, count: 11))
        #expect(try await client.command("PING") == .status("PONG"))
        await client.close()
        try await redis.stop()
    }

    @Test(arguments: [
        ("-ERR fine\r\nHTTP/1.1 400\r\n", "protocol error"), ("?\r\n", "protocol error"),
        ("$10\r\nhalf", "lost"), ("", "lost"),
    ])
    func `A peer that talks nonsense or stops in the middle is left, and the outcome is unknown`(
        answer: String, reason: String
    ) async throws {
        let peer = try await ClientFakePeer.start(on: group) { connection, bytes in
            switch (connection, bytes) {
            case (_, 0): .bytes(ClientFakePeer.welcome)
            case (0, 1): .lastBytes(answer)
            default: .bytes("+fine\r\n")
            }
        }
        let client = try await connect(to: peer)
        let result = await client.outcome("PING")
        if answer.hasPrefix("-") {
            #expect(result == .success(.error(RESPError("ERR fine"))))
        } else if case .failure(.outcomeUnknown(let text)) = result {
            #expect(text.contains(reason))
        } else {
            Issue.record("\(result)")
        }
        try await eventually("a new connection") { peer.accepted == 2 }
        try await eventually("it serves") { client.isConnected }
        #expect(try await client.command("PING") == .status("fine"))
        await client.close()
        try await peer.stop()
    }

    @Test func `A reply too many ends the connection before it can reach anyone`() async throws {
        let peer = try await ClientFakePeer.start(on: group) { connection, bytes in
            switch (connection, bytes) {
            case (_, 0): .bytes(ClientFakePeer.welcome)
            case (0, _): .bytes("+mine\r\n+nobody's\r\n")
            default: .bytes("+fine\r\n")
            }
        }
        let client = try await connect(to: peer)
        #expect(try await client.command("PING") == .status("mine"))
        try await eventually("a new connection") { peer.accepted == 2 && client.isConnected }
        #expect(try await client.command("PING") == .status("fine"))
        await client.close()
        try await peer.stop()
    }

    @Test func `A server that loads its data is asked again until it is ready`() async throws {
        let peer = try await ClientFakePeer.start(on: group) { connection, _ in
            .bytes(
                connection < 3 ? "+OK\r\n-LOADING Redis is loading the dataset in memory\r\n" : ClientFakePeer.welcome)
        }
        let client = try await connect(to: peer)
        #expect(peer.accepted >= 4)
        await client.close()
        try await peer.stop()
    }

    @Test func `A peer that never answers the sign-in is given up and tried again`() async throws {
        let peer = try await ClientFakePeer.start(on: group) { connection, _ in
            connection == 0 ? .silence : .bytes(ClientFakePeer.welcome)
        }
        let client = try await connect(to: peer, limits: impatient)
        #expect(peer.accepted >= 2)
        await client.close()
        try await peer.stop()
    }

    @Test func `Closing answers what is under way, and later calls fail as not executed`() async throws {
        let redis = try await PrivateRedis.startOwn()
        let client = try await redis.client(on: group)
        await redis.pause()
        let sent = client.commandsSent
        async let reply = client.command("ECHO", "last")
        try await eventually("the command is sent") { client.commandsSent > sent }
        async let closed: Void = client.close()
        try await eventually("it takes no more") { !client.isConnected }
        await redis.resume()
        #expect(try await reply == .string("last"))
        await closed
        #expect(await client.outcome("PING") == .failure(.unavailable("closed by this side")))
        try await redis.stop()
    }

    private func connect(
        to peer: ClientFakePeer, limits: RedisClientLimits = .patient
    ) async throws -> RedisClient {
        let client = try RedisClient(
            endpoint: peer.endpoint, group: MultiThreadedEventLoopGroup(numberOfThreads: 1), limits: limits,
            logger: .silent)
        try await eventually("the client is connected") { await client.waitUntilConnected(within: .seconds(1)) }
        return client
    }
}
