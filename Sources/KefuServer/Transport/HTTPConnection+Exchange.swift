import KefuCore
import Logging
import NIOCore
import NIOHTTP1

/// What a connection knows of the request that it is reading or answering.
struct Exchange {
    var requestID = ""
    var startedAt = NIODeadline.uptimeNanoseconds(0)
    /// Whether the peer, or the state of the byte stream, wants the connection closed after the answer.
    var closes = false
    var confirmsKeepAlive = false
    var omitsBody = false
    var accepted: AcceptedHead?
    /// Bytes set aside with ``Admission/reserve(bodyBytes:)``.
    var reservedBytes = 0
}

// One request from its first byte to its answer.
extension HTTPConnection {
    /// - Returns: whether the parser is to see the bytes.
    func bytesArrived(_ count: Int) -> Bool {
        switch phase {
        case .idle:
            beginRequest()
            return true
        case .lingering, .closed:
            discarded += count
            if discarded > server.limits.lingeringBytes { context?.close(promise: nil) }
            return false
        default: return true
        }
    }

    private func beginRequest() {
        phase = .head
        exchange = Exchange()
        exchange.startedAt = .now()
        timer?.expire(at: exchange.startedAt + server.deadlines.headers)
    }

    func headArrived(_ head: HTTPRequestHead) {
        guard phase == .idle || phase == .head else { return }
        // A pipelined request was there before anyone looked.
        if phase == .idle { beginRequest() }
        let fields = HeadFields(head.headers)
        identify(fields)
        // The parser stops behind a request that asks for another protocol.
        exchange.closes = !head.isKeepAlive || fields.wantsUpgrade || head.method == .CONNECT
        exchange.confirmsKeepAlive = head.version == .http1_0
        exchange.omitsBody = head.method == .HEAD
        switch server.check.verdict(on: head, fields: fields) {
        case .accepted(let accepted):
            failedTokens = 0
            accept(accepted)
        case .refused(let error, let closes):
            failedTokens = error.kind == .unauthorized ? failedTokens + 1 : failedTokens
            let isGuessing = failedTokens >= server.limits.failedTokens
            refuse(error, closes: closes || isGuessing || !server.check.canDiscardBody(fields))
        }
    }

    private func identify(_ fields: HeadFields) {
        if let id = fields.requestID, fields.requestIDs == 1, RequestID.accepted(id) {
            exchange.requestID = id
        } else {
            exchange.requestID = requestIDs.next()
        }
    }

