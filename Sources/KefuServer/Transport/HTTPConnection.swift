import Logging
import NIOCore
import NIOExtras
import NIOHTTP1

/// One connection: takes the parts of its requests, checks each head, gathers the body, runs the route on the
/// connection's own event loop and writes the answer in one piece. One request at a time, answered in order; while
/// one is being answered no more than one read of what follows is taken. After an error that leaves the byte stream
/// in doubt it answers, closes its own direction and waits briefly for the peer to do the same.
///
/// Belongs to its event loop; last in the pipeline, behind ``ArrivalWatch`` and NIO's request decoder.
final class HTTPConnection: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// Between two requests.
        case idle
        /// A head has begun to arrive.
        case head
        /// The head is accepted, its body is arriving.
        case body
        /// The request is complete and waits for room, see ``WaitingRoom``.
        case waiting
        /// The route is at work.
        case answering
        /// The answer does not fit into the channel's buffer yet.
        case writing
        /// The answer goes on: see HTTPConnection+Live.swift.
        case streaming
        /// A refusal is written; the rest of its request is dropped.
        case discarding
        /// The last answer is written; waiting for the peer to close.
        case lingering
        case closed
    }

    /// What came in while a request was being answered.
    enum Backlog {
        case part(HTTPServerRequestPart)
        case malformed(HTTPParserError)
        case inputClosed
    }

    let server: ServerContext
    let loop: LoopResources
    let room: WaitingRoom
    var context: ChannelHandlerContext?
    var timer: ConnectionTimer?
    var phase = Phase.idle
    var requestIDs = RequestID.Source()
    /// The request being read or answered.
    var exchange = Exchange()
    var body = ByteBuffer()
    /// Bytes of a refused body, or after the last answer.
    var discarded = 0
    var isQuiescing = false
    /// Bytes of the answer that the peer has not taken yet, see ``Admission/hold(answerBytes:)``.
    var unsentBytes = 0
    /// Requests in a row without a valid token.
    var failedTokens = 0
    /// Of an answer that goes on.
    var live: LiveState?
    private var backlog = CircularBuffer<Backlog>(initialCapacity: 0)
    private var isDeliveringBacklog = false
    private var isReading = false
    private var needsFlush = false
    private var readIsPending = false

    init(server: ServerContext, loop: LoopResources) {
        self.server = server
        self.loop = loop
        room = loop.waiting.value
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let timer = ConnectionTimer(eventLoop: context.eventLoop) { [weak self] in self?.deadlinePassed() }
        self.timer = timer
        timer.expire(at: .now() + server.deadlines.headers)
        if server.stopping.isDraining { quiesce() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        phase = .closed
        timer?.stop()
        backlog.removeAll()
        self.context = nil
        loseLive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        timer?.stop()
        releaseBody()
        releaseAnswer()
        loseLive()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: quiesce()
        case ChannelEvent.inputClosed: receive(.inputClosed)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError {
            receive(.malformed(error))
        } else if error is ByteToMessageDecoderError {
            // Bytes behind a malformed request: its answer is on the way or waits for its turn.
            return
        } else {
            server.logger.debug("connection failed", metadata: ["error": "\(error)"])
            context.close(promise: nil)
        }
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        receive(.part(unwrapInboundIn(data)))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, phase == .writing, !exchange.closes {
            releaseAnswer()
            becomeIdle()
        }
        if context.channel.isWritable { readerTookMore() }
        context.fireChannelWritabilityChanged()
    }

    /// Whether a request is being answered, or is to be.
    private var isBusy: Bool {
        switch phase {
        case .waiting, .answering, .writing, .streaming: true
        case .idle, .head, .body, .discarding, .lingering, .closed: false
        }
    }

    /// Beside an answer no more than one read is taken, so that a peer that waits for its answer costs no change of
    /// what the kernel is asked for; from one that takes its answer slowly, none.
    private var holdsReading: Bool { phase == .writing || isBusy && !backlog.isEmpty }

    /// Holds reading back while a request is being answered: the kernel's buffer then slows the peer down.
    func read(context: ChannelHandlerContext) {
        if holdsReading {
            readIsPending = true
        } else {
            context.read()
        }
    }

    private func receive(_ item: Backlog) {
        if phase == .streaming, case .inputClosed = item {
            context?.close(promise: nil)
        } else if isBusy || !backlog.isEmpty {
            backlog.append(item)
        } else {
            deliver(item)
        }
    }

    private func deliver(_ item: Backlog) {
        switch item {
        case .part(.head(let head)): headArrived(head)
        case .part(.body(let part)): bodyArrived(part)
        case .part(.end): endArrived()
        case .malformed(let error): malformed(error)
        case .inputClosed: inputClosed()
        }
    }

    /// The peer sends no more. What is written for it goes first: it may still be reading.
    private func inputClosed() {
        guard phase != .closed, let context else { return }
        guard phase != .lingering else { return context.close(promise: nil) }
        phase = .writing
        exchange.closes = true
        timer?.expire(at: .now() + server.deadlines.answer)
        let taken = context.eventLoop.makePromise(of: Void.self)
        taken.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        write(ByteBuffer(), promise: taken)
        flush()
    }

    /// Takes up the next request: first what is waiting already, then what the peer sends.
    func becomeIdle() {
        guard phase != .closed else { return }
        phase = .idle
        timer?.expire(at: .now() + (isQuiescing ? server.deadlines.idleGrace : server.deadlines.keepAlive))
        guard !isDeliveringBacklog else { return }
        isDeliveringBacklog = true
        while !isBusy, let item = backlog.popFirst() { deliver(item) }
        isDeliveringBacklog = false
        if !isReading { flush() }
        resumeReading()
    }

    func resumeReading() {
        guard readIsPending, !holdsReading else { return }
        readIsPending = false
        context?.read()
    }

    // MARK: Writing

    func write(_ buffer: ByteBuffer, promise: EventLoopPromise<Void>? = nil) {
        context?.write(wrapOutboundOut(buffer), promise: promise)
        needsFlush = true
    }

    /// Sends what is written, unless more may be written within this read.
    func flushUnlessReading() {
        if !isReading { flush() }
    }

    func flush() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
    }

    private func quiesce() {
        isQuiescing = true
        let now = NIODeadline.now()
        timer?.expireAll(at: now + server.deadlines.shutdownGrace)
        if phase == .idle { timer?.expire(at: now + server.deadlines.idleGrace) }
        if phase == .streaming { closeLive() }
    }
}

/// Sees the raw bytes before the parser does: a request begins with its first byte, not with its complete head.
final class ArrivalWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: HTTPConnection

    init(connection: HTTPConnection) { self.connection = connection }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if connection.bytesArrived(unwrapInboundIn(data).readableBytes) { context.fireChannelRead(data) }
    }
}
