import NIOCore

/// Lets the connections of one event loop give their batches to the store a few at a time, first come, first served.
/// Whoever waits reads no more, so hundreds of connections that never stop sending cost no more than a few: the loop
/// stays free for everybody else, and what others ask the store does not stand behind thousands of events.
///
/// Belongs to its event loop.
package final class SocketTurns {
    private let eventLoop: any EventLoop
    private var free: Int
    private var waiting = CircularBuffer<SocketSession>(initialCapacity: 0)

    /// - Parameter places: how many batches may be with the store at once.
    package init(places: Int, on eventLoop: any EventLoop) {
        free = places
        self.eventLoop = eventLoop
    }

    /// Whether it is the connection's turn, which ends with ``pass()``; else ``SocketSession/turnCame()`` is called
    /// when it is.
    func ask(for session: SocketSession) -> Bool {
        guard free == 0 else {
            free -= 1
            return true
        }
        waiting.append(session)
        return false
    }

    func pass() {
        guard let next = waiting.popFirst() else {
            free += 1
            return
        }
        // Not in place: a batch may end at once, and the next, and the next.
        eventLoop.assumeIsolated().execute { next.turnCame() }
    }
}
