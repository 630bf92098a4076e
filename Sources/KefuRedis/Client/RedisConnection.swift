import Metrics
import NIOCore

/// One connection to Redis, as the last handler of its channel: writes commands, pairs replies with their callers.
///
/// Commands gather in one buffer that leaves at the end of the loop tick, or as soon as it is worth a write
/// (``worthwhile``). After any failure (deadline, protocol error, lost socket) the connection is over: everyone who
/// waits is told, and whoever owns it makes a new one.
///
/// Belongs to its event loop: every method must be called there, and asserts it.
final class RedisConnection {
    typealias Caller = CheckedContinuation<Result<RESPValue, RedisClientError>, Never>

    /// Who waits for a reply.
    enum Waiter {
        case caller(Caller)
        case batch(ReplyBatch, index: Int)
        case login(RedisLogin.Step)
        case ping
    }

    private enum State {
        /// Before the channel is active.
        case idle
        /// Signing in; no caller's command yet.
        case login(RedisLogin)
        case open
        /// Answers what is under way, then closes.
        case draining
        case closed
    }

    let eventLoop: any EventLoop
    private let connector: RedisConnector
    private let countCommand: () -> Void
    private let roundTrip: Timer
    private let readiness: EventLoopPromise<Void>
    private let closing: EventLoopPromise<String>
    private var state = State.idle
    private var pending: PendingReplies<Waiter>
    private var reader: RESPReader
    private var outgoing: ByteBuffer
    /// Callers' commands in `outgoing`.
    private var gathered = 0
    private var isFlushScheduled = false
    private var watch: Scheduled<Void>?
    private var watchTime = NIODeadline.distantFuture
    /// Whether an overdue reply has got its last chance: what a busy loop has not read yet is not late.
    private var isLastChance = false
    private var context: ChannelHandlerContext?
    private var closeReason: String?
    /// What sign-in could do without, in English.
    private(set) var complaints: [String] = []
    /// Where the primary is, when this was a sentinel.
    private(set) var primary: RedisEndpoint.Address?
    /// Of the server.
    var address: RedisEndpoint.Address { connector.address }

    /// So many callers' commands leave before the end of the tick. Redis works on them while this loop makes the next
    /// ones; all in one write the two would take turns, and a core would always be idle. (With 4 the rates are the
    /// same, but an event that meets nobody costs Redis a third more, for its own reads and writes.)
    static let worthwhile = 12
    /// A buffer that a big batch has blown up beyond this is not kept.
    private static let keptBuffer = 1 << 16

    init(
        connector: RedisConnector, eventLoop: any EventLoop, metrics: RedisClientMetrics = .unobserved,
        countCommand: @escaping () -> Void
    ) {
        self.connector = connector
        self.eventLoop = eventLoop
        self.countCommand = countCommand
        roundTrip = metrics.roundTrip
        self.readiness = eventLoop.makePromise()
        self.closing = eventLoop.makePromise()
        self.pending = PendingReplies(limits: connector.limits, now: .now())
        self.reader = RESPReader(limits: connector.limits)
        self.outgoing = ByteBuffer()
    }

    /// Succeeds when signed in; fails when the connection closes before.
    var ready: EventLoopFuture<Void> { readiness.futureResult }

    /// Succeeds when it is over, with the reason in English.
    var closed: EventLoopFuture<String> { closing.futureResult }

    private var isOpen: Bool { if case .open = state { true } else { false } }

    // MARK: Commands

    /// Sends one command for a caller, or refuses it at once.
    func send(_ command: RESPCommand, extraTime: TimeAmount, to caller: Caller) {
        if let refusal = refusal(of: 1, isUrgent: command.isUrgent) {
            return caller.resume(returning: .failure(refusal))
        }
        write(command, for: .caller(caller), extraTime: extraTime)
        gathered += 1
        if gathered >= Self.worthwhile { flush() }
    }

    /// Sends commands in order, or refuses all of them at once.
    func send(_ commands: [RESPCommand], extraTime: TimeAmount, to batch: ReplyBatch) {
        let isUrgent = commands.contains { $0.isUrgent && $0.isScript }
        if let refusal = refusal(of: commands.count, isUrgent: isUrgent) { return batch.fail(refusal) }
        for (index, command) in commands.enumerated() {
            write(command, for: .batch(batch, index: index), extraTime: extraTime)
        }
    }

    /// Takes no more commands, and closes when those under way are answered.
    func drain(_ reason: String) {
        eventLoop.preconditionInEventLoop()
        switch state {
        case .open:
            state = .draining
            closeReason = reason
            if pending.isEmpty { close(reason) }
        case .idle, .login: close(reason)
        case .draining, .closed: break
        }
    }

    private func refusal(of count: Int, isUrgent: Bool) -> RedisClientError? {
        eventLoop.preconditionInEventLoop()
        guard isOpen else { return .unavailable(closeReason ?? "the connection is closing") }
        guard pending.hasRoom(for: count), isUrgent || !pending.isCrowded(with: count, now: .now()) else {
            return .unavailable("too many commands wait for their replies")
        }
        return nil
    }