    private func accept(_ head: AcceptedHead) {
        let expected = head.contentLength ?? head.bodyLimit
        if expected > server.limits.reservedBody {
            guard server.admission.reserve(bodyBytes: expected) else { return refuse(.overloaded(), closes: true) }
            exchange.reservedBytes = expected
        }
        exchange.accepted = head
        phase = .body
        timer?.expire(at: exchange.startedAt + server.deadlines.request)
        if head.expectsContinue {
            write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))
            flush()
        }
    }

    func bodyArrived(_ part: ByteBuffer) {
        switch phase {
        case .body:
            guard let head = exchange.accepted else { return }
            let count = body.readableBytes + part.readableBytes
            guard count <= head.bodyLimit else { return refuse(.bodyTooLarge, closes: true) }
            if body.readableBytes == 0 {
                body = part
            } else {
                if let length = head.contentLength { body.reserveCapacity(length) }
                body.writeImmutableBuffer(part)
            }
        case .discarding:
            discarded += part.readableBytes
            if discarded > server.limits.discardedBody { linger() }
        default: return
        }
    }

    func endArrived() {
        switch phase {
        case .body: answer()
        case .discarding: becomeIdle()
        default: return
        }
    }

    func malformed(_ error: HTTPParserError) {
        switch phase {
        case .idle, .head:
            if phase == .idle { beginRequest() }
            exchange.requestID = requestIDs.next()
            fallthrough
        case .body:
            server.logger.debug("malformed request", metadata: ["error": "\(error)"])
            let isTooLarge = error == .headerOverflow
            refuse(isTooLarge ? .headersTooLarge : .badRequest("malformed HTTP"), closes: true)
        case .discarding: linger()
        default: return
        }
    }

    // MARK: Answering

    private func answer() {
        guard let head = exchange.accepted, !becomesSocket(head) else { return }
        timer?.expire(at: .distantFuture)
        setAsideOnlyBody()
        guard !room.admits(head.route.load) else { return run(head) }
        phase = .waiting
        room.wait(self, head.route.load)
    }

    /// There is room for the request that has waited, and it is counted.
    func roomCame() {
        guard let head = exchange.accepted else { return }
        run(head)
    }

    func noRoomCame() {
        phase = .answering
        finish(.failure(.overloaded()))
    }

    /// Answers a request that has been let in.
    private func run(_ head: AcceptedHead) {
        phase = .answering
        let request = Request(
            pathArgument: head.pathArgument, query: head.query, caller: head.caller, ifNoneMatch: head.ifNoneMatch,
            lastEventID: head.lastEventID, traceparent: head.traceparent, upgradeFault: head.upgradeFault, body: body)
        body = ByteBuffer()
        let connection = NIOLoopBound(self, eventLoop: loop.executor.eventLoop)
        let route = head.route
        let admission = server.admission
        let requestID = exchange.requestID
        Task.immediate(executorPreference: loop.executor) {
            let answer = await RequestScope.$id.withValue(requestID) { await route.answer(to: request) }
            admission.leave()
            guard let live = answer.live else { return connection.value.finish(answer) }
            connection.value.beginLive(answer, live)
            await live.run(LiveWriter(connection: connection))
            connection.value.endLive()
        }
    }

    /// Writes the answer of a complete request. Does nothing when the peer has gone.
    private func finish(_ answer: Answer) {
        releaseBody()
        guard phase == .answering, let context else { return }
        note(answer)
        if isQuiescing || server.drain.isDraining { exchange.closes = true }
        if exchange.closes { return sendLast(answer) }
        send(answer)
        if !context.channel.isWritable {
            flush()
            guard context.channel.isWritable else {
                phase = .writing
                holdAnswer(answer.body.count)
                timer?.expire(at: .now() + server.deadlines.answer)
                return
            }
        }
        becomeIdle()
    }

    /// Answers before the request has been read to its end.
    private func refuse(_ error: APIError, closes: Bool) {
        releaseBody()
        if closes || isQuiescing { exchange.closes = true }
        let answer = Answer.failure(error)
        note(answer)
        send(answer)
        guard !exchange.closes else { return linger() }
        phase = .discarding
        discarded = 0
        timer?.expire(at: exchange.startedAt + server.deadlines.request)
        flushUnlessReading()
    }

    /// A slow reader has as long for its last answer as for any other: only then the connection ends.
    private func sendLast(_ answer: Answer) {
        guard let context else { return }
        phase = .writing
        holdAnswer(answer.body.count)
        timer?.expire(at: .now() + server.deadlines.answer)
        let taken = context.eventLoop.makePromise(of: Void.self)
        taken.futureResult.assumeIsolated().whenComplete { _ in
            self.releaseAnswer()
            if self.phase == .writing { self.linger() }
        }
        send(answer, promise: taken)
        flush()
    }

    func send(_ answer: Answer, promise: EventLoopPromise<Void>? = nil) {
        guard let context else { return }
        var buffer = context.channel.allocator.buffer(capacity: 320 + answer.body.count)
        let framing = AnswerFraming(
            requestID: exchange.requestID, closes: exchange.closes, confirmsKeepAlive: exchange.confirmsKeepAlive,
            omitsBody: exchange.omitsBody)
        answer.write(into: &buffer, framing: framing, date: loop.date.value.current())
        write(buffer, promise: promise)
    }

    /// Closes our direction and waits for the peer's, so that the answer is not lost to a reset.
    func linger() {
        guard let context, phase != .closed else { return }
        phase = .lingering
        discarded = 0
        flush()
        timer?.expire(at: .now() + server.deadlines.linger)
        context.close(mode: .output, promise: nil)
        resumeReading()
    }

    private func holdAnswer(_ count: Int) {
        unsentBytes = count
        server.admission.hold(answerBytes: count)
    }

    func releaseAnswer() {
        server.admission.release(answerBytes: unsentBytes)
        unsentBytes = 0
    }

    /// How long a body is that came in pieces is known at its end.
    private func setAsideOnlyBody() {
        let spare = exchange.reservedBytes - body.readableBytes
        guard spare > 0 else { return }
        server.admission.release(bodyBytes: spare)
        exchange.reservedBytes -= spare
    }

    func releaseBody() {
        body = ByteBuffer()
        if exchange.reservedBytes > 0 {
            server.admission.release(bodyBytes: exchange.reservedBytes)
            exchange.reservedBytes = 0
        }
    }

    func deadlinePassed() {
        switch phase {
        case .head, .body:
            if exchange.requestID.isEmpty { exchange.requestID = requestIDs.next() }
            refuse(.timeout, closes: true)
        case .discarding: linger()
        case .idle, .waiting, .answering, .writing, .streaming, .lingering: context?.close(promise: nil)
        case .closed: return
        }
    }

    /// Counts an answer, and logs what is to be said of it.
    func note(_ answer: Answer) {
        server.metrics.answered(answer.status, route: exchange.accepted?.route.index, since: exchange.startedAt)
        if let cause = answer.cause {
            // What the store cannot do right now its own connections tell; here it would come once a request.
            server.logger.log(
                level: answer.isDefect ? .error : .debug, "request failed",
                metadata: ["request_id": "\(exchange.requestID)", "error": "\(cause)"])
        }
        guard server.logger.logLevel <= .debug else { return }
        server.logger.debug(
            "request answered",
            metadata: [
                "request_id": "\(exchange.requestID)", "status": "\(answer.status)",
                "path": "\(exchange.accepted?.route.path ?? "-")",
                "caller": "\(exchange.accepted?.caller?.name ?? "-")",
                "duration_us": "\((NIODeadline.now() - exchange.startedAt).nanoseconds / 1_000)",
            ])
    }
}
