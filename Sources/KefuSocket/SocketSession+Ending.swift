import NIOCore

// How a connection ends: in order, at once, or because its peer is silent.
extension SocketSession {
    /// Ends the connection when what was read has been applied. On its event loop.
    ///
    /// - Parameter close: what the peer is told; nil when it has gone.
    package func finish(_ close: SocketClose?) {
        guard phase == .open else { return }
        phase = .finishing(close)
        endsBy = now + TimeAmount(limits.finishDeadline)
        if ending == nil { ending = close }
        tellStanding()
        asks.failAll()
        startBatch()
        if !isTaking, pending.isEmpty { sendClose(close) }
    }

    /// Ends the connection at once, without a word, and forgets what was not applied. On its event loop.
    package func drop() {
        presence.end()
        pending.removeAll()
        pendingEvents = 0
        pendingBytes = 0
        if phase != .closed {
            // Before the channel closes, which over TLS takes a while.
            phase = .dropped
            endsBy = .distantFuture
            tellStanding()
            asks.failAll()
        }
        settleMemory()
        resumeReading()
        context?.close(promise: nil)
        finishIfIdle()
    }

    func sendClose(_ close: SocketClose?) {
        guard let context, case .finishing = phase else { return }
        guard let close else { return context.close(promise: nil) }
        var buffer = context.channel.allocator.buffer(capacity: 160)
        buffer.writeFrame(close, as: role)
        phase = .closing
        endsBy = now + TimeAmount(limits.lingerDeadline)
        let written = context.eventLoop.makePromise(of: Void.self)
        if peerClosed, role == .server {
            // Both have said it: the server closes.
            written.futureResult.assumeIsolated().whenComplete { _ in self.context?.close(promise: nil) }
        }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: written)
        resumeReading()
    }

    func finishIfIdle() {
        guard phase == .closed, !isTaking, pending.isEmpty else { return }
        endPromise?.succeed(ending)
    }

    // MARK: Time

    func scheduleLook() {
        guard let eventLoop, phase != .closed else { return }
        look = eventLoop.assumeIsolated().scheduleTask(in: limits.look) { [weak self] in
            guard let self else { return }
            lookAtTime(now)
            scheduleLook()
        }
    }

    private func lookAtTime(_ now: NIODeadline) {
        guard now < endsBy else { return drop() }
        guard phase == .open else { return }
        tellStanding()
        if now >= beatAt, let beat = dialect.heartbeat {
            beatAt = now + TimeAmount(beat.every)
            write(.text, beat.frame)
            flush()
        }
        if let stuckSince {
            if now - stuckSince > TimeAmount(limits.answerDeadline) { lose("does not take its answers") }
        } else if !mayRead {
            heardAt = now  // It cannot be heard.
            pingedAt = nil
        } else if let pingedAt {
            if now - pingedAt > TimeAmount(limits.ping) { lose("does not answer pings") }
        } else if now - heardAt >= TimeAmount(limits.ping) {
            pingedAt = now
            write(.ping, [])
            flush()
        }
    }

    private func lose(_ reason: String) {
        logger.debug("socket given up", metadata: ["reason": "\(reason)"])
        ending = SocketClose(1006, reason)
        // What was read is applied all the same.
        context?.close(promise: nil)
    }
}
