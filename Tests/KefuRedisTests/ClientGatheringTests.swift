import NIOCore
import NIOEmbedded
import Testing

@testable import KefuRedis

struct ClientGatheringTests {
    @Test func `Enough commands leave without waiting for the end of the tick, fewer at its end`() async throws {
        let channel = EmbeddedChannel()
        let connection = try Self.signedIn(on: channel)
        nonisolated(unsafe) let sender = connection
        var callers: [Task<Result<RESPValue, RedisClientError>, Never>] = []
        func send(_ count: Int) {
            for _ in 0..<count {
                callers.append(
                    Task.immediate {
                        await withCheckedContinuation { sender.send(.plain(["PING"]), extraTime: .zero, to: $0) }
                    })
            }
        }
        func left() throws -> Int? {
            try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0).split(separator: "PING").count - 1 }
        }

        let enough = RedisConnection.worthwhile
        send(enough - 1)
        #expect(try left() == nil)
        send(1)
        #expect(try left() == enough)
        send(enough + 1)
        #expect(try left() == enough)
        #expect(try left() == nil)
        channel.embeddedEventLoop.run()
        #expect(try left() == 1)
        #expect(try left() == nil)

        // A reply for each: what left early is waited for like the rest.
        try channel.writeInbound(ByteBuffer(string: String(repeating: "+PONG\r\n", count: callers.count)))
        connection.close("the end of the test")
        channel.embeddedEventLoop.run()
        _ = try channel.finish(acceptAlreadyClosed: true)
        for caller in callers { #expect(await caller.value == .success(.status("PONG"))) }
    }

    private static func signedIn(on channel: EmbeddedChannel) throws -> RedisConnection {
        let endpoint = RedisEndpoint(address: .unixSocket(path: "/none"))
        let connector = try RedisConnector(
            endpoint, login: RedisLogin(endpoint, scripts: [], name: "kefu"), limits: RedisClientLimits())
        let connection = RedisConnection(connector: connector, eventLoop: channel.eventLoop) {}
        try channel.pipeline.syncOperations.addHandler(connection)
        channel.pipeline.fireChannelActive()
        channel.embeddedEventLoop.run()
        try channel.writeInbound(ByteBuffer(string: "+OK\r\n+PONG\r\n"))
        while try channel.readOutbound(as: ByteBuffer.self) != nil {}
        return connection
    }
}
