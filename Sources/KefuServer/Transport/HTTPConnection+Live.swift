import NIOCore

/// What an answer that goes on needs of its connection.
struct LiveState {
    var body: LiveBody
    /// HTTP/1.0 knows no chunks: there the end of the connection is the end of the answer.
    var isChunked: Bool
    /// Who waits for the reader.
    var waiter: CheckedContinuation<Bool, Never>?
}

// An answer that goes on: its head, its parts, its end. The connection closes behind it.
extension HTTPConnection {
    enum LiveWrite {
        case sent
        /// It is on its way, and nothing more fits into the channel's buffer.
        case full
        case gone
    }

    func beginLive(_ answer: Answer, _ body: LiveBody) {
        releaseBody()
        guard phase == .answering, context != nil else { return body.end(.gone) }
        note(answer)
        exchange.closes = true
        phase = .streaming
        live = LiveState(body: body, isChunked: !exchange.confirmsKeepAlive)
        send(answer)
        flush()
        if exchange.omitsBody { body.end(.gone) } else if isQuiescing { closeLive() }
        resumeReading()
    }

    func writeLive(_ part: ByteBuffer) -> LiveWrite {
        guard phase == .streaming, let context, let live, !exchange.omitsBody else { return .gone }
        guard part.readableBytes > 0 else { return .sent }
        if live.isChunked {
            // RFC 9112, section 7.1.
            write(ByteBuffer(string: String(part.readableBytes, radix: 16) + "\r\n"))
            write(part)
            write(ByteBuffer(staticString: "\r\n"))
        } else {
            write(part)
        }
        flush()
        return context.channel.isWritable ? .sent : .full
    }

    /// The waiter is told when more fits, or that nobody reads any more.
    func waitForReader(_ waiter: CheckedContinuation<Bool, Never>) {
        guard phase == .streaming, let context else { return waiter.resume(returning: false) }
        guard !context.channel.isWritable else { return waiter.resume(returning: true) }
        timer?.expire(at: .now() + (isQuiescing ? server.deadlines.linger : server.deadlines.answer))
        live?.waiter = waiter
    }

    func readerTookMore() {
        guard let waiter = live?.waiter else { return }
        live?.waiter = nil
        if !isQuiescing { timer?.expire(at: .distantFuture) }
        waiter.resume(returning: true)
    }

    /// The server stops: whoever does not take what is left at once is cut.
    func closeLive() {
        live?.body.end(.closing)
        timer?.expire(at: .now() + server.deadlines.linger)
    }

    /// The connection has gone.
    func loseLive() {
        guard let lost = live else { return }
        live = nil
        lost.body.end(.gone)
        lost.waiter?.resume(returning: false)
    }

    /// The body is complete.
    func endLive() {
        guard phase == .streaming, let context else { return }
        if live?.isChunked == true, !exchange.omitsBody { write(ByteBuffer(staticString: "0\r\n\r\n")) }
        live = nil
        phase = .writing
        timer?.expire(at: .now() + (isQuiescing ? server.deadlines.linger : server.deadlines.answer))
        let taken = context.eventLoop.makePromise(of: Void.self)
        taken.futureResult.assumeIsolated().whenComplete { _ in
            if self.phase == .writing { self.linger() }
        }
        write(ByteBuffer(), promise: taken)
        flush()
    }
}
