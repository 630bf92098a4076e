import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import KefuRedis

/// What a client makes of what sentinels say: here they are peers that say what the test wants. Real ones are asked
/// in `FailoverTests`.
@Suite struct SentinelTests {
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    private static func address(_ port: Int) -> String {
        "*2\r\n$9\r\n127.0.0.1\r\n$\("\(port)".utf8.count)\r\n\(port)\r\n"
    }

    /// Time enough on a busy machine; a sentinel's, for those that stay silent, is not without end.
    private static var patient: RedisClientLimits {
        var limits = RedisClientLimits.patient
        limits.sentinelTime = .seconds(3)
        return limits
    }

    private func client(_ peers: [ClientFakePeer], limits: RedisClientLimits? = nil) throws -> RedisClient {
        let hosts = peers.compactMap { peer -> SentinelGroup.Host? in
            guard case .tcp(let host, let port) = peer.endpoint.address else { return nil }
            return SentinelGroup.Host(host, port)
        }
        let endpoint = RedisEndpoint(address: .sentinels(SentinelGroup(hosts: hosts, primary: "main")))
        return try RedisClient(endpoint: endpoint, group: group, limits: limits ?? Self.patient, logger: .silent)
    }

    private func refusal(_ client: RedisClient) async throws -> String {
        var reason = ""
        try await eventually("an attempt has failed") {
            guard case .failure(.unavailable(let text)) = await client.outcome("PING") else { return false }
            reason = text
            return reason != "not connected yet"
        }
        return reason
    }

    @Test func `Silent, dead and ignorant sentinels are passed over, and the one that knew is asked first`()
        async throws
    {
        let port = Ports.free()
        let redis = try await PrivateRedis.startOwn(["--port", "\(port)", "--bind", "127.0.0.1"])
        let silent = try await ClientFakePeer.start(on: .singleton) { _, _ in .silence }
        let ignorant = try await ClientFakePeer.start(on: .singleton) { _, _ in .bytes("*-1\r\n") }
        let dead = try await ClientFakePeer.start(on: .singleton) { _, _ in .silence }
        let knowing = try await ClientFakePeer.start(on: .singleton) { _, _ in .bytes(Self.address(port)) }
        let client = try client([silent, dead, ignorant, knowing])
        try await dead.stop()
        try await eventually("connected") { client.isConnected }
        #expect(try await client.command("PING") == .status("PONG"))
        #expect(client.server == .tcp(host: "127.0.0.1", port: port))
        let (asked, before) = (silent.accepted, knowing.accepted)
        let id = try await client.command("CLIENT", "ID").integer ?? 0
        _ = try await redis.answer("CLIENT", "KILL", "ID", "\(id)")
        try await eventually("connected again") { knowing.accepted > before && client.isConnected }
        #expect(silent.accepted == asked)
        await client.close()
        for peer in [silent, ignorant, knowing] { try await peer.stop() }
        try await redis.stop()
    }

    @Test func `No sentinel to ask, and a name that they do not know, are told apart`() async throws {
        let silent = try await ClientFakePeer.start(on: .singleton) { _, _ in .silence }
        let refusing = try await ClientFakePeer.start(on: .singleton) { _, _ in .bytes("-NOAUTH Authentication\r\n") }
        let ignorant = try await ClientFakePeer.start(on: .singleton) { _, _ in .bytes("*-1\r\n") }
        let unanswered = try client([silent, refusing])
        let reason = try await refusal(unanswered)
        #expect(
            reason.hasPrefix("no sentinel tells the primary: \(silent.endpoint.address): no reply within 3000 ms; "))
        #expect(reason.hasSuffix("\(refusing.endpoint.address): NOAUTH Authentication"))
        await unanswered.close()
        let unknown = try client([silent, ignorant, refusing])
        #expect(try await refusal(unknown) == "the sentinels know no primary named 'main'")
        await unknown.close()
        for peer in [silent, refusing, ignorant] { try await peer.stop() }
    }

    @Test func `A server that is not the primary is not used, whatever the sentinels say`() async throws {
        let pair = try await ReplicaPair.start()
        let sentinel = try await ClientFakePeer.start(on: .singleton) { _, _ in
            .bytes(Self.address(pair.ports.replica))
        }
        let client = try client([sentinel])
        #expect(try await refusal(client) == "this server is a replica of 127.0.0.1:\(pair.ports.primary)")
        _ = try await pair.replica.answer("REPLICAOF", "NO", "ONE")
        try await eventually("it is used when it is") { client.isConnected }
        await client.close()
        try await sentinel.stop()
        try await pair.stop()
    }

    @Test func `A sentinel that is out of date keeps nobody from the primary, nor makes anybody leave it`() async throws
    {
        let port = Ports.free()
        let redis = try await PrivateRedis.startOwn(["--port", "\(port)", "--bind", "127.0.0.1"])
        let gone = Ports.free()
        let stale = try await ClientFakePeer.start(on: .singleton) { _, _ in .bytes(Self.address(gone)) }
        // Asked by the third check it fails, so that the other is.
        let knowing = try await ClientFakePeer.start(on: .singleton) { connection, _ in
            .bytes(connection == 3 ? "-ERR not now\r\n" : Self.address(port))
        }
        var limits = Self.patient
        limits.primaryCheck = .milliseconds(50)
        let client = try client([stale, knowing], limits: limits)
        try await eventually("connected") { client.isConnected }
        let id = try await client.command("CLIENT", "ID")
        let asked = knowing.accepted
        try await eventually("asked again") { knowing.accepted > asked + 5 }
        #expect(try await client.command("CLIENT", "ID") == id)
        await client.close()
        try await stale.stop()
        try await knowing.stop()
        try await redis.stop()
    }

    @Test func `A primary that was replaced and does not know it is left`() async throws {
        let ports = (Ports.free(), Ports.free())
        let old = try await PrivateRedis.startOwn(["--port", "\(ports.0)", "--bind", "127.0.0.1"])
        let new = try await PrivateRedis.startOwn(["--port", "\(ports.1)", "--bind", "127.0.0.1"])
        let named = Mutex(ports.0)
        let sentinel = try await ClientFakePeer.start(on: .singleton) { _, _ in
            .bytes(Self.address(named.withLock { $0 }))
        }
        var limits = Self.patient
        limits.primaryCheck = .milliseconds(100)
        let client = try client([sentinel], limits: limits)
        try await eventually("connected") { client.isConnected }
        #expect(client.server == .tcp(host: "127.0.0.1", port: ports.0))
        // The same answer is no reason to leave.
        let seen = sentinel.accepted
        try await eventually("asked again") { sentinel.accepted > seen + 2 }
        #expect(client.isConnected)
        named.withLock { $0 = ports.1 }
        try await eventually("the new one is used") { client.server == .tcp(host: "127.0.0.1", port: ports.1) }
        try await eventually("it serves") { await client.outcome("PING") == .success(.status("PONG")) }
        await client.close()
        try await sentinel.stop()
        try await old.stop()
        try await new.stop()
    }

    @Test func `Closing ends a search for the primary`() async throws {
        let silent = try await ClientFakePeer.start(on: .singleton) { _, _ in .silence }
        let client = try client([silent])
        try await eventually("asked") { silent.accepted > 0 }
        await client.close()
        #expect(await client.outcome("PING") == .failure(.unavailable("closed by this side")))
        try await silent.stop()
    }
}
