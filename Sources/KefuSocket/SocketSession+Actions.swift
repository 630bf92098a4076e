import KefuCore
import NIOCore

/// What became of an action frame.
package enum AskOutcome: Sendable {
    case answered(ActionAnswer)
    /// Sent, but no answer came in time.
    case timedOut
    /// Sent, but the connection ended before an answer came.
    case lost
    /// Nothing was written.
    case notSent
}

/// The action frames under way on one connection. Belongs to its event loop.
struct AskList {
    struct Ask {
        let limit: TimeAmount
        /// Called once.
        let done: (AskOutcome) -> Void
        /// Until it can be written: the frame, and whether it still may.
        var unsent: (frame: [UInt8], maySend: @Sendable () -> Bool)?
        var timer: Scheduled<Void>?
        /// When its time is over, unless the connection is deaf meanwhile.
        var endsAt = NIODeadline.distantFuture
    }

    private var asks: [String: Ask] = [:]
    /// Those that the channel had no room for, in order.
    private var waiting = CircularBuffer<String>(initialCapacity: 0)

    mutating func insert(_ ask: Ask, id: String) {
        asks[id] = ask
        waiting.append(id)
    }

    /// The next to be written.
    mutating func nextUnsent() -> (id: String, frame: [UInt8], maySend: @Sendable () -> Bool)? {
        while let id = waiting.popFirst() {
            guard let unsent = asks[id]?.unsent else { continue }  // It has ended meanwhile.
            asks[id]?.unsent = nil
            return (id, unsent.frame, unsent.maySend)
        }
        return nil
    }

    subscript(id: String) -> Ask? {
        get { asks[id] }
        set { asks[id] = newValue }
    }

    mutating func answered(_ answer: ActionAnswer) { end(answer.id, .answered(answer)) }

    /// - Parameter outcome: of what was written; what was not is ``AskOutcome/notSent``.
    mutating func end(_ id: String, _ outcome: AskOutcome) {
        guard let ask = asks.removeValue(forKey: id) else { return }  // An answer too late, or to nobody's question.
        ask.timer?.cancel()
        ask.done(ask.unsent == nil ? outcome : .notSent)
    }

    mutating func failAll() {
        waiting.removeAll()
        for id in Array(asks.keys) { end(id, .lost) }
    }
}

// Actions: frames that ask the peer for something, and wait for the frame that answers them.
extension SocketSession {
    /// Writes an action frame as soon as the channel has room and answers are heard, and hears what came of it. On the
    /// event loop.
    ///
    /// - Parameters:
    ///   - limit: for the writing, and then for the answer. It begins anew when the connection was deaf meanwhile: the
    ///     answer may stand behind much else. At most ``SocketLimits/longestDeafness`` comes on top.
    ///   - maySend: asked right before the frame is written.
    ///   - done: called once, on the event loop.
    package func ask(
        _ frame: [UInt8], id: String, within limit: Duration, maySend: @escaping @Sendable () -> Bool,
        then done: @escaping (AskOutcome) -> Void
    ) {
        guard phase == .open, eventLoop != nil else { return done(.notSent) }
        asks.insert(AskList.Ask(limit: TimeAmount(limit), done: done, unsent: (frame, maySend)), id: id)
        sendWaitingAsks()
        if asks[id]?.unsent != nil { startTime(of: id) }
    }

    /// Nobody waits for this answer any more.
    package func forget(_ id: String) { asks.end(id, .lost) }

    func sendWaitingAsks() {
        while phase == .open, !deafness.isNow, context?.channel.isWritable == true,
            let (id, frame, maySend) = asks.nextUnsent()
        {
            if maySend() {
                write(.text, frame)
                startTime(of: id)
            } else {
                asks.end(id, .notSent)
            }
        }
        if !isReading { flush() }
    }

    /// From now on; what it waited before does not count.
    private func startTime(of id: String) {
        guard let limit = asks[id]?.limit else { return }
        asks[id]?.endsAt = now + limit
        setTimer(of: id, to: now + limit)
    }

    private func setTimer(of id: String, to time: NIODeadline) {
        guard let eventLoop else { return }
        asks[id]?.timer?.cancel()
        asks[id]?.timer = eventLoop.assumeIsolated().scheduleTask(deadline: time) { [weak self] in
            self?.timePassed(id)
        }
    }

    /// Who could not be heard is not silent: the peer may have done it, and said so.
    private func timePassed(_ id: String) {
        guard let ask = asks[id] else { return }
        let last = ask.endsAt + TimeAmount(limits.longestDeafness)
        let end = min(max(ask.endsAt, deafness.heardSince(at: now) + ask.limit), last)
        guard ask.unsent == nil, end > now else { return asks.end(id, .timedOut) }
        setTimer(of: id, to: end)
    }
}