    private func write(_ command: RESPCommand, for waiter: Waiter, extraTime: TimeAmount = .zero) {
        let before = outgoing.writerIndex
        let now = NIODeadline.now()
        command.write(into: &outgoing)
        pending.append(waiter, bytes: outgoing.writerIndex - before, now: now, extraTime: extraTime)
        countCommand()
        scheduleFlush()
        if case .sleep(let time) = pending.watch(now: now), time < watchTime { setWatch(at: time) }
    }

    private func scheduleFlush() {
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        eventLoop.assumeIsolated().execute {
            self.isFlushScheduled = false
            self.flush()
        }
    }

    private func flush() {
        gathered = 0
        guard let context, outgoing.readableBytes > 0 else { return }
        pending.markSent()
        context.writeAndFlush(NIOAny(outgoing), promise: nil)
        if outgoing.capacity > Self.keptBuffer { outgoing = ByteBuffer() } else { outgoing.clear() }
    }

    // MARK: Replies

    private func receive(_ bytes: ByteBuffer) throws(RESPReader.ProtocolError) {
        try reader.feed(bytes)
        let now = NIODeadline.now()
        while let reply = try reader.next() {
            guard let (waiter, since) = pending.takeFirst() else {
                throw RESPReader.ProtocolError(description: "a reply that nobody asked for")
            }
            if isOpen { roundTrip.recordNanoseconds((now - since).nanoseconds) }
            deliver(reply, to: waiter)
            if case .closed = state { return }
        }
        if case .draining = state, pending.isEmpty { close("drained") }
    }

    private func deliver(_ reply: RESPValue, to waiter: Waiter) {
        // The primary has become a replica, or the user's rights have changed: new commands belong elsewhere.
        if let error = reply.error, error.has(prefix: "READONLY") || error.refusesScripts, isOpen {
            closeReason = error.text
            state = .draining
        }
        switch waiter {
        case .caller(let continuation): continuation.resume(returning: .success(reply))
        case .batch(let batch, let index): batch.set(.success(reply), at: index)
        case .login(let step): advanceLogin(step, reply)
        case .ping: break
        }
    }

    private func advanceLogin(_ step: RedisLogin.Step, _ reply: RESPValue) {
        guard case .login(var login) = state else { return }
        switch login.take(reply, for: step) {
        case .goOn: state = .login(login)
        case .done:
            complaints = login.complaints
            primary = login.primary
            state = .open
            readiness.succeed()
        case .fail(let reason): close(reason)
        }
    }

    // MARK: Watching

    /// One timer a connection: it looks at the oldest command only.
    private func setWatch(at time: NIODeadline) {
        watch?.cancel()
        watchTime = time
        watch = eventLoop.assumeIsolated().scheduleTask(deadline: time) { self.look() }
    }

    private func look() {
        watchTime = .distantFuture
        switch pending.watch(now: .now()) {
        case .overdue where !isLastChance:
            // The sockets are read before this comes again.
            isLastChance = true
            setWatch(at: .now())
        case .overdue: close("no reply within \(connector.limits.replyDeadline.nanoseconds / 1_000_000) ms")
        case .idle: write(.plain(["PING"]), for: .ping)
        case .sleep(let time): setWatch(at: time)
        }
    }

    // MARK: The end

    /// Closes at once: the channel could not be made, or is of no more use.
    func close(_ reason: String) {
        eventLoop.preconditionInEventLoop()
        if case .closed = state { return }
        state = .closed
        if closeReason == nil { closeReason = reason }
        watch?.cancel()
        let context = context
        self.context = nil
        let text = closeReason ?? reason
        // The owner first: who hears of the failure must not be led to this connection again.
        readiness.fail(RedisClientError.unavailable(text))
        closing.succeed(text)
        for (waiter, wasSent) in pending.removeAll() {
            let error = wasSent ? RedisClientError.outcomeUnknown(text) : .unavailable(text)
            switch waiter {
            case .caller(let continuation): continuation.resume(returning: .failure(error))
            case .batch(let batch, let index): batch.set(.failure(error), at: index)
            case .login, .ping: break
            }
        }
        context?.close(promise: nil)
    }
}

extension RedisConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { start() }
    }

    func handlerRemoved(context: ChannelHandlerContext) { close("the channel was taken down") }

    func channelActive(context: ChannelHandlerContext) {
        start()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        close("the connection was lost")
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .closed = state { return }
        do {
            try receive(unwrapInboundIn(data))
        } catch {
            close("protocol error: \(error)")
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        pending.heard(now: .now())
        isLastChance = false
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close("\(error)") }

    private func start() {
        guard case .idle = state else { return }
        state = .login(connector.login)
        for (step, command) in connector.login.commands { write(command, for: .login(step)) }
        scheduleFlush()
    }
}
