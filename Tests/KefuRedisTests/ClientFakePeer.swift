import KefuRedis
import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// A TCP server that answers whatever it is told to: what a Redis never should.
final class ClientFakePeer: Sendable {
    enum Answer: Sendable {
        case bytes(String)
        /// Then the connection is closed.
        case lastBytes(String)
        case silence
    }

    /// What signing in without password, database and scripts expects.
    static let welcome = "+OK\r\n+PONG\r\n"

    private let channel: any Channel
    private let counter: ConnectionCounter

    var endpoint: RedisEndpoint {
        RedisEndpoint(address: .tcp(host: "127.0.0.1", port: channel.localAddress?.port ?? 0))
    }

    /// - Parameter answer: to the n-th bytes (from 0) on the m-th connection (from 0).
    static func start(
        on group: MultiThreadedEventLoopGroup, _ answer: @escaping @Sendable (_ connection: Int, _ bytes: Int) -> Answer
    ) async throws -> ClientFakePeer {
        let counter = ConnectionCounter()
        let channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.addHandler(
                        PeerHandler(connection: counter.next(), answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ClientFakePeer(channel: channel, counter: counter)
    }

    private init(channel: any Channel, counter: ConnectionCounter) {
        self.channel = channel
        self.counter = counter
    }

    /// Connections so far.
    var accepted: Int { counter.count }

    func stop() async throws { try await channel.close() }
}

private final class ConnectionCounter: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func next() -> Int {
        value.withLock { value in
            defer { value += 1 }
            return value
        }
    }
}

private final class PeerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: Int
    private let answer: @Sendable (Int, Int) -> ClientFakePeer.Answer
    private var received = 0

    init(connection: Int, answer: @escaping @Sendable (Int, Int) -> ClientFakePeer.Answer) {
        self.connection = connection
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes: String
        var isLast = false
        switch answer(connection, received) {
        case .bytes(let text): bytes = text
        case .lastBytes(let text):
            bytes = text
            isLast = true
        case .silence: bytes = ""
        }
        received += 1
        context.writeAndFlush(NIOAny(ByteBuffer(string: bytes)), promise: nil)
        if isLast { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
