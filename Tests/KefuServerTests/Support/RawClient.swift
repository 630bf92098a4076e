import NIOCore
import NIOPosix
import NIOSSL

/// A TCP client that sends whatever bytes it is told to, so that wrong HTTP can be sent, and reads what comes back
/// as HTTP/1.1 answers with a `Content-Length`.
struct RawClient: Sendable {
    struct Closed: Error {}

    private let channel: any Channel
    private let inbox: NIOLoopBound<Inbox>

    /// - Parameters:
    ///   - readsNothing: a peer that never takes an answer.
    ///   - leavesWithServer: whether the client closes as soon as the server has; else it may go on sending.
    static func connect(
        port: Int, tls: NIOSSLContext? = nil, readsNothing: Bool = false, leavesWithServer: Bool = true
    ) async throws -> RawClient {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: !readsNothing)
            .channelOption(.socketOption(.so_rcvbuf), value: readsNothing ? 4_096 : 262_144)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let inbox = Inbox(leavesWithServer: leavesWithServer)
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: nil))
                    }
                    try channel.pipeline.syncOperations.addHandler(inbox)
                    return RawClient(channel: channel, inbox: NIOLoopBound(inbox, eventLoop: channel.eventLoop))
                }
            }
    }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }

    /// The next answer; fails when the peer closes before it is complete.
    ///
    /// - Parameter hasBody: false for the answer to HEAD.
    func answer(hasBody: Bool = true) async throws -> RawAnswer {
        try await channel.eventLoop.flatSubmit { [inbox, channel] in
            inbox.value.next(hasBody: hasBody, on: channel.eventLoop)
        }.get()
    }

    /// Everything that is left until the peer closes.
    func rest() async throws -> String { String(decoding: try await restBytes(), as: UTF8.self) }

    func restBytes() async throws -> [UInt8] {
        try await channel.eventLoop.flatSubmit { [inbox, channel] in inbox.value.end(on: channel.eventLoop) }.get()
    }

    /// What has come so far and was not taken; it stays.
    func arrived() async throws -> [UInt8] {
        try await channel.eventLoop.submit { [inbox] in inbox.value.arrived }.get()
    }

    func finishSending() async throws { try await channel.close(mode: .output) }

    /// Returns whether or not it was closed already.
    func close() async { _ = try? await channel.close() }

    /// One request and its answer.
    func exchange(
        _ method: String, _ target: String, headers: [String] = [], body: String? = nil
    ) async throws -> RawAnswer {
        try await send(Self.request(method, target, headers: headers, body: body))
        return try await answer(hasBody: method != "HEAD")
    }

    static func request(_ method: String, _ target: String, headers: [String] = [], body: String? = nil) -> String {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: test"] + headers
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }
}

/// Gathers what the server sends. Belongs to its event loop.
private final class Inbox: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let leavesWithServer: Bool
    private var received = ByteBuffer()
    private var isClosed = false
    private var waiting: (hasBody: Bool, promise: EventLoopPromise<RawAnswer>)?
    private var waitingForEnd: EventLoopPromise<[UInt8]>?

    init(leavesWithServer: Bool) { self.leavesWithServer = leavesWithServer }

    var arrived: [UInt8] { Array(received.readableBytesView) }

    func next(hasBody: Bool, on loop: any EventLoop) -> EventLoopFuture<RawAnswer> {
        let promise = loop.makePromise(of: RawAnswer.self)
        waiting = (hasBody, promise)
        deliver()
        return promise.futureResult
    }

    func end(on loop: any EventLoop) -> EventLoopFuture<[UInt8]> {
        let promise = loop.makePromise(of: [UInt8].self)
        waitingForEnd = promise
        deliver()
        return promise.futureResult
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        received.writeBuffer(&part)
        deliver()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed else { return }
        isClosed = true
        deliver()
        if leavesWithServer { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        deliver()
    }

    private func deliver() {
        if let (hasBody, promise) = waiting {
            if let answer = RawAnswer(&received, hasBody: hasBody) {
                waiting = nil
                promise.succeed(answer)
            } else if isClosed {
                waiting = nil
                promise.fail(RawClient.Closed())
            }
        }
        if isClosed, let promise = waitingForEnd {
            waitingForEnd = nil
            promise.succeed(received.readBytes(length: received.readableBytes) ?? [])
        }
    }
}
