import KefuSocket
import NIOCore
import NIOPosix
import Synchronization

/// A platform that answers the handshake only when the test says so, and says nothing else.
final class SilentPlatform: Sendable {
    private struct State {
        var channel: (any Channel)?
        var handshake = ""
        var isAnswered = false
        var frameBytes = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let listening = Mutex<(any Channel)?>(nil)

    var handshake: String { state.withLock { $0.handshake } }

    /// What came once the handshake was answered.
    var frameBytes: Int { state.withLock { $0.frameBytes } }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    var port: Int { listening.withLock { $0?.localAddress?.port } ?? 0 }

    static func start() async throws -> SilentPlatform {
        let platform = SilentPlatform()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                platform.state.withLock { $0.channel = channel }
                channel.closeFuture.whenComplete { _ in platform.state.withLock { $0.isClosed = true } }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Ear(platform.hear))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        platform.listening.withLock { $0 = channel }
        return platform
    }

    private func hear(_ bytes: ByteBuffer) {
        state.withLock { state in
            if state.isAnswered {
                state.frameBytes += bytes.readableBytes
            } else {
                state.handshake += String(buffer: bytes)
            }
        }
    }

    /// Answers the handshake that it has heard.
    func accept() async throws {
        let channel = state.withLock { state in
            state.isAnswered = true
            return state.channel
        }
        let mark = "Sec-WebSocket-Key: "
        let line = handshake.split(separator: "\r\n").first { $0.hasPrefix(mark) } ?? ""
        let answer =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: \(HandshakeKey.accept(String(line.dropFirst(mark.count))))\r\n\r\n"
        try await channel?.writeAndFlush(ByteBuffer(string: answer)).get()
    }

    func stop() async throws { try await listening.withLock { $0 }?.close().get() }
}

private final class Ear: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let told: (ByteBuffer) -> Void

    init(_ told: @escaping (ByteBuffer) -> Void) { self.told = told }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { told(unwrapInboundIn(data)) }
}
