import KefuSocket
import NIOCore
import NIOHTTP1

/// Why there is no connection to the platform. The texts are English, for people, and hold no secret.
package enum ConnectorFailure: Error, Sendable, Equatable, CustomStringConvertible {
    case unreachable(String)
    /// The platform answered the handshake with something else than 101.
    case refused(status: UInt)
    /// It answered 101, but not as WebSocket asks for.
    case wrongAnswer(String)
    case timedOut
    /// The instance stops, or has lost the lease.
    case abandoned

    package var description: String {
        switch self {
        case .unreachable(let cause): "unreachable: \(cause)"
        case .refused(let status): "the platform answered the handshake with \(status)"
        case .wrongAnswer(let detail): "the platform's handshake is wrong: \(detail)"
        case .timedOut: "no handshake within the time limit"
        case .abandoned: "given up"
        }
    }
}

/// The client's half of the opening handshake (RFC 6455, section 4.1): asks, checks the answer, and gives the channel
/// to the session. Belongs to its event loop.
final class ClientHandshake: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let options: ConnectorOptions
    private let holding: ConnectorHolding
    private let session: SocketSession
    private let done: EventLoopPromise<Void>
    private let key = HandshakeKey.random()
    private var isUpgraded = false
    private var isDone = false

    /// - Parameter holding: nothing is said without it. The platform may refuse whoever comes with a smaller token than
    ///   before.
    init(_ options: ConnectorOptions, _ holding: ConnectorHolding, session: SocketSession, done: EventLoopPromise<Void>)
    {
        self.options = options
        self.holding = holding
        self.session = session
        self.done = done
    }

    /// Adds this handler and those it needs to the end of a pipeline.
    static func join(_ pipeline: ChannelPipeline.SynchronousOperations, _ handshake: ClientHandshake) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderListSize = 16 * 1024
        let decoder = HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits)
        try pipeline.addHandler(HTTPRequestEncoder())
        try pipeline.addHandler(ByteToMessageHandler(decoder))
        try pipeline.addHandler(handshake)
    }

    func channelActive(context: ChannelHandlerContext) {
        guard holding.isHeld else { return fail(.abandoned, context) }
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: options.address.target)
        head.headers = [
            "Host": options.address.authority, "Upgrade": "websocket", "Connection": "Upgrade",
            "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13", "X-Kefu-Fencing-Token": "\(holding.token)",
        ]
        if let name = options.subprotocol { head.headers.add(name: "Sec-WebSocket-Protocol", value: name) }
        for (name, value) in options.headers { head.headers.replaceOrAdd(name: name, value: value) }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Bytes behind the handshake, from the decoder that goes.
        if isDone { return context.fireChannelRead(data) }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if let failure = fault(of: head) { return fail(failure, context) }
            isUpgraded = true
        case .body: return
        case .end:
            guard isUpgraded else { return }
            isDone = true
            upgrade(context)
        }
    }

    private func fault(of head: HTTPResponseHead) -> ConnectorFailure? {
        guard head.status == .switchingProtocols else { return .refused(status: head.status.code) }
        let upgrade = head.headers[canonicalForm: "upgrade"].map { $0.lowercased() }
        let connection = head.headers[canonicalForm: "connection"].map { $0.lowercased() }
        guard upgrade == ["websocket"], connection.contains("upgrade") else { return .wrongAnswer("no upgrade") }
        guard head.headers["sec-websocket-accept"] == [HandshakeKey.accept(key)] else {
            return .wrongAnswer("another Sec-WebSocket-Accept")
        }
        guard head.headers["sec-websocket-extensions"].isEmpty else {
            return .wrongAnswer("an extension nobody asked for")
        }
        let names = head.headers["sec-websocket-protocol"]
        guard names == (options.subprotocol.map { [$0] } ?? []) else { return .wrongAnswer("another subprotocol") }
        return nil
    }

    /// The decoder watches what is written, too, and knows HTTP only: the session comes when it has gone.
    private func upgrade(_ context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        let held = HeldBytes()
        do {
            try pipeline.addHandler(held)
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
            pipeline.removeHandler(try pipeline.handler(type: HTTPRequestEncoder.self), promise: nil)
            pipeline.removeHandler(decoder).assumeIsolated().whenComplete { _ in
                // With it the opening frames leave.
                guard self.holding.isHeld else { return self.fail(.abandoned, context) }
                do {
                    try self.session.join(pipeline)
                    self.done.succeed()
                    held.release()
                    pipeline.removeHandler(held, promise: nil)
                    pipeline.removeHandler(self, promise: nil)
                } catch {
                    self.fail(.wrongAnswer("\(error)"), context)
                }
            }
        } catch {
            fail(.wrongAnswer("\(error)"), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let failure = error is HTTPParserError ? ConnectorFailure.wrongAnswer("no HTTP") : .unreachable("\(error)")
        fail(failure, context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        done.fail(ConnectorFailure.unreachable("closed during the handshake"))
        context.fireChannelInactive()
    }

    private func fail(_ failure: ConnectorFailure, _ context: ChannelHandlerContext) {
        done.fail(failure)
        context.close(promise: nil)
    }
}

/// Keeps the first frames until the session is there to read them. Belongs to its event loop.
private final class HeldBytes: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private var bytes: [ByteBuffer] = []
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { bytes.append(unwrapInboundIn(data)) }

    func release() {
        guard let context, !bytes.isEmpty else { return }
        for part in bytes { context.fireChannelRead(wrapInboundOut(part)) }
        bytes = []
        context.fireChannelReadComplete()
    }
}
