import KefuCore
import Logging
import NIOCore
import NIOWebSocket

/// One WebSocket connection behind its handshake, whoever opened it: reads text frames, has their events applied in
/// order, a batch at a time, and acknowledges each once the store has it. While a batch is with the store the next
/// one is read; while too much waits, or the peer does not take its answers, nothing is. Also carries action frames
/// and their answers: see SocketSession+Actions.swift.
///
/// Belongs to its event loop; last in the pipeline, behind NIO's frame decoder. After an error of the peer it finishes
/// what came before it, says why in a close frame, and waits briefly for the peer to close.
package final class SocketSession: ChannelDuplexHandler {
    package typealias InboundIn = WebSocketFrame
    package typealias OutboundIn = Never
    package typealias OutboundOut = ByteBuffer

    enum Phase: Equatable {
        case open
        /// Reads no more; ends with this frame when all events are applied. Nil: the peer has gone without a word.
        case finishing(SocketClose?)
        /// The close frame is written; waiting for the peer's, or for the end of its stream.
        case closing
        /// Given up: nothing is said or heard any more, whatever the channel needs for its end (TLS says goodbye).
        case dropped
        case closed

        var mayWrite: Bool {
            switch self {
            case .open, .finishing: true
            case .closing, .dropped, .closed: false
            }
        }
    }

    let role: SocketRole
    let limits: SocketLimits
    let dialect: any PlatformDialect
    let logger: Logger
    let intake: any SocketIntake
    let executor: any TaskExecutor
    private let mustLeave: @Sendable () -> Bool
    private let opening: [[UInt8]]

    var context: ChannelHandlerContext?
    var eventLoop: (any EventLoop)?
    var phase = Phase.open
    var asks = AskList()
    private(set) var assembler: MessageAssembler
    var memory: SocketMemory
    var pending = CircularBuffer<(frame: EventFrame, bytes: Int)>(initialCapacity: 0)
    var pendingEvents = 0
    var pendingBytes = 0
    /// Whether a batch is with the store.
    var isTaking = false
    let turns: SocketTurns?
    /// Whether it waits for its turn.
    var isWaiting = false
    var isReading = false
    private var needsFlush = false
    var deafness = Deafness()
    /// Of whether actions can go out.
    var watcher: (wasUp: Bool, told: (Bool) -> Void)?
    var look: Scheduled<Void>?
    /// When the dialect's heartbeat is due.
    var beatAt = NIODeadline.distantFuture
    var heardAt = NIODeadline.now()
    var pingedAt: NIODeadline?
    var stuckSince: NIODeadline?
    var endsBy = NIODeadline.distantFuture
    var endPromise: EventLoopPromise<SocketClose?>?
    var ending: SocketClose?
    /// Whether the peer's close frame has come.
    var peerClosed = false
    package let lastFrame = LastFrame()
    let presence = SocketPresence()

    /// - Parameters:
    ///   - executor: runs on the connection's event loop.
    ///   - budget: shared with other connections; nil for one that stands alone.
    ///   - turns: of the connections of this event loop; nil for one that waits for nobody.
    ///   - opening: frames to be sent before anything else.
    ///   - mustLeave: whether the instance is leaving: then the connection ends as soon as it begins.
    package init(
        role: SocketRole, dialect: any PlatformDialect, intake: any SocketIntake, executor: any TaskExecutor,
        limits: SocketLimits, budget: (any SocketBudget)? = nil, turns: SocketTurns? = nil, opening: [[UInt8]] = [],
        mustLeave: @escaping @Sendable () -> Bool = { false }, logger: Logger
    ) {
        self.role = role
        self.dialect = dialect
        self.intake = intake
        self.executor = executor
        self.limits = limits
        memory = SocketMemory(budget: budget)
        self.turns = turns
        self.opening = opening
        self.mustLeave = mustLeave
        self.logger = logger
        assembler = MessageAssembler(role: role, limit: limits.message, fragmentLimit: limits.fragments)
    }

    /// Adds a decoder and this session to the end of a pipeline whose handshake is done.
    package func join(_ pipeline: ChannelPipeline.SynchronousOperations) throws {
        if memory.budget != nil { try pipeline.addHandler(ByteWatch(self)) }
        try pipeline.addHandler(ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: limits.message)))
        try pipeline.addHandler(self)
    }

    /// Succeeds when the connection is closed and nothing of it is under way: with the peer's close frame, or ours.
    package func ended(on eventLoop: any EventLoop) -> EventLoopFuture<SocketClose?> {
        eventLoop.preconditionInEventLoop()
        let promise = endPromise ?? eventLoop.makePromise()
        endPromise = promise
        if phase == .closed, !isTaking { promise.succeed(ending) }
        return promise.futureResult
    }

    // MARK: Life

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        eventLoop = context.eventLoop
        heardAt = now
        for frame in opening { write(.text, frame) }
        beatAt = role == .client && dialect.heartbeat != nil ? now : .distantFuture
        flush()
        scheduleLook()
        if mustLeave() { finish(.leaving) }
        context.read()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        gone()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        gone()
    }

    private func gone() {
        context = nil
        guard phase != .closed else { return }
        phase = .closed
        look?.cancel()
        presence.end()
        tellStanding()
        asks.failAll()
        // What was read is applied all the same: the peer may not send it again.
        startBatch()
        settleMemory()
        finishIfIdle()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: finish(.leaving)
        case ChannelEvent.inputClosed: finish(nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: finish(.tooBig)
        case is NIOWebSocketError: finish(.protocolError)
        case is ByteToMessageDecoderError: return  // Bytes behind the frame that broke the rules.
        default:
            logger.debug("socket failed", metadata: ["error": "\(error)"])
            context.close(promise: nil)
        }
    }

    // MARK: Reading

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        heardAt = now
        pingedAt = nil
        let frame = unwrapInboundIn(data)
        memory.unread -= frame.size
        switch phase {
        case .open: step(assembler.take(frame))
        case .closing: if frame.opcode == .connectionClose { context.close(promise: nil) }
        case .finishing, .dropped, .closed: return
        }
    }

    private func step(_ step: MessageAssembler.Step) {
        switch step {
        case .none: return
        case .message(let text): message(text)
        case .ping(let contents): write(.pong, Array(buffer: contents))
        case .close(let close):
            peerClosed = true
            ending = close ?? SocketClose(1005, "no code")
            finish(close.map { SocketClose($0.code) } ?? .done)
        case .violation(let close):
            logger.debug("socket broke a rule", metadata: ["code": "\(close.code)", "reason": "\(close.reason)"])
            finish(close)
        }
    }

    private func message(_ text: ByteBuffer) {
        lastFrame.note(heardAt)
        switch text.withUnsafeReadableBytes({ dialect.read($0) }) {
        case .events(let frame):
            pending.append((frame, text.readableBytes))
            pendingEvents += frame.events.count
            pendingBytes += text.readableBytes
        case .answer(let answer): asks.answered(answer)
        case .reply(let frame): write(.text, frame)
        case .ignored: return
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        startBatch()
        settleMemory()
        flush()
        context.fireChannelReadComplete()
    }

    /// Holds reading back: the kernel's buffer then slows the peer down.
    package func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { deafness.begin(at: now) }
    }

    var mayRead: Bool {
        switch phase {
        case .open:
            pendingEvents < limits.pendingEvents && pendingBytes < limits.pendingBytes && !memory.isShort
                && !isWaiting && context?.channel.isWritable == true
        case .finishing: false
        case .closing, .dropped, .closed: true
        }
    }

    func resumeReading() {
        guard deafness.isNow, mayRead else { return }
        deafness.end(at: now)
        heardAt = now
        context?.read()
        tellStanding()
        sendWaitingAsks()
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            stuckSince = nil
            sendWaitingAsks()
            startBatch()
            resumeReading()
        } else {
            stuckSince = now
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: Writing

    func write(_ opcode: WebSocketOpcode, _ contents: [UInt8]) { write([contents], opcode) }

    /// Each as a frame of its own, in one piece.
    func write(_ frames: [[UInt8]], _ opcode: WebSocketOpcode = .text) {
        guard let context, phase.mayWrite, !frames.isEmpty else { return }
        let size = frames.reduce(0) { $0 + $1.count + 14 }
        var buffer = context.channel.allocator.buffer(capacity: size)
        for frame in frames { buffer.writeFrame(opcode, frame, as: role) }
        context.write(wrapOutboundOut(buffer), promise: nil)
        needsFlush = true
    }

    func flush() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }
}
