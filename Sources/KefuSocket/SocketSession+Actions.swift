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
        var timer: Scheduled<Void>
        /// Called once.
        var done: (AskOutcome) -> Void
        /// Until it can be written: the frame, and whether it still may.
        var unsent: (frame: [UInt8], maySend: @Sendable () -> Bool)?
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

    mutating func answered(_ answer: ActionAnswer) { end(answer.id, .answered(answer)) }

    /// - Parameter outcome: of what was written; what was not is ``AskOutcome/notSent``.
    mutating func end(_ id: String, _ outcome: AskOutcome) {
        guard let ask = asks.removeValue(forKey: id) else { return }  // An answer too late, or to nobody's question.
        ask.timer.cancel()
        ask.done(ask.unsent == nil ? outcome : .notSent)
    }

    mutating func failAll() {
        waiting.removeAll()
        for id in Array(asks.keys) { end(id, .lost) }
    }
}

// Actions: frames that ask the peer for something, and wait for the frame that answers them.
extension SocketSession {
    /// Writes an action frame as soon as the channel has room, and hears what came of it. On the event loop.
    ///
    /// - Parameters:
    ///   - maySend: asked right before the frame is written.
    ///   - done: called once, on the event loop.
    package func ask(
        _ frame: [UInt8], id: String, within limit: Duration, maySend: @escaping @Sendable () -> Bool,
        then done: @escaping (AskOutcome) -> Void
    ) {
        guard phase == .open, let eventLoop else { return done(.notSent) }
        let timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) { [weak self] in
            _ = self?.asks.end(id, .timedOut)
        }
        asks.insert(AskList.Ask(timer: timer, done: done, unsent: (frame, maySend)), id: id)
        sendWaitingAsks()
    }

    /// Nobody waits for this answer any more.
    package func forget(_ id: String) { asks.end(id, .lost) }

    func sendWaitingAsks() {
        while phase == .open, context?.channel.isWritable == true, let (id, frame, maySend) = asks.nextUnsent() {
            if maySend() { write(.text, frame) } else { asks.end(id, .notSent) }
        }
        if !isReading { flush() }
    }
}
